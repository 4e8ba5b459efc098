package member_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"enrich/ledger/postgres/member"
)

// callAll makes calls with several members, several workers each, for some time, and returns their times in order.
func callAll(members []*member.Member, workers int, span time.Duration) (calls []time.Time) {
	var mu sync.Mutex
	var tasks sync.WaitGroup
	end := time.Now().Add(span)
	for _, m := range members {
		limiter := m.Limiter()
		for range workers {
			tasks.Go(func() {
				for time.Now().Before(end) {
					if wait := limiter.Take(time.Now()); wait > 0 {
						time.Sleep(min(wait, 50*time.Millisecond))
						continue
					}
					mu.Lock()
					calls = append(calls, time.Now())
					mu.Unlock()
				}
			})
		}
	}
	tasks.Wait()
	slices.SortFunc(calls, time.Time.Compare)
	return calls
}

// most returns the largest number of calls in any span of a length.
func most(calls []time.Time, span time.Duration) (n int) {
	first := 0
	for i := range calls {
		for calls[i].Sub(calls[first]) >= span {
			first++
		}
		n = max(n, i-first+1)
	}
	return n
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
			const span = 4 * time.Second
			calls := callAll(members, 4, span)
			limit := test.calls
			if test.per > span { // a shorter span may have as many as it has slots, with the tolerance
				limit = int(float64(test.calls)*(span+250*time.Millisecond).Seconds()/test.per.Seconds()) + 1
			}
			if n := most(calls, min(test.per, span)); n > limit {
				t.Errorf("%d calls in %v, the limit is %d", n, min(test.per, span), limit)
			}
			if part := float64(len(calls)) / (float64(test.calls) * span.Seconds() / test.per.Seconds()); part < test.least {
				t.Errorf("%d calls, %.2f of the rate", len(calls), part)
			}
		})
	}
}

// With a rate far above what the run needs no call waits: slots in hand are replaced before they expire.
func TestNoCallWaitsForAHighRate(t *testing.T) {
	tm := newTeam(t)
	l := tm.join(0, member.Options{RateCalls: 60_000_000, RatePer: time.Minute}).Limiter()
	waits := func(span time.Duration) (n int) {
		for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			if l.Take(time.Now()) > 0 {
				n++
			}
		}
		return n
	}
	waits(time.Second) // the run finds out what it needs
	var last int
	for range 6 { // on a busy machine a lease may be late
		if last = waits(1500 * time.Millisecond); last == 0 {
			return
		}
	}
	t.Errorf("%d calls had to wait in 1.5 s", last)
}

// The rate that the API states is shared: also a run that has had no response keeps it.
func TestTheStatedRateIsShared(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{}), tm.join(0, member.Options{})
	if a.Limiter().Take(time.Now()) > 0 {
		t.Fatal("there is no rate, and a call waits")
	}
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
	calls := callAll([]*member.Member{a, b}, 2, 3*time.Second)
	if len(calls) < 2 || len(calls) > 4 {
		t.Errorf("%d calls in 3 s at 60 a minute", len(calls))
	}
	a.Limiter().SetRate(time.Now(), 600000, time.Minute)
	eventually(t, "the new rate counts", func() bool { return len(callAll([]*member.Member{a, b}, 2, 200*time.Millisecond)) > 20 })
}

// A 429 on one machine pauses all, for as long as the API asked, also a run that begins later.
func TestAPauseIsShared(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{}), tm.join(0, member.Options{})
	const length = 1500 * time.Millisecond
	began := time.Now()
	if total := a.Pauser().Begin(began, length); total != length {
		t.Errorf("the total is %v", total)
	}
	eventually(t, "b is paused", func() bool { return b.Pauser().Until().After(time.Now()) })
	if d := time.Since(began); d > 700*time.Millisecond {
		t.Errorf("b knew it after %v", d)
	}
	c := tm.join(0, member.Options{})
	for name, m := range map[string]*member.Member{"b": b, "c": c} {
		off := m.Pauser().Until().Sub(began.Add(length))
		if off.Abs() > 300*time.Millisecond {
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
