package states_test

import (
	"math/rand/v2"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/states"
)

// A loader makes the same states as Load, outcome by outcome: if contacts have one outcome or many, in one batch or in several, in a
// table that is empty or not, and if so many outcomes are repeats that they are indexed meanwhile.
func TestLoaderMakesTheSameStates(t *testing.T) {
	for _, c := range []struct {
		name                       string
		byEmail                    bool
		before, outcomes, contacts int
	}{
		{"none", false, 0, 0, 100},
		{"one", false, 0, 1, 100},
		{"a batch", false, 0, 4096, 100_000},
		{"several outcomes of each", false, 1000, 300_000, 100_000},
		{"by email", true, 1000, 300_000, 100_000},
		{"repeats", false, 0, 400_000, 20_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			one, other := states.Table{ByEmail: c.byEmail}, states.Table{ByEmail: c.byEmail}
			random := rand.New(rand.NewPCG(3, 4))
			next := func(i int) (contact.Keys, contact.Kind, ledger.Ref, int64) {
				return keys(random.IntN(c.contacts)), contact.Kind(1 + random.IntN(5)), ledger.Ref(i + 1), random.Int64N(1 << 41)
			}
			for i := range c.before {
				k, kind, ref, ms := next(i)
				one.Load(k, kind, ref, ms, false)
				other.Load(k, kind, ref, ms, false)
			}
			loader := one.Loader()
			for i := range c.outcomes {
				k, kind, ref, ms := next(c.before + i)
				loader.Add(k, kind, ref, ms)
				other.Load(k, kind, ref, ms, false)
			}
			loader.Close()
			requireSame(t, &one, &other, c.contacts)
			// The table can grow as one that was not loaded.
			for i := range c.outcomes / 2 {
				one.Load(keys(c.contacts+i), contact.Lost, ledger.Ref(i+1), 1, false)
				other.Load(keys(c.contacts+i), contact.Lost, ledger.Ref(i+1), 1, false)
			}
			requireSame(t, &one, &other, c.contacts+c.outcomes/2)
		})
	}
}

// requireSame compares the states of so many contacts.
func requireSame(t *testing.T, one, other *states.Table, contacts int) {
	t.Helper()
	for n := range contacts {
		if got, expected := stateOf(one, keys(n)), stateOf(other, keys(n)); got != expected {
			t.Fatalf("contact %d: %+v, expected %+v", n, got, expected)
		}
	}
	if one.Answers() != other.Answers() {
		t.Errorf("%d answers, expected %d", one.Answers(), other.Answers())
	}
}

// While a table is loaded, a contact takes at most 32 bytes, however many outcomes it has: those that wait take a sixteenth of the
// contacts and a fixed number more.
func TestAContactTakesAtMost32BytesWhileItIsLoaded(t *testing.T) {
	const (
		contacts, outcomes = 300_000, 1_200_000
		fixed              = 4096*(16*24+128) + 3<<20           // a block of each shard, and the buffers
		waiting            = 26 * (contacts/16 + 1<<18 + 1<<16) // with the pointers to their blocks
	)
	for _, c := range []struct {
		name string
		of   func(outcome int) (contact int)
	}{
		{"one outcome each", func(i int) int { return i }},
		{"all of them, then all again", func(i int) int { return i % contacts }},
		{"each several times at once", func(i int) int { return i / (outcomes / contacts) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := heap()
			var table states.Table
			loader := table.Loader()
			known := 0
			for i := range outcomes {
				n := c.of(i)
				known = max(known, n+1)
				loader.Add(keys(n), contact.Matched, ledger.Ref(i+1), 0)
				if i%100_000 == 99_999 {
					if bytes := heap() - before; bytes > int64(32*known+fixed+waiting) {
						t.Errorf("%d outcomes of %d contacts take %d bytes", i+1, known, bytes)
					}
				}
			}
			loader.Close()
			if bytes := heap() - before; bytes > int64(32*known+fixed) {
				t.Errorf("loaded, %d contacts take %d bytes", known, bytes)
			}
			if table.Answers() != int64(known) {
				t.Errorf("%d answers, expected %d", table.Answers(), known)
			}
		})
	}
}

// BenchmarkLoad is what an outcome of another contact costs in a ledger of four million: with a loader, and one at a time.
func BenchmarkLoad(b *testing.B) {
	const n = 4_000_000
	all := make([]contact.Keys, n)
	for i := range all {
		all[i] = keys(i)
	}
	b.Run("loader", func(b *testing.B) {
		for b.Loop() {
			var table states.Table
			loader := table.Loader()
			for i := range all {
				loader.Add(all[i], contact.Matched, ledger.Ref(i+1), 0)
			}
			loader.Close()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/outcome")
	})
	b.Run("one at a time", func(b *testing.B) {
		for b.Loop() {
			var table states.Table
			for i := range all {
				table.Load(all[i], contact.Matched, ledger.Ref(i+1), 0, false)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/outcome")
	})
}
