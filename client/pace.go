package client

import (
	"time"

	"golang.org/x/time/rate"
)

// What a limit is aimed at: an arrival is late by what the network does to it, so that calls spaced at exactly the
// limit would now and then be one too many in a window. At 0.98 of it, and with a burst of at most the other 0.02 (or one
// call), no window of the limit's length holds more calls than the limit; and throughput stays above 95 %.
const (
	paceAim   = 0.98
	paceBurst = 8
)

// A pace keeps the account's rate. The zero pace is none. Only the head of the gate's line takes from it, under the
// gate's lock, so that it is first come, first served, and a change of the limit holds for everybody who waits.
type pace struct {
	rate    Rate
	limiter *rate.Limiter
	fixed   bool // --rate was given: the API's header does not change it
}

// set adopts a rate, at once and for all.
func (p *pace) set(r Rate, now time.Time) {
	if r == p.rate || r.PerSecond() == 0 {
		return
	}
	burst := min(paceBurst, max(1, int(float64(r.calls)*(1-paceAim))))
	limit := rate.Limit(r.PerSecond() * paceAim)
	if p.limiter == nil {
		p.limiter = rate.NewLimiter(limit, burst)
	} else {
		p.limiter.SetLimitAt(now, limit)
		p.limiter.SetBurstAt(now, burst)
	}
	p.rate = r
}

// take takes one call, or says after how long to ask again.
func (p *pace) take(now time.Time) (wait time.Duration) {
	if p.limiter == nil || p.limiter.AllowN(now, 1) {
		return 0
	}
	return max(p.next(now), time.Microsecond)
}

// next says after how long a call may be taken; 0: now.
func (p *pace) next(now time.Time) (wait time.Duration) {
	if p.limiter == nil {
		return 0
	}
	missing := 1 - p.limiter.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(p.limiter.Limit())*float64(time.Second)) + time.Microsecond // what rounding took off
}
