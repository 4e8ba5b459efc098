package client

import (
	"fmt"
	"net/http"
	"time"
)

// A tiding is what a call means for the whole account.
type tiding uint8

const (
	tidingNone      tiding = iota // nothing: it was ended by us
	tidingUsable                  // an answer: the key is right and the API is up
	tidingAbsent                  // a 404 that is an answer: it does not end the giving up
	tidingRefused                 // the API is up, and refused this request
	tidingUnusable                // a 2xx that is not an answer
	tidingFailed                  // it failed in a way that passes
	tidingUnreached               // no connection came about
	tidingThrottled               // 429
	tidingStop                    // the run must stop
)

// news is what a call is reported with.
type news struct {
	tiding  tiding
	row     int64
	what    string // what failed, in words
	hint    time.Duration
	rate    Rate
	stop    Stop
	refusal refusal
	// own: the API itself sent it. expected: an earlier run saw the contact refused.
	own, expected bool
	unsent        bool // no request was on the wire
	// unreachable: the run stops because no connection to the API can be made.
	unreachable bool
}

// leave gives a permit back and tells what came of the call. It says whether the API counts as down, so that the call
// was no attempt of its row.
func (g *gate) leave(a *Asking, p permit, n news) (down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.nudge()
	now := time.Now()
	a.place = placeAside
	g.inFlight--
	if p.epoch == g.epoch {
		g.flying--
	}
	if !a.ticket.Refused {
		g.early.flying--
	}
	if !g.pace.fixed {
		g.adopt(n.rate, now)
	}
	if n.own && n.tiding != tidingUnusable {
		g.unusable = 0
	}
	switch n.tiding {
	case tidingUsable:
		g.early.answered.Store(true)
		g.open()
		g.answered(p)
	case tidingAbsent:
		g.open()
		g.answered(p)
	case tidingRefused:
		g.refused(n)
		g.answered(p)
	case tidingUnusable:
		return g.unusableAnswer(now, p, n)
	case tidingThrottled:
		g.throttled(now, p, n.hint)
	case tidingFailed, tidingUnreached:
		return g.failed(now, p, n)
	case tidingStop:
		g.unreachable = g.unreachable || n.unreachable && g.stop == ""
		g.halt(n.stop, n.what)
	case tidingNone:
	}
	return g.breaker.open
}

// adopt takes the rate that an answer told. The call that told it is the first that counts.
func (g *gate) adopt(r Rate, now time.Time) {
	first := g.pace.limiter == nil
	g.pace.set(r, now)
	if first && g.pace.limiter != nil {
		g.pace.limiter.AllowN(now, 1)
	}
}

// open ends the time in which calls go alone.
func (g *gate) open() {
	if !g.early.opened.Swap(true) {
		g.early.order.Init()
	}
}

// answered: the API is up. Whoever waited comes back gradually: each answer lets one more call fly.
func (g *gate) answered(p permit) {
	if p.epoch != g.epoch {
		return // it was sent before the pause or the outage began: it says nothing about it
	}
	g.breaker.answered()
	g.pause.answered()
	if g.window > 0 {
		if g.window++; g.window >= g.o.Workers {
			g.window = 0
		}
	}
}

// refused counts towards giving up, until the first usable answer. A 400 or 422 of the API itself proves the key: the API
// looked at the request, not only at the header.
func (g *gate) refused(n news) {
	if s := n.refusal.status; n.own && (s == http.StatusBadRequest || s == http.StatusUnprocessableEntity) {
		g.open()
	}
	if !n.expected && !g.early.answered.Load() && g.early.refuse(n.refusal) {
		g.halt(StopRejectedAll, g.early.advice(n.refusal, g.o))
	}
}

// unusableAnswer counts a 2xx that is not an answer, each of which may have been charged: some in a row stop the run.
func (g *gate) unusableAnswer(now time.Time, p permit, n news) (down bool) {
	g.unusable++
	answered := g.early.answered.Load()
	if g.unusable >= giveUpUnusable {
		why := StopRejectedAll
		if answered {
			why = StopAPIDown
		}
		g.halt(why, fmt.Sprintf("%d responses in a row were not answers of the API, the last %s; %s", g.unusable, n.what, notTheAPI(g.o)))
	}
	if answered {
		return g.failed(now, p, n)
	}
	g.refused(n)
	g.answered(p)
	return g.breaker.open
}

// throttled pauses everybody. Only a call that was sent after the last pause began makes the next one longer.
func (g *gate) throttled(now time.Time, p permit, hint time.Duration) {
	var total time.Duration
	if p.epoch == g.epoch {
		total = g.pause.begin(now, hint, g.o.MaxElapsed)
		g.hush()
	} else {
		total = g.pause.extend(now, hint)
	}
	if total > g.o.MaxElapsed {
		g.halt(StopAPIDown, "it asks to wait (429) for longer than --max-elapsed: "+total.Round(time.Second).String())
	}
}

// failed counts a failure of any worker's call.
func (g *gate) failed(now time.Time, p permit, n news) (down bool) {
	was := g.breaker.open
	if n.unsent {
		g.breaker.unsent++
	}
	down = g.breaker.failed(now, n.row, n.tiding == tidingUnreached, p.probe && p.epoch == g.epoch, n.what, g.o.MaxElapsed)
	if down && !was {
		g.hush()
	}
	return down
}

// hush lets calls fly one at a time, and begins a new epoch.
func (g *gate) hush() {
	g.window, g.flying = 1, 0
	g.epoch++
}

// outage begins one because of a row that could not be sent for as long as it may take.
func (g *gate) outage(now time.Time, what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.breaker.open {
		g.breaker.outage(now, what, g.o.MaxElapsed)
		g.hush()
		g.nudge()
	}
}
