package client

import "time"

// A tiding is what a call means for the whole account.
type tiding uint8

const (
	tidingNone      tiding = iota // nothing: it was ended by us
	tidingUsable                  // an answer: the key is right and the API is up
	tidingRefused                 // the API is up, and refused this request
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
}

// leave gives a permit back and tells what came of the call. It says whether the API counts as down, so that the call
// was no attempt of its row.
func (g *gate) leave(a *Asking, p permit, n news) (down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.nudge()
	now := time.Now()
	a.place = placeAside
	if p.epoch == g.epoch {
		g.flying--
	}
	if !g.pace.fixed {
		g.adopt(n.rate, now)
	}
	switch n.tiding {
	case tidingUsable:
		g.prove()
		g.answered(p)
	case tidingRefused:
		g.refused(n)
		g.answered(p)
	case tidingThrottled:
		g.throttled(now, p, n.hint)
	case tidingFailed, tidingUnreached:
		return g.failed(now, p, n)
	case tidingStop:
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

// prove ends the time in which calls go alone.
func (g *gate) prove() {
	if !g.early.proved.Swap(true) {
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

// refused counts towards giving up, as long as nothing was usable.
func (g *gate) refused(n news) {
	if !n.refusal.expected && !g.early.proved.Load() && g.early.refuse(n.refusal) {
		g.halt(StopRejectedAll, g.early.advice(n.refusal, g.o))
	}
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
