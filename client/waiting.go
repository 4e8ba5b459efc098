package client

import "time"

// Reasons of a [Waiting].
const (
	WaitingRate    = string(waitRate)    // the account's rate
	WaitingPause   = string(waitPause)   // the API asked to wait (429)
	WaitingAPIDown = string(waitAPIDown) // the API is down: single calls are tried
	WaitingBackoff = string(waitBackoff) // all contacts in progress wait for their next attempt
)

// A Waiting says why no call is sent at the moment.
type Waiting struct {
	Reason string
	// Until is when the next call may be sent; zero: a call is in flight, and its end decides.
	Until time.Time
	// GiveUp is when the run stops if the API has not answered by then; zero: it does not stop for this reason.
	GiveUp time.Time
	// Detail is the last failure; "": there was none.
	Detail string
}

// Waiting reports whether and why the run waits. It may be called at any time.
func (c *Client) Waiting() (w Waiting, waits bool) {
	ac := c.account
	ac.mu.Lock()
	defer ac.mu.Unlock()
	now := time.Now()
	switch {
	case ac.cause != "":
		return w, false
	case ac.breaker.open:
		w = Waiting{Reason: WaitingAPIDown, Until: ac.breaker.probeAt, GiveUp: ac.breaker.giveUpAt(), Detail: ac.breaker.lastFailure}
		if ac.epochInFlight > 0 || !now.Before(w.Until) {
			w.Until = time.Time{}
		}
		return w, true
	case now.Before(ac.pause.Until()):
		return Waiting{Reason: WaitingPause, Until: ac.pause.Until()}, true
	case ac.queue.Len() > 0:
		if delay := ac.limiter.Delay(now); delay > 0 {
			return Waiting{Reason: WaitingRate, Until: now.Add(delay)}, true
		}
	case ac.inFlight == 0 && len(ac.delayed) > 0:
		first := ac.firstDelay()
		return Waiting{Reason: string(first.reason), Until: first.until, Detail: ac.breaker.lastFailure}, true
	}
	return w, false
}

// InFlight returns how many calls are in flight now.
func (c *Client) InFlight() int {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	return c.account.inFlight
}

// A delay is one that a sender has of its own, such as its backoff.
type delay struct {
	until  time.Time
	reason waitReason
}

// startDelay records that a sender waits.
func (ac *account) startDelay(s *sender, d time.Duration, reason waitReason) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if ac.delayed == nil {
		ac.delayed = map[*sender]delay{}
	}
	ac.delayed[s] = delay{time.Now().Add(d), reason}
}

// endDelay records that a sender does not wait any more.
func (ac *account) endDelay(s *sender) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	delete(ac.delayed, s)
}

// firstDelay returns the delay that ends first.
func (ac *account) firstDelay() (first delay) {
	for _, d := range ac.delayed {
		if first.until.IsZero() || d.until.Before(first.until) {
			first = d
		}
	}
	return first
}
