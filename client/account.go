package client

import (
	"container/list"
	"context"
	"sync"
	"time"

	"enrich/contact"
)

// An account decides when a call may be sent. It has all state that concerns every call of the API account, behind one lock:
// the stop, the first calls, the breaker, the pause, slow start and the rate.
//
// A call that may not be sent at once waits in a queue. Only the waiter whose turn it is looks at the clock. So calls are
// first come, first served, and a change of rate applies to all who wait.
type account struct {
	o       *Options
	stopped chan struct{} // closed by stop

	mu          sync.Mutex
	cause       contact.Stop // why the run is stopped; "": it is not
	detail      string       // a sentence for the user
	unreachable bool         // the cause is that no connection can be made
	queue       list.List    // of *waiter, in order of arrival
	first       firstCalls
	breaker     breaker
	pause       Pauser
	limiter     Limiter

	// window is how many calls of this epoch may be in flight; 0: any number. It grows by one with each answer (slow start).
	window int
	// A pause or an outage begins a new epoch. Calls that were sent before say nothing about it, and may take long.
	epoch         int
	epochInFlight int
	inFlight      int // of all epochs

	delayed        map[*sender]delay // those that wait for a reason of their own
	unusableInARow int               // responses that were not answers of the API
	waited         time.Duration     // for the rate and for pauses
}

// A waiter is a sender in the queue.
type waiter struct {
	sender *sender
	wake   chan struct{} // has room for one: something may have changed
	elem   *list.Element
}

// A turn allows one call. It is given back with release.
type turn struct {
	epoch  int
	probe  bool
	waited time.Duration
	reason waitReason
}

// A waitReason says what a call waited for. It is written to the log.
type waitReason string

const (
	waitNone      waitReason = ""
	waitFirstCall waitReason = "first call alone"
	waitRate      waitReason = "rate"
	waitPause     waitReason = "pause"
	waitAPIDown   waitReason = "api down"
	waitSlowStart waitReason = "slow start"
	waitBackoff   waitReason = "backoff"
	waitQueue     waitReason = "queue" // calls that were in the queue before
)

func newAccount(o *Options) *account {
	ac := &account{o: o, stopped: make(chan struct{}), limiter: o.Limiter, pause: o.Pauser, breaker: breaker{limit: o.MaxElapsed}}
	if ac.limiter == nil {
		ac.limiter = newLimiter(o.Rate)
	}
	if ac.pause == nil {
		ac.pause = &pause{maxElapsed: o.MaxElapsed}
	}
	return ac
}

// acquire waits until one call may be sent. It returns false if no call may be sent any more: soft is done, or the run is
// stopped.
func (ac *account) acquire(soft context.Context, s *sender) (turn, bool) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if ac.cause != "" || soft.Err() != nil {
		return turn{}, false
	}
	s.state = stateReady
	if ac.queue.Len() == 0 {
		if _, _, ok := ac.tryTurn(&waiter{sender: s}, time.Now()); ok {
			return ac.grant(s, turn{}), true
		}
	}
	w := &waiter{sender: s, wake: make(chan struct{}, 1)}
	w.elem = ac.queue.PushBack(w)
	ac.wakeNext() // during the first calls it may be the turn of this sender
	t, ok := ac.awaitTurn(soft, w)
	ac.queue.Remove(w.elem)
	if !ok {
		s.state = stateAside
		ac.wakeNext()
		return turn{}, false
	}
	t = ac.grant(s, t)
	ac.wakeNext()
	return t, true
}

// grant counts a call as in flight.
func (ac *account) grant(s *sender, t turn) turn {
	s.state = stateInFlight
	t.epoch, t.probe = ac.epoch, ac.breaker.open
	ac.epochInFlight++
	ac.inFlight++
	if !s.knownRejected {
		ac.first.inFlight++
	}
	return t
}

// awaitTurn waits in the queue, and releases the lock meanwhile.
func (ac *account) awaitTurn(soft context.Context, w *waiter) (t turn, ok bool) {
	for {
		now := time.Now()
		after, reason, granted := ac.tryTurn(w, now)
		switch {
		case ac.cause != "" || soft.Err() != nil:
			return t, false
		case granted:
			return t, true
		}
		if reason != waitNone {
			t.reason = reason
		} else if t.reason == waitNone {
			t.reason = ac.queueReason(now)
		}
		ac.mu.Unlock()
		ac.sleep(soft, w, after)
		ac.mu.Lock()
		slept := time.Since(now)
		t.waited += slept
		if reason == waitRate || reason == waitPause {
			ac.waited += slept
		}
	}
}

// sleep waits until something may have changed for a waiter, but no longer than after if that is not 0.
func (ac *account) sleep(soft context.Context, w *waiter, after time.Duration) {
	var elapsed <-chan time.Time
	if after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		elapsed = timer.C
	}
	select {
	case <-elapsed:
	case <-w.wake:
	case <-ac.stopped:
	case <-soft.Done():
	}
}

// tryTurn takes a call from the rate if a waiter may send one now. Otherwise it returns what the waiter waits for, and when to try
// again (0: when something changes).
func (ac *account) tryTurn(w *waiter, now time.Time) (after time.Duration, reason waitReason, ok bool) {
	if ac.nextWaiter(w) != w {
		return 0, waitNone, false
	}
	if ac.breaker.open {
		if after, ok := ac.tryProbe(now); !ok {
			return after, waitAPIDown, false
		}
	}
	until := ac.pause.Until()
	switch {
	case !ac.first.keyVerified.Load() && ac.epochInFlight > 0, !w.sender.knownRejected && ac.first.isFull():
		return 0, waitFirstCall, false
	case ac.unusableInARow > 0 && ac.unusableInARow+ac.epochInFlight >= maxUnusableInARow:
		return 0, waitSlowStart, false
	case now.Before(until):
		return until.Sub(now), waitPause, false
	case ac.window > 0 && ac.epochInFlight >= ac.window:
		return 0, waitSlowStart, false
	}
	if w.sender.limiter != nil { // awaitRate has taken the call
		return 0, waitNone, true
	}
	if after := ac.limiter.Take(now); after > 0 {
		return after, waitRate, false
	}
	return 0, waitNone, true
}

// queueReason says what the front of the queue waits for: the others wait for the same.
func (ac *account) queueReason(now time.Time) waitReason {
	switch {
	case ac.breaker.open:
		return waitAPIDown
	case !ac.first.keyVerified.Load():
		return waitFirstCall
	case now.Before(ac.pause.Until()):
		return waitPause
	case ac.limiter.Delay(now) > 0:
		return waitRate
	}
	return waitQueue
}

// tryProbe lets one probe after the other pass while the API is down, and stops the run if it has been down for too long.
func (ac *account) tryProbe(now time.Time) (after time.Duration, ok bool) {
	end := ac.breaker.giveUpAt()
	switch {
	case !now.Before(end):
		ac.stop(contact.StopAPIDown, ac.breaker.summary(now))
		return 0, false
	case ac.epochInFlight > 0:
		return end.Sub(now), false
	case now.Before(ac.breaker.probeAt):
		return min(ac.breaker.probeAt.Sub(now), end.Sub(now)), false
	}
	return 0, true
}

// nextWaiter returns the waiter whose turn it is; nil if it is the turn of a sender that is not ready. w may be one that is
// not in the queue yet.
func (ac *account) nextWaiter(w *waiter) *waiter {
	if !ac.first.keyVerified.Load() && !ac.breaker.open {
		s := ac.first.next()
		if s == w.sender {
			return w
		}
		for at := ac.queue.Front(); at != nil; at = at.Next() {
			if other := at.Value.(*waiter); other.sender == s {
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

// wakeNext wakes the waiter whose turn it is.
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

// stop stops the run. The first cause wins.
func (ac *account) stop(cause contact.Stop, detail string) {
	if ac.cause == "" {
		ac.cause, ac.detail = cause, detail
		close(ac.stopped)
	}
}

// stopCause returns why the run is stopped, and a sentence for the user; "" if it is not.
func (ac *account) stopCause() (cause contact.Stop, detail string) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	return ac.cause, ac.detail
}

// limiterOf returns the limiter of a sender's endpoint.
func (ac *account) limiterOf(s *sender) Limiter {
	if s.limiter != nil {
		return s.limiter
	}
	return ac.limiter
}
