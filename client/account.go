package client

import (
	"container/list"
	"context"
	"sync"
	"time"

	"enrich/contact"
)

// A account decides who may send, and when. Everything that holds for the whole account stands here, behind one lock: the
// stopped, the first calls that go alone, the breaker, the pause, the slow coming back from either, and the rate.
//
// Whoever cannot go at once stands in line. Only one of the line looks at the clock, the one whose turn it is, so that
// waiting is first come, first served, and nobody who waits holds a place in a schedule that has changed since.
type account struct {
	o      *Options
	halted chan struct{} // closed by the stop

	mu     sync.Mutex
	stop   contact.Stop
	detail string
	// unreachable: the stop's cause is that no connection can be made.
	unreachable bool
	queue       list.List // of *waiter, in order of arrival
	first       firstCalls
	breaker     breaker
	pause       pause
	limiter     limiter
	// window is how many calls may be in flight; 0: as many as there are workers. It grows with each answer.
	window int
	// epochInFlight is calls in flight that were sent in this epoch; a pause or an outage begins a new one, because what was
	// sent before says nothing about it, and may take long.
	epochInFlight, epoch int
	inFlight             int                     // calls in flight, whenever they were sent
	backingOff           map[*question]time.Time // those that wait for their own backoff, and until when
	// unusableInARow is how many responses in a row were not answers of the API.
	unusableInARow int
	waited         time.Duration
}

// A waiter is a question in the line.
type waiter struct {
	question *question
	wake     chan struct{} // of one place; something may have changed
	elem     *list.Element
}

// A permit is for one call. It must be given back by leave.
type permit struct {
	epoch  int
	probe  bool
	waited time.Duration
	reason waitReason
}

// A waitReason is what a question waited for; it stands in the log.
type waitReason string

const (
	waitNone      waitReason = ""
	waitFirstCall waitReason = "first call alone"
	waitRate      waitReason = "rate"
	waitPause     waitReason = "pause"
	waitAPIDown   waitReason = "api down"
	waitSlowStart waitReason = "coming back"
	waitBackoff   waitReason = "backoff"
)

func newAccount(o *Options) *account {
	g := &account{o: o, halted: make(chan struct{})}
	if o.Rate.PerSecond() > 0 {
		g.limiter.set(o.Rate, time.Now())
		g.limiter.fixed = true
	}
	return g
}

// acquire waits until one call may be sent. It returns false when none may be any more: soft is done, or the run is stopped.
func (ac *account) acquire(soft context.Context, a *question) (permit, bool) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if ac.stop != "" || soft.Err() != nil {
		return permit{}, false
	}
	a.state = stateReady
	if ac.queue.Len() == 0 {
		if _, _, wait := ac.blocked(&waiter{question: a}, time.Now()); !wait {
			return ac.grant(a, permit{}), true
		}
	}
	w := &waiter{question: a, wake: make(chan struct{}, 1)}
	w.elem = ac.queue.PushBack(w)
	ac.wakeNext() // a question that comes earlier may be the one whose turn it is
	p, ok := ac.awaitTurn(soft, w)
	ac.queue.Remove(w.elem)
	if !ok {
		a.state = stateAside
		ac.wakeNext()
		return permit{}, false
	}
	p = ac.grant(a, p)
	ac.wakeNext()
	return p, true
}

// grant counts a call as in flight.
func (ac *account) grant(a *question, p permit) permit {
	a.state = stateInFlight
	p.epoch, p.probe = ac.epoch, ac.breaker.open
	ac.epochInFlight++
	ac.inFlight++
	if !a.Refused {
		ac.first.inFlight++
	}
	return p
}

// awaitTurn waits in the line, and gives the lock up while it does.
func (ac *account) awaitTurn(soft context.Context, w *waiter) (p permit, ok bool) {
	for {
		now := time.Now()
		after, why, wait := ac.blocked(w, now)
		switch {
		case ac.stop != "" || soft.Err() != nil:
			return p, false
		case !wait:
			return p, true
		}
		if why != waitNone {
			p.reason = why
		}
		ac.mu.Unlock()
		ac.sleep(soft, w, after)
		ac.mu.Lock()
		slept := time.Since(now)
		p.waited += slept
		if why == waitRate || why == waitPause {
			ac.waited += slept
		}
	}
}

// sleep waits for what may let a waiter go: a moment (0: none is known), a change, or the end.
func (ac *account) sleep(soft context.Context, w *waiter, after time.Duration) {
	var moment <-chan time.Time
	if after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		moment = timer.C
	}
	select {
	case <-moment:
	case <-w.wake:
	case <-ac.halted:
	case <-soft.Done():
	}
}

// blocked says whether a waiter must wait, what for, and after how long to look again (0: when something changes).
func (ac *account) blocked(w *waiter, now time.Time) (after time.Duration, why waitReason, must bool) {
	if ac.nextWaiter(w) != w {
		return 0, waitNone, true
	}
	if ac.breaker.open {
		end := ac.breaker.since.Add(ac.o.MaxElapsed)
		if !now.Before(end) {
			ac.halt(contact.StopAPIDown, ac.breaker.summary(now))
			return 0, waitAPIDown, true
		}
		if ac.epochInFlight > 0 {
			return end.Sub(now), waitAPIDown, true
		}
		if now.Before(ac.breaker.probeAt) {
			return min(ac.breaker.probeAt.Sub(now), end.Sub(now)), waitAPIDown, true
		}
	}
	if !ac.first.keyProved.Load() && ac.epochInFlight > 0 || !w.question.Refused && ac.first.full() {
		return 0, waitFirstCall, true
	}
	if ac.unusableInARow > 0 && ac.unusableInARow+ac.epochInFlight >= maxUnusableInARow {
		return 0, waitSlowStart, true
	}
	if now.Before(ac.pause.until) {
		return ac.pause.until.Sub(now), waitPause, true
	}
	if ac.window > 0 && ac.epochInFlight >= ac.window {
		return 0, waitSlowStart, true
	}
	if after := ac.limiter.take(now); after > 0 {
		return after, waitRate, true
	}
	return 0, waitNone, false
}

// nextWaiter is the waiter whose turn it is; w is the one who asks, who may not be in the line yet.
func (ac *account) nextWaiter(w *waiter) *waiter {
	if !ac.first.keyProved.Load() && !ac.breaker.open {
		a := ac.first.next()
		if a == w.question {
			return w
		}
		for at := ac.queue.Front(); at != nil; at = at.Next() {
			if other := at.Value.(*waiter); other.question == a {
				return other
			}
		}
		return nil
	}
	if front := ac.queue.Front(); front != nil {
		return front.Value.(*waiter)
	}
	return w
}

// wakeNext wakes the waiter whose turn it is, to look again.
func (ac *account) wakeNext() {
	front := ac.queue.Front()
	if front == nil {
		return
	}
	w := ac.nextWaiter(front.Value.(*waiter))
	if w == nil || w.wake == nil {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// halt stops the run; the first cause stays.
func (ac *account) halt(why contact.Stop, detail string) {
	if ac.stop == "" {
		ac.stop, ac.detail = why, detail
		close(ac.halted)
	}
}

// stopReason is why the run is stopped; "": it is not.
func (ac *account) stopReason() (contact.Stop, string) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	return ac.stop, ac.detail
}
