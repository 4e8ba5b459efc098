// Package observe decides whether another run is dead.
//
// A run that is alive changes its beat in the database all the time. An [Observer] reads the beats of the other runs and declares
// one dead if its beat did not change for as long as a call of that run may take and some patience, while the observer looked at
// it without interruption. Only the observer's own clock counts. So no clock that is wrong, and no outage of the database, makes
// a run look dead: in an outage the observer is interrupted too, and begins again.
package observe

import "time"

// Elapsed returns the time between two moments of this machine. The monotonic clock stops while a machine sleeps, and the other
// one may be set: the longer time counts.
func Elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// A Beat is what a run had written when it was read.
type Beat struct {
	Run, Beat int64
	// Timeout is how long a call of the run takes at most.
	Timeout time.Duration
}

// An Observer remembers since when each run's beat is unchanged.
type Observer struct {
	// Patience is how long a beat may be unchanged, besides the run's timeout.
	Patience time.Duration
	// MaxGap is how far apart two readings may be. After a longer time the observation begins again.
	MaxGap time.Duration

	last time.Time
	runs map[int64]*observation
}

type observation struct {
	beat  int64
	since time.Time // when the beat was first read; it was written before
	alive bool      // it has changed while it was observed
}

// Observe takes the beats of all other runs that are not known to have ended, and returns those that are dead. They were read
// between sent and received.
func (o *Observer) Observe(sent, received time.Time, beats []Beat) (dead []Beat) {
	if gap := Elapsed(o.last, received); gap > o.MaxGap && resetsAfterGap {
		for _, r := range o.runs {
			r.since = received
		}
	}
	o.last = received
	runs := make(map[int64]*observation, len(beats))
	for _, b := range beats {
		r := o.runs[b.Run]
		switch {
		case r == nil:
			r = &observation{beat: b.Beat, since: received}
		case r.beat != b.Beat:
			*r = observation{beat: b.Beat, since: received, alive: true}
		case sent.Sub(r.since) >= b.Timeout+o.Patience:
			dead = append(dead, b)
		}
		runs[b.Run] = r
	}
	o.runs = runs
	return dead
}

// SeenAlive reports whether a run's beat has changed while it was observed.
func (o *Observer) SeenAlive(run int64) bool { return o.runs[run] != nil && o.runs[run].alive }

// DeadAt returns when a run will be dead if its beat does not change; the zero time if it is not known.
func (o *Observer) DeadAt(b Beat) time.Time {
	if r := o.runs[b.Run]; r != nil {
		return r.since.Add(b.Timeout + o.Patience)
	}
	return time.Time{}
}
