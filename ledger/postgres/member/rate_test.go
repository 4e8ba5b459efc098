package member_test

import (
	"sync"
	"testing"
	"time"

	"enrich/ledger/postgres/member"
)

// A call began at some time between these. On a busy machine that may be long.
type call struct{ from, to time.Time }

// callAll makes calls with several members, several workers each, for some time. overslept are by how much each wait for a call was longer
// than it should be: on a busy machine.
func callAll(members []*member.Member, workers int, span time.Duration) (calls []call, overslept []time.Duration) {
	var mu sync.Mutex
	var tasks sync.WaitGroup
	end := time.Now().Add(span)
	for _, m := range members {
		limiter := m.Limiter()
		for range workers {
			tasks.Go(func() {
				for {
					from := time.Now()
					if !from.Before(end) {
						return
					}
					wait := min(limiter.Take(from), 50*time.Millisecond)
					time.Sleep(wait)
					to := time.Now()
					mu.Lock()
					if wait == 0 {
						calls = append(calls, call{from, to})
					} else {
						overslept = append(overslept, to.Sub(from)-wait)
					}
					mu.Unlock()
				}
			})
		}
	}
	tasks.Wait()
	return calls, overslept
}

// most returns the largest number of calls that were certainly in any span of a length.
func most(calls []call, span time.Duration) (n int) {
	for _, first := range calls {
		within := 0
		for _, c := range calls {
			if !c.from.Before(first.from) && c.to.Sub(first.from) < span {
				within++
			}
		}
		n = max(n, within)
	}
	return n
}

// A callTest makes calls for a time.
type callTest struct {
	workers int // of each member
	span    time.Duration
	per     time.Duration // the time of the rate
	least   int           // calls in the span, if the machine is not busy
	limit   int           // calls in any time of the length within, always
	within  time.Duration
}

// check makes calls until there were enough in one of the spans: a busy machine may take the time of the others. A slot that a worker may
// have missed because it was woken later than a slot can be used counts as a call. Each span keeps the limit.
func (c callTest) check(t *testing.T, members ...*member.Member) {
	t.Helper()
	best := 0
	for range 10 {
		calls, overslept := callAll(members, c.workers, c.span)
		if n := most(calls, c.within); n > c.limit {
			t.Fatalf("%d calls in %v, the limit is %d", n, c.within, c.limit)
		}
		n := len(calls)
		for _, d := range overslept {
			if d > min(c.per/100, 250*time.Millisecond) {
				n++
			}
		}
		if best = max(best, n); best >= c.least {
			return
		}
	}
	t.Errorf("%d calls in %v at most, expected %d", best, c.span, c.least)
}

// No span of the rate's time has more calls than the rate, with any number of machines, and most of the rate is used.
func TestTheRateIsThatOfAllMachines(t *testing.T) {
	for _, test := range []struct {
		name    string
		calls   int
		per     time.Duration
		members int
		least   float64 // part of the rate that is used
	}{
		{"slow", 6, time.Second, 4, 0.75},
		{"usual", 100, time.Second, 3, 0.6},
		{"by the minute", 3000, time.Minute, 3, 0.8},
	} {
		t.Run(test.name, func(t *testing.T) {
			tm := newTeam(t)
			var members []*member.Member
			for i := range test.members {
				o := member.Options{Workers: 4}
				if i < 2 { // the smallest that was set counts, not what the API states
					o.RateCalls, o.RatePer = (i+1)*test.calls, test.per
				}
				members = append(members, tm.join(0, o))
			}
			members[len(members)-1].Limiter().SetRate(time.Now(), 100000, time.Second)
			time.Sleep(600 * time.Millisecond) // a lease of each has the rate
			c := callTest{workers: 4, span: 4 * time.Second, per: test.per, limit: test.calls, within: test.per}
			c.least = int(test.least * float64(test.calls) * c.span.Seconds() / test.per.Seconds())
			if c.per > c.span { // a shorter span may have as many as it has slots, with the tolerance
				c.limit, c.within = int(float64(test.calls)*(c.span+250*time.Millisecond).Seconds()/test.per.Seconds())+1, c.span
			}
			c.check(t, members...)
		})
	}
}

// With a rate far above what the run needs no call waits: slots in hand are replaced before they expire.
func TestNoCallWaitsForAHighRate(t *testing.T) {
	tm := newTeam(t)
	l := tm.join(0, member.Options{RateCalls: 60_000_000, RatePer: time.Minute}).Limiter()
	// At first the run finds out what it needs, and on a busy machine a lease may be late. Then no call waits during several leases.
	const long, many = 1500 * time.Millisecond, 300
	began, since, calls, waits := time.Now(), time.Now(), 0, 0
	for calls < many || time.Since(since) < long {
		if calls++; l.Take(time.Now()) > 0 {
			since, calls, waits = time.Now(), 0, waits+1
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%d calls had to wait in a minute, some in every %v", waits, long)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// The rate that the API states is shared: also a run that has had no response keeps it.
func TestTheStatedRateIsShared(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{}), tm.join(0, member.Options{})
	eventually(t, "there is no rate, and no call waits", func() bool { return a.Limiter().Take(time.Now()) == 0 })
	a.Limiter().SetRate(time.Now(), 60, time.Minute) // a lease may be on its way that does not tell it
	taken := 0
	for began := time.Now(); time.Since(began) < 700*time.Millisecond; {
		if a.Limiter().Take(time.Now()) == 0 {
			taken++
		}
	}
	if taken > 0 {
		t.Errorf("%d calls were made before the first slot", taken)
	}
	eventually(t, "b knows the rate", func() bool { return b.Limiter().Take(time.Now()) > 0 })
	callTest{workers: 2, span: 3 * time.Second, per: time.Minute, least: 2, limit: 4, within: 3 * time.Second}.check(t, a, b)
	a.Limiter().SetRate(time.Now(), 600000, time.Minute)
	eventually(t, "the new rate counts", func() bool {
		calls, _ := callAll([]*member.Member{a, b}, 2, 200*time.Millisecond)
		return len(calls) > 20
	})
}

// A 429 on one machine pauses all, for as long as the API asked, also a run that begins later.
func TestAPauseIsShared(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{}), tm.join(0, member.Options{})
	const length, known, exact = time.Minute, 20 * time.Second, 5 * time.Second // a busy machine takes long for a lease
	began := time.Now()
	if total := a.Pauser().Begin(began, length); total != length {
		t.Errorf("the total is %v", total)
	}
	eventually(t, "b is paused", func() bool { return b.Pauser().Until().After(time.Now()) })
	if d := time.Since(began); d > known {
		t.Errorf("b knew it after %v", d)
	}
	c := tm.join(0, member.Options{})
	for name, m := range map[string]*member.Member{"b": b, "c": c} {
		off := m.Pauser().Until().Sub(began.Add(length))
		if off.Abs() > exact {
			t.Errorf("%s: the pause ends %v late", name, off)
		}
		if w, waits := m.Waiting(); !waits || w.Reason != member.WaitPause {
			t.Errorf("%s: waiting %+v", name, w)
		}
	}
}

// A pause without a Retry-After becomes longer each time, until some machine gets an answer.
func TestAnAnswerOnAnyMachineEndsTheBackoff(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{Timing: fast}), tm.join(0, member.Options{Timing: fast})
	now := time.Now()
	for range 4 {
		a.Pauser().Begin(now, 0)
	}
	if total := a.Pauser().Extend(now, 0); total < 2*time.Second {
		t.Fatalf("the fourth pause is %v", total)
	}
	b.Pauser().Reset()
	eventually(t, "the pause is short again", func() bool { return a.Pauser().Extend(now.Add(time.Minute), time.Second) < 2*time.Second })
}

// A run does not wait for a pause that is longer than it may be, also if another run was told.
func TestALongPauseStopsAllRuns(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{}), tm.join(0, member.Options{MaxElapsed: 10 * time.Second})
	patient := tm.join(0, member.Options{MaxElapsed: 2 * time.Hour})
	a.Pauser().Begin(time.Now(), time.Hour)
	if cause, detail := b.Stopped(t.Context()); cause != "api_down" || detail == "" {
		t.Errorf("stopped by %q: %s", cause, detail)
	}
	eventually(t, "the patient run is paused", func() bool { return time.Until(patient.Pauser().Until()) > 30*time.Minute })
}
