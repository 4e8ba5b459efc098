package client

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// A gate decides who may send, and when. Everything that holds for the whole account stands here, behind one lock: the
// stop, the first calls that go alone, the breaker, the pause, the slow coming back from either, and the rate.
//
// Whoever cannot go at once stands in line. Only one of the line looks at the clock, the one whose turn it is, so that
// waiting is first come, first served, and nobody who waits holds a place in a schedule that has changed since.
type gate struct {
	o      *Options
	halted chan struct{} // closed by the stop

	mu     sync.Mutex
	stop   Stop
	detail string
	// unreachable: the stop's cause is that no connection can be made.
	unreachable bool
	line        list.List // of *waiter, in order of arrival
	early       early
	breaker     breaker
	pause       pause
	pace        pace
	// window is how many calls may be in flight; 0: as many as there are workers. It grows with each answer.
	window int
	// flying is calls in flight that were sent in this epoch; a pause or an outage begins a new one, because what was
	// sent before says nothing about it, and may take long.
	flying, epoch int
	inFlight      int                   // calls in flight, whenever they were sent
	resting       map[*Asking]time.Time // those that wait for their own backoff, and until when
	// unusable is how many responses in a row were not answers of the API.
	unusable int
	waited   time.Duration
}

// A waiter is an asking in the line.
type waiter struct {
	asking *Asking
	wake   chan struct{} // of one place; something may have changed
	at     *list.Element
}

// A permit is for one call. It must be given back by leave.
type permit struct {
	epoch  int
	probe  bool
	waited time.Duration
	why    wait
}

// A wait is what an asking waited for; it stands in the log.
type wait string

const (
	waitNone    wait = ""
	waitTurn    wait = "first call alone"
	waitRate    wait = "rate"
	waitPause   wait = "pause"
	waitProbe   wait = "api down"
	waitReturn  wait = "coming back"
	waitBackoff wait = "backoff"
)

func newGate(o *Options) *gate {
	g := &gate{o: o, halted: make(chan struct{})}
	if o.Rate.PerSecond() > 0 {
		g.pace.set(o.Rate, time.Now())
		g.pace.fixed = true
	}
	return g
}

// enter waits until one call may be sent. It returns false when none may be any more: soft is done, or the run is stopped.
func (g *gate) enter(soft context.Context, a *Asking) (permit, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stop != "" || soft.Err() != nil {
		return permit{}, false
	}
	a.place = placeWaiting
	if g.line.Len() == 0 {
		if _, _, wait := g.due(&waiter{asking: a}, time.Now()); !wait {
			return g.take(a, permit{}), true
		}
	}
	w := &waiter{asking: a, wake: make(chan struct{}, 1)}
	w.at = g.line.PushBack(w)
	g.nudge() // an asking that comes earlier may be the one whose turn it is
	p, ok := g.await(soft, w)
	g.line.Remove(w.at)
	if !ok {
		a.place = placeAside
		g.nudge()
		return permit{}, false
	}
	p = g.take(a, p)
	g.nudge()
	return p, true
}

// take counts a call as in flight.
func (g *gate) take(a *Asking, p permit) permit {
	a.place = placeFlying
	p.epoch, p.probe = g.epoch, g.breaker.open
	g.flying++
	g.inFlight++
	if !a.ticket.Refused {
		g.early.flying++
	}
	return p
}

// await waits in the line, and gives the lock up while it does.
func (g *gate) await(soft context.Context, w *waiter) (p permit, ok bool) {
	for {
		now := time.Now()
		after, why, wait := g.due(w, now)
		switch {
		case g.stop != "" || soft.Err() != nil:
			return p, false
		case !wait:
			return p, true
		}
		if why != waitNone {
			p.why = why
		}
		g.mu.Unlock()
		g.sleep(soft, w, after)
		g.mu.Lock()
		slept := time.Since(now)
		p.waited += slept
		if why == waitRate || why == waitPause {
			g.waited += slept
		}
	}
}

// sleep waits for what may let a waiter go: a moment (0: none is known), a change, or the end.
func (g *gate) sleep(soft context.Context, w *waiter, after time.Duration) {
	var moment <-chan time.Time
	if after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		moment = timer.C
	}
	select {
	case <-moment:
	case <-w.wake:
	case <-g.halted:
	case <-soft.Done():
	}
}

// due says whether a waiter must wait, what for, and after how long to look again (0: when something changes).
func (g *gate) due(w *waiter, now time.Time) (after time.Duration, why wait, must bool) {
	if g.turn(w) != w {
		return 0, waitNone, true
	}
	if g.breaker.open {
		end := g.breaker.since.Add(g.o.MaxElapsed)
		if !now.Before(end) {
			g.halt(StopAPIDown, g.breaker.over(now))
			return 0, waitProbe, true
		}
		if g.flying > 0 {
			return end.Sub(now), waitProbe, true
		}
		if now.Before(g.breaker.probeAt) {
			return min(g.breaker.probeAt.Sub(now), end.Sub(now)), waitProbe, true
		}
	}
	if !g.early.opened.Load() && g.flying > 0 || !w.asking.ticket.Refused && g.early.crowded() {
		return 0, waitTurn, true
	}
	if g.unusable > 0 && g.unusable+g.flying >= giveUpUnusable {
		return 0, waitReturn, true
	}
	if now.Before(g.pause.until) {
		return g.pause.until.Sub(now), waitPause, true
	}
	if g.window > 0 && g.flying >= g.window {
		return 0, waitReturn, true
	}
	if after := g.pace.take(now); after > 0 {
		return after, waitRate, true
	}
	return 0, waitNone, false
}

// turn is the waiter whose turn it is; w is the one who asks, who may not be in the line yet.
func (g *gate) turn(w *waiter) *waiter {
	if !g.early.opened.Load() && !g.breaker.open {
		a := g.early.next()
		if a == w.asking {
			return w
		}
		for at := g.line.Front(); at != nil; at = at.Next() {
			if other := at.Value.(*waiter); other.asking == a {
				return other
			}
		}
		return nil
	}
	if front := g.line.Front(); front != nil {
		return front.Value.(*waiter)
	}
	return w
}

// nudge wakes the waiter whose turn it is, to look again.
func (g *gate) nudge() {
	front := g.line.Front()
	if front == nil {
		return
	}
	w := g.turn(front.Value.(*waiter))
	if w == nil || w.wake == nil {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// halt stops the run; the first cause stays.
func (g *gate) halt(why Stop, detail string) {
	if g.stop == "" {
		g.stop, g.detail = why, detail
		close(g.halted)
	}
}

// stopped is why the run is stopped; "": it is not.
func (g *gate) stopped() (Stop, string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stop, g.detail
}
