package pipeline

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// A hashSet agrees with a map, also for hashes that share shards and slots.
func TestHashSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s hashSet
		expected := map[uint64]bool{}
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 3), rapid.Map(rapid.Uint64Range(0, 40), func(n uint64) uint64 { return ^(n << 8) }))
		for _, h := range rapid.SliceOfN(hash, 0, 300).Draw(t, "hashes") {
			if first := s.add(h); first == expected[max(h, 1)] {
				t.Fatalf("%x: first %t", h, first)
			}
			expected[max(h, 1)] = true
			if s.n != len(expected) {
				t.Fatalf("%d hashes, expected %d", s.n, len(expected))
			}
		}
	})
}

// The memory of a plan is bounded by what a contact takes.
func TestAHashTakesAtMost14Bytes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the memory of a large set, which the detector's own hides")
	}
	var s hashSet
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 1_000_000; n++ {
		if !s.add(random.Uint64()) {
			t.Fatalf("hash %d is not new", n)
		}
		if n < 100_000 || n%100_000 > 0 {
			continue
		}
		slots := 0
		for i := range s.shards {
			slots += len(s.shards[i].slots)
		}
		if 8*slots > 14*n {
			t.Errorf("%d hashes take %d bytes", n, 8*slots)
		}
	}
}
