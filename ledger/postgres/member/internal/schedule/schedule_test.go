package schedule_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/ledger/postgres/member/internal/schedule"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// The clock finds the distance of two clocks to half of the shortest round trip, however far apart they are, and follows a clock
// that is set.
func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c schedule.Clock
		now := noon
		milli := func(name string, least, most int) time.Duration {
			return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Millisecond
		}
		distance := milli("distance", -4e6, 4e6)
		shortest := time.Hour
		for range rapid.IntRange(1, 20).Draw(t, "exchanges") {
			if rapid.IntRange(0, 9).Draw(t, "set") == 0 {
				distance += time.Hour
				shortest = time.Hour
			}
			there, back := milli("there", 0, 40), milli("back", 1, 40)
			c.Sample(now, now.Add(there+back), now.Add(there+distance))
			now = now.Add(there + back + milli("between", 0, 250))
			shortest = min(shortest, there+back)
			if off := c.Local(now.Add(distance)).Sub(now).Abs(); off > shortest/2+20*time.Millisecond {
				t.Fatalf("wrong by %v after a round trip of %v", off, shortest)
			}
		}
	})
}

// Slots are used from their time on, in order, each once. Those that were not used within the tolerance are discarded.
func TestSlots(t *testing.T) {
	var s schedule.Slots
	s.Limit(30 * time.Millisecond)
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	s.Add(at(100), 0.010, 5) // 100, 110, … 140
	s.Add(at(300), 0.100, 2) // 300, 400
	for _, step := range []struct {
		ms   int
		wait int // milliseconds; -1: none is left
		ok   bool
	}{
		{50, 50, false},
		{100, 0, true},
		{100, 10, false},
		{125, 0, true}, // that of 110
		{125, 0, true}, // 120
		{125, 5, false},
		{165, 0, true}, // 130 was discarded, this is 140
		{165, 135, false},
		{340, 60, false}, // 300 was discarded
		{431, -1, false},
	} {
		wait, ok := s.Take(at(step.ms))
		if step.wait < 0 && (ok || wait != 0) || step.wait >= 0 && (ok != step.ok || wait != time.Duration(step.wait)*time.Millisecond) {
			t.Errorf("at %d ms: %v, %v", step.ms, wait, ok)
		}
	}
}

// However calls come and wake, no span has more slots used than the schedule has in it, with the tolerance.
func TestSlotsKeepTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s schedule.Slots
		const every, tolerance = 10 * time.Millisecond, 50 * time.Millisecond
		s.Limit(tolerance)
		now, next := noon, noon
		var used []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				if next.Before(now) {
					next = now
				}
				n := s.Demand(now, 100*time.Millisecond)
				s.Add(next, every.Seconds(), n)
				next = next.Add(time.Duration(n) * every)
			case 1:
				now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "sleep")) * time.Millisecond)
			default:
				wait, ok := s.Take(now)
				if ok {
					used = append(used, now)
				}
				now = now.Add(wait)
			}
		}
		for i := range used {
			for j := i; j < len(used); j++ {
				span := used[j].Sub(used[i])
				if n := j - i + 1; n > int((span+tolerance)/every)+1 {
					t.Fatalf("%d calls in %v", n, span)
				}
			}
		}
	})
}

// A run that does not use slots takes none, and one that lacks some takes more.
func TestDemand(t *testing.T) {
	var s schedule.Slots
	s.Limit(time.Second)
	if n := s.Demand(noon, time.Second); n != 0 {
		t.Errorf("a run without calls takes %d slots", n)
	}
	s.Take(noon)
	if n := s.Demand(noon, time.Second); n != 4 || !func() bool { s.Take(noon); return s.IsShort() }() {
		t.Errorf("a run that found no slot takes %d", n)
	}
	s.Add(noon, 0.001, 100)
	for range 40 {
		s.Take(noon.Add(time.Second))
	}
	if n := s.Demand(noon.Add(time.Second), time.Second); n != 2*40 {
		t.Errorf("a run that used 40, with 60 in hand that expire, takes %d", n)
	}
	s.Add(noon.Add(time.Second), 0.001, 80)
	for range 40 {
		s.Take(noon.Add(2 * time.Second))
	}
	if n := s.Demand(noon.Add(2*time.Second), time.Second); n != 50 {
		t.Errorf("a run that used 40 of 80, of which the others expire, takes %d", n)
	}
	for range 20 {
		s.Take(noon.Add(2 * time.Second))
	}
	if n := s.Demand(noon.Add(2500*time.Millisecond), time.Second); n != 50 {
		t.Errorf("a run that used 20 in half of the time takes %d", n)
	}
	s.Add(noon.Add(3*time.Second), 0.4, 10)
	s.Take(noon.Add(3 * time.Second))
	s.Demand(noon.Add(3*time.Second), time.Second)
	s.Take(noon.Add(3400 * time.Millisecond))
	if n := s.Demand(noon.Add(3401*time.Millisecond), time.Second); n != 0 {
		t.Errorf("a run that has more than the schedule has in the time takes %d", n)
	}
	s.Limit(-1)
	if _, ok := s.Take(noon); !ok || s.IsLimited() {
		t.Error("without a rate a call waits")
	}
}

// A rate of a thousand million calls a second does not divide by zero, and does not take long.
func TestAHighRate(t *testing.T) {
	var s schedule.Slots
	s.Limit(time.Millisecond)
	s.Add(noon, 1e-9, 1e9)
	if _, ok := s.Take(noon.Add(time.Second)); !ok {
		t.Error("no slot is left")
	}
	if at, ok := s.Next(noon.Add(time.Second)); !ok || at.Before(noon.Add(999*time.Millisecond)) {
		t.Errorf("the next is at %v, %v", at, ok)
	}
}

// With a high rate all slots that a run takes are close together, and expire together. It takes others before they do.
func TestDemandBeforeSlotsExpire(t *testing.T) {
	var s schedule.Slots
	const regular = 250 * time.Millisecond
	if at, ok := s.Expire(); ok {
		t.Errorf("without slots, some expire at %v", at)
	}
	s.Limit(regular)
	s.Add(noon, 1e-6, 100)
	if at, ok := s.Expire(); !ok || at != noon.Add(regular+99*time.Microsecond) {
		t.Errorf("they expire at %v, %v", at, ok)
	}
	for range 80 {
		s.Take(noon.Add(200 * time.Millisecond))
	}
	if n := s.Demand(noon.Add(regular), regular); n != 100 {
		t.Errorf("a run that used 80, and has 20 that expire, takes %d", n)
	}
	s.Add(noon.Add(regular), 0.01, 30) // until 540 ms
	for range 8 {
		s.Take(noon.Add(2 * regular))
	}
	if n := s.Demand(noon.Add(2*regular), regular); n != 0 {
		t.Errorf("a run that used 8, and has 22 until they are due, takes %d", n)
	}
}
