package client

import (
	"time"
)

// Reasons of a [Waiting].
const (
	WaitingRate    = string(waitRate)    // the account's rate
	WaitingPause   = string(waitPause)   // the API asked to wait (429)
	WaitingAPIDown = string(waitAPIDown) // the API does not answer: single calls are tried
	WaitingBackoff = string(waitBackoff) // all contacts at hand wait for their own next attempt
)

// A Waiting is why no call is sent at the moment.
type Waiting struct {
	Reason string
	// Until is when the next call may be sent; zero: a call is under way, and decides.
	Until time.Time
	// GiveUp is when the run stops if the API has not answered by then; zero: it does not stop for this reason.
	GiveUp time.Time
	// Detail is the last failure; "": there was none.
	Detail string
}

// Waiting reports why the run waits, if it does. It may be called at any time.
func (c *Client) Waiting() (w Waiting, waits bool) {
	g := c.account
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	switch {
	case g.stop != "":
		return w, false
	case g.breaker.open:
		w = Waiting{Reason: WaitingAPIDown, Until: g.breaker.probeAt, GiveUp: g.breaker.since.Add(g.o.MaxElapsed), Detail: g.breaker.last}
		if g.epochInFlight > 0 || !now.Before(w.Until) {
			w.Until = time.Time{}
		}
		return w, true
	case now.Before(g.pause.until):
		return Waiting{Reason: WaitingPause, Until: g.pause.until}, true
	case g.queue.Len() > 0:
		if after := g.limiter.delay(now); after > 0 {
			return Waiting{Reason: WaitingRate, Until: now.Add(after)}, true
		}
	case g.inFlight == 0 && len(g.backingOff) > 0:
		return Waiting{Reason: WaitingBackoff, Until: g.firstBackoffEnd(), Detail: g.breaker.last}, true
	}
	return w, false
}

// firstBackoffEnd is when the first contact that waits for its own backoff may be sent again.
func (ac *account) firstBackoffEnd() (first time.Time) {
	for _, at := range ac.backingOff {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// startBackoff notes that a question waits for its own backoff.
func (ac *account) startBackoff(a *question, wait time.Duration) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if ac.backingOff == nil {
		ac.backingOff = map[*question]time.Time{}
	}
	ac.backingOff[a] = time.Now().Add(wait)
}

// endBackoff notes that it does not any more.
func (ac *account) endBackoff(a *question) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	delete(ac.backingOff, a)
}

// InFlight returns how many calls are in flight now.
func (c *Client) InFlight() int {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	return c.account.inFlight
}
