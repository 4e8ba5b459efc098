package client

import (
	"time"

	"golang.org/x/time/rate"
)

// What a limit is aimed at: an arrival is late by what the network does to it, so that calls spaced at exactly the
// limit would now and then be one too many in a window. At 0.98 of it, and with a burst of at most the other 0.02 (or one
// call), no window of the limit's length holds more calls than the limit; and throughput stays above 95 %.
const (
	rateTarget = 0.98
	maxBurst   = 8
)

// A bucket keeps the account's rate. The zero pace is none. Only the head of the gate's line takes from it, under the
// gate's lock, so that it is first come, first served, and a change of the limit holds for everybody who waits.
type limiter struct {
	rate   Rate
	bucket *rate.Limiter
	fixed  bool // --rate was given: the API's header does not change it
}

// set adopts a rate, at once and for all.
func (l *limiter) set(r Rate, now time.Time) {
	if r == l.rate || r.PerSecond() == 0 {
		return
	}
	burst := min(maxBurst, max(1, int(float64(r.calls)*(1-rateTarget))))
	limit := rate.Limit(r.PerSecond() * rateTarget)
	if l.bucket == nil {
		l.bucket = rate.NewLimiter(limit, burst)
	} else {
		l.bucket.SetLimitAt(now, limit)
		l.bucket.SetBurstAt(now, burst)
	}
	l.rate = r
}

// grant takes one call, or says after how long to ask again.
func (l *limiter) take(now time.Time) (wait time.Duration) {
	if l.bucket == nil || l.bucket.AllowN(now, 1) {
		return 0
	}
	return max(l.delay(now), time.Microsecond)
}

// delay says after how long a call may be taken; 0: now.
func (l *limiter) delay(now time.Time) (wait time.Duration) {
	if l.bucket == nil {
		return 0
	}
	missing := 1 - l.bucket.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(l.bucket.Limit())*float64(time.Second)) + time.Microsecond // what rounding took off
}
