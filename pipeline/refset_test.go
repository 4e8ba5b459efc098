package pipeline

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

func TestARefSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s refSet
		model := map[uint64]bool{}
		ref := rapid.Custom(func(t *rapid.T) uint64 {
			n := uint64(rapid.SampledFrom([]int{0, 1, 31, 32, 4095, 1 << 39}).Draw(t, "n") + rapid.IntRange(0, 200).Draw(t, "more"))
			return uint64(rapid.IntRange(0, 3).Draw(t, "run"))<<40 | n
		})
		for range rapid.IntRange(0, 3000).Draw(t, "refs") {
			r := ref.Draw(t, "ref")
			if first := s.add(r); first == model[r] {
				t.Fatalf("%x: first %t", r, first)
			}
			model[r] = true
		}
	})
}

// The memory is bounded by the contacts of the run, whatever else the ledger contains.
func TestTheMemoryOfARefSet(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the memory of a large set, which the detector's own hides")
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, tt := range []struct {
		name string
		n    int
		ref  func(i int) uint64
		most float64 // bytes for each
	}{
		{"one run, dense", 1_000_000, func(i int) uint64 { return uint64(i + 1) }, 0.9},
		{"every fourth of 1,000 runs", 1_000_000, func(i int) uint64 { return uint64(i/1000)<<40 | uint64(i%1000)*4 }, 3.5},
		{"10,000 runs of 100M outcomes", 1_000_000, func(int) uint64 { return random.Uint64N(10_000)<<40 | random.Uint64N(100_000_000) }, 28},
		{"the same, after the tables have grown", 64 * 14_600, func(int) uint64 { return random.Uint64N(10_000)<<40 | random.Uint64N(100_000_000) }, 28},
		{"the first of a million runs", 1_000_000, func(i int) uint64 { return uint64(i) << 40 }, 28},
		{"few", 1000, func(i int) uint64 { return uint64(i) << 40 }, 32},
	} {
		before := heap()
		s := new(refSet)
		for i := range tt.n {
			s.add(tt.ref(i))
		}
		each := float64(heap()-before) / float64(tt.n)
		t.Logf("%s: %.1f bytes for each", tt.name, each)
		if each > tt.most {
			t.Errorf("%s: %.1f bytes for each, expected at most %.1f", tt.name, each, tt.most)
		}
		runtime.KeepAlive(s)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkRefSet(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	for name, ref := range map[string]func(i int) uint64{
		"dense":  func(i int) uint64 { return uint64(i) },
		"sparse": func(int) uint64 { return random.Uint64N(10_000)<<40 | random.Uint64N(100_000_000) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var s refSet
			for i := 0; b.Loop(); i++ {
				s.add(ref(i))
			}
		})
	}
}
