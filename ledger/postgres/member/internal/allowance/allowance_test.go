package allowance_test

import (
	"testing"

	"pgregory.net/rapid"

	"enrich/ledger/postgres/member/internal/allowance"
)

// However runs take and return, whether replies are lost, and in whichever order they ask: together they never take more than the
// cap, and what is free is found in the end.
func TestPoolsKeepTheCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cap := int64(rapid.IntRange(0, 300).Draw(t, "cap"))
		unit := int64(rapid.IntRange(1, 3).Draw(t, "unit"))
		block := int64(rapid.IntRange(1, 64).Draw(t, "block"))
		pools := make([]allowance.Pool, rapid.IntRange(1, 4).Draw(t, "runs"))
		granted := make([]int64, len(pools)) // as the database knows
		for i := range pools {
			pools[i].Unit = unit
		}
		sum := func() (taken, all int64) {
			for i := range pools {
				taken += pools[i].Taken()
				all += granted[i]
			}
			return taken, all
		}
		exchange := func(i int, lost bool) {
			target := pools[i].Target(block, rapid.Float64Range(0, 2).Draw(t, "elapsed"))
			_, all := sum()
			if target > granted[i] {
				target = granted[i] + min(target-granted[i], max(0, cap-all))/unit*unit
			}
			all += target - granted[i]
			granted[i] = target
			if !lost {
				pools[i].Grant(granted[i], cap-all, int64(len(pools)))
			}
		}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			i := rapid.IntRange(0, len(pools)-1).Draw(t, "run")
			p := &pools[i]
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				exchange(i, rapid.Bool().Draw(t, "lost"))
			case 1:
				if p.Taken() > 0 {
					p.Return(unit)
				}
			default:
				p.Take(unit)
			}
			if taken, all := sum(); taken > cap || all > cap {
				t.Fatalf("%d taken and %d granted of %d", taken, all, cap)
			}
		}
		for range 2 { // each gives back what it does not need
			for i := range pools {
				exchange(i, false)
			}
		}
		pools[0].Need(unit)
		exchange(0, false)
		exchange(0, false)
		if taken, all := sum(); pools[0].Stock() < unit && cap-taken >= unit && all-taken < unit {
			t.Fatalf("%d of %d are taken, and no more is granted", taken, cap)
		}
	})
}

// A block is what is used between two exchanges, and smaller near the cap.
func TestBlocks(t *testing.T) {
	var p allowance.Pool
	if n := p.Target(64, 1); n != 0 {
		t.Errorf("the first exchange, before the room is known, asks for %d", n)
	}
	p.Grant(0, allowance.Unlimited, 3)
	if n := p.Target(64, 1); n != 64 {
		t.Errorf("asks for %d, expected a block", n)
	}
	p.Grant(64, allowance.Unlimited, 3)
	for p.Take(1) {
	}
	if !p.IsLow(64) {
		t.Error("an empty stock is not low")
	}
	if n := p.Target(64, 1); n != 64+128 {
		t.Errorf("asks for %d, expected twice what was used", n)
	}
	p.Grant(192, 200, 3)
	if n := p.Target(64, 1); n != 64+(200+128)/12 {
		t.Errorf("near the cap it asks for %d", n)
	}
	p.Grant(64, 0, 3)
	p.Need(5)
	if n := p.Target(64, 1); n != 64+5 {
		t.Errorf("at the cap it asks for %d", n)
	}
	p.Grant(69, allowance.Unlimited, 3)
	p.Hold(3)
	if p.Take(3) || !p.Take(2) {
		t.Error("what is held is taken")
	}
	p.Hold(0)
	p.Yield(true)
	p.Need(-5)
	if n := p.Target(64, 1); n != 66+2*2 {
		t.Errorf("while another run waits it asks for %d", n)
	}
	p.Yield(false)
	p.Grant(1000, allowance.Unlimited, 3)
	p.Take(100)
	if n := p.Target(64, 0.25); n != 166+2*400 {
		t.Errorf("after a quarter of the time it asks for %d", n)
	}
	if n := p.Final(); n != 166 || p.Take(1) {
		t.Errorf("at the end it keeps %d", n)
	}
}
