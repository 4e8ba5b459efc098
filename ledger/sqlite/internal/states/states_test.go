package states_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/states"
)

// keys makes the keys of a contact; two contacts share an address.
func keys(n int) (k contact.Keys) {
	binary.BigEndian.PutUint64(k.Request[:], rand.New(rand.NewPCG(1, uint64(n))).Uint64())
	binary.BigEndian.PutUint64(k.Request[8:], uint64(n))
	binary.BigEndian.PutUint64(k.Email[:], rand.New(rand.NewPCG(2, uint64(n/2))).Uint64())
	return k
}

func stateOf(t *states.Table, k contact.Keys) ledger.State {
	var s [1]ledger.State
	t.States([]contact.Keys{k}, s[:])
	return s[0]
}

// heap returns the memory in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAContactTakesAtMost32BytesWhileTheTableGrows(t *testing.T) {
	const n, fixed = 600_000, 4096 * (16*24 + 128) // each shard has an unfilled block
	before := heap()
	var table states.Table
	for i := range n {
		table.Load(keys(i), contact.Matched, ledger.Ref(i+1), 0, false)
		if i%100_000 == 99_999 {
			if bytes := heap() - before; bytes > 32*int64(i+1)+fixed {
				t.Errorf("%d contacts take %d bytes", i+1, bytes)
			}
		}
	}
	if table.Answers() != n {
		t.Errorf("%d answers", table.Answers())
	}
}

// TestStatesFollowTheRules compares a table with a list of what happened.
func TestStatesFollowTheRules(t *testing.T) {
	const contacts = 40
	rapid.Check(t, func(t *rapid.T) {
		table := states.Table{ByEmail: rapid.Bool().Draw(t, "by email")}
		expected := map[contact.Key]ledger.State{}
		answered := map[contact.Key]bool{}
		ref := ledger.Ref(-3) // a reader's first
		for range rapid.IntRange(1, 200).Draw(t, "outcomes") {
			k := keys(rapid.IntRange(0, contacts-1).Draw(t, "contact"))
			kind := contact.Kind(rapid.IntRange(1, 5).Draw(t, "kind"))
			at := time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(t, "at")).UTC()
			ref++
			current := rapid.Bool().Draw(t, "this run")
			if current {
				table.Record([]contact.Outcome{{Keys: k, Kind: kind, At: at}}, ref, true, false)
			} else {
				table.Load(k, kind, ref, at.UnixMilli(), false)
			}
			s := expected[k.By(table.ByEmail)]
			lost := s.Lost
			if kind == contact.Lost {
				lost = min(lost+1, 15)
			}
			switch {
			case kind.Answered():
				s.Kind, s.Ref, s.At, s.Lost = kind, ref, at, 0
				answered[k.By(table.ByEmail)] = true
			case s.Kind.Answered():
				s.Lost = lost
			default:
				s.Kind, s.Ref, s.At, s.Lost = kind, ref, at, lost
			}
			s.DoneThisRun = s.DoneThisRun || current
			expected[k.By(table.ByEmail)] = s
		}
		for n := range contacts {
			k := keys(n)
			s := expected[k.By(table.ByEmail)]
			if got := stateOf(&table, k); got != s {
				t.Fatalf("contact %d: %+v, expected %+v", n, got, s)
			}
		}
		if table.Answers() != int64(len(answered)) {
			t.Fatalf("%d answers, expected %d", table.Answers(), len(answered))
		}
	})
}

// TestAContactIsInAJobUntilItHasLeftAllOfThem: two requests may be one contact, and each may be in a job.
func TestAContactIsInAJobUntilItHasLeftAllOfThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := states.Table{ByEmail: true}
		in := map[contact.Key]int{}
		for ref := range rapid.IntRange(1, 100).Draw(t, "steps") {
			k := keys(rapid.IntRange(0, 5).Draw(t, "contact"))
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				table.EnterJob(k)
				in[k.Email]++
			case 1:
				if claimed := table.Claim(k); claimed != (in[k.Email] == 0) {
					t.Fatalf("claimed: %v, though it is in %d jobs", claimed, in[k.Email])
				} else if claimed {
					in[k.Email]++
				}
			case 2:
				if in[k.Email] > 0 {
					table.Record([]contact.Outcome{{Keys: k, Kind: contact.Lost}}, ledger.Ref(ref+1), true, true)
					in[k.Email]--
				}
			case 3: // alone, by a run that knows contacts by their request
				table.Record([]contact.Outcome{{Keys: k, Kind: contact.Matched}}, ledger.Ref(ref+1), false, false)
			}
			for n := range 6 {
				k := keys(n)
				if s := stateOf(&table, k); s.InJob != (in[k.Email] > 0) || table.InJob(k) != s.InJob {
					t.Fatalf("contact %d: %+v, though it is in %d jobs", n, s, in[k.Email])
				}
			}
		}
	})
}

// BenchmarkStates is what it costs to look up a contact, in batches as a run does, in tables that are larger than the CPU's caches.
func BenchmarkStates(b *testing.B) {
	const batch = 256
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var table states.Table
			all := make([]contact.Keys, n)
			for i := range all {
				all[i] = keys(i)
				table.Load(all[i], contact.Matched, ledger.Ref(i+1), 0, false)
			}
			var found [batch]ledger.State
			looked := 0
			for b.Loop() {
				if looked++; looked%batch == 0 {
					from := looked % (n - batch)
					table.States(all[from:from+batch], found[:])
				}
			}
		})
	}
}
