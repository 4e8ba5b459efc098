package states_test

import (
	"math/rand/v2"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/states"
)

// A loader makes the same states as Load, outcome by outcome: also for contacts that have several outcomes, in one batch and in
// several.
func TestLoaderMakesTheSameStates(t *testing.T) {
	for _, byEmail := range []bool{false, true} {
		const outcomes, contacts = 300_000, 100_000 // more than two batches
		one, other := states.Table{ByEmail: byEmail}, states.Table{ByEmail: byEmail}
		loader := one.Loader()
		random := rand.New(rand.NewPCG(3, 4))
		for i := range outcomes {
			k, kind, ms := keys(random.IntN(contacts)), contact.Kind(1+random.IntN(5)), random.Int64N(1<<41)
			loader.Add(k, kind, ledger.Ref(i+1), ms)
			other.Load(k, kind, ledger.Ref(i+1), ms, false)
		}
		loader.Flush()
		for n := range contacts {
			if got, expected := stateOf(&one, keys(n)), stateOf(&other, keys(n)); got != expected {
				t.Fatalf("contact %d: %+v, expected %+v", n, got, expected)
			}
		}
		if one.Answers() != other.Answers() || one.Answers() == 0 {
			t.Errorf("%d answers, expected %d", one.Answers(), other.Answers())
		}
		loader.Flush() // nothing is left
		if got := stateOf(&one, keys(0)); got != stateOf(&other, keys(0)) {
			t.Errorf("flushed twice: %+v", got)
		}
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
			loader.Flush()
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
