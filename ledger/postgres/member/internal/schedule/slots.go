package schedule

import (
	"math"
	"time"
)

// firstDemand is how many slots a machine takes when nothing is known of what it needs. The number doubles while they do not suffice.
const firstDemand = 4

// Slots are those that this machine has taken. The zero value does not limit.
type Slots struct {
	limited   bool
	tolerance time.Duration
	grants    []grant   // in the order of their times
	every     float64   // nanoseconds between the slots that were added last
	used      int64     // since the last Demand
	short     bool      // a call found no slot since the last Demand
	asked     time.Time // of the last Demand
	retry     time.Time
}

// A grant is n slots at equal distances.
type grant struct {
	first time.Time
	every float64 // nanoseconds; a slot of a high rate may be shorter than one
	n     int64
}

func (g *grant) at(i int64) time.Time {
	return g.first.Add(time.Duration(math.Ceil(float64(i) * g.every)))
}

// end is the time of the last slot.
func (g *grant) end() time.Time { return g.at(g.n - 1) }

// skip removes slots from the front.
func (g *grant) skip(n int64) { g.first, g.n = g.at(n), g.n-n }

// Limit sets how long after its time a slot may be used. Negative: calls are not limited, and need no slot.
func (s *Slots) Limit(tolerance time.Duration) {
	s.limited, s.tolerance = tolerance >= 0, tolerance
	if !s.limited {
		s.grants = nil
	}
}

// IsLimited reports whether calls need slots.
func (s *Slots) IsLimited() bool { return s.limited }

// IsShort reports whether a call found no slot since the last Demand.
func (s *Slots) IsShort() bool { return s.short }

// Add adds n slots, the first at a time and each of the others a number of seconds after the one before. They are after all that were added before.
func (s *Slots) Add(first time.Time, every float64, n int64) {
	if n > 0 {
		s.every = every * 1e9
		s.grants = append(s.grants, grant{first, s.every, n})
	}
}

// Postpone says that there is no slot to take before a time.
func (s *Slots) Postpone(until time.Time) { s.retry = until }

// Take uses a slot, or returns how long to wait for one. 0 and false: there is none, and one must be taken from the schedule.
func (s *Slots) Take(now time.Time) (wait time.Duration, ok bool) {
	if !s.limited {
		s.used++
		return 0, true
	}
	s.discard(now)
	if len(s.grants) == 0 {
		s.short = true
		return 0, false
	}
	g := &s.grants[0]
	if wait = g.first.Sub(now); wait > 0 {
		return wait, false
	}
	g.skip(1)
	s.used++
	return 0, true
}

// Next returns when the next slot is, if this machine has one.
func (s *Slots) Next(now time.Time) (at time.Time, ok bool) {
	s.discard(now)
	if len(s.grants) == 0 {
		return at, false
	}
	return s.grants[0].first, true
}

// Expire returns when the last slot that this machine has is of no use any more. Calls that are not limited need none, and none
// expires.
func (s *Slots) Expire() (at time.Time, ok bool) {
	if len(s.grants) == 0 {
		return at, false
	}
	return s.grants[len(s.grants)-1].end().Add(s.tolerance), true
}

// Retry returns when slots can be taken from the schedule again.
func (s *Slots) Retry() time.Time { return s.retry }

// discard removes slots that were not used in time.
func (s *Slots) discard(now time.Time) {
	oldest := now.Add(-s.tolerance)
	for len(s.grants) > 0 {
		g := &s.grants[0]
		if late := oldest.Sub(g.first); late > 0 && g.n > 0 {
			g.skip(min(g.n, int64(math.Ceil(float64(late)/g.every))))
		}
		if g.n > 0 {
			return
		}
		s.grants = s.grants[1:]
	}
}

// Demand returns how many slots to take from the schedule now, so that those in hand suffice until the next time that is asked
// regularly. A slot that is taken and not used is lost to the other machines, so it is hardly more than were used in that time, unless
// they did not suffice. If it is asked early, that is estimated; but it is never more than the schedule has in that time. Slots in hand
// that expire before the next time do not count: with a high rate all of them are close together.
func (s *Slots) Demand(now time.Time, regular time.Duration) int64 {
	used, short, since := s.used, s.short, now.Sub(s.asked)
	s.used, s.short, s.asked = 0, false, now
	if !s.limited && used == 0 {
		return 0
	}
	if since = max(since, regular/16); since < regular && s.every > 0 {
		estimate := min(float64(used)*float64(regular)/float64(since), float64(regular)/s.every)
		used = max(used, int64(estimate))
	}
	s.discard(now)
	want := used + used/4
	if short {
		want = max(firstDemand, 2*used)
	}
	for i := range s.grants {
		if g := &s.grants[i]; g.end().Add(s.tolerance).Sub(now) > regular {
			want -= g.n
		}
	}
	return max(0, want)
}
