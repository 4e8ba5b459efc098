package client

import (
	"time"

	"golang.org/x/time/rate"
)

// rateTarget is the part of a limit that is used, and maxBurst bounds the burst. The network delays calls by varying times, so
// calls spaced at exactly the limit would now and then be one too many in a window. At 0.98 of the limit, and with a burst of
// at most the other 0.02 (or one call), no window of the limit's length has more calls than the limit, and throughput stays
// above 95 %.
const (
	rateTarget = 0.98
	maxBurst   = 8
)

// A limiter is a [Limiter] for one machine. The zero limiter does not limit until a rate is set.
type limiter struct {
	rate   Rate
	fixed  bool // --rate was given: responses do not change it
	bucket *rate.Limiter
}

// newLimiter returns a limiter with a fixed rate, or, for the zero rate, one that adopts the API's.
func newLimiter(r Rate) *limiter {
	l := &limiter{}
	if r.calls > 0 {
		l.set(time.Now(), r)
		l.fixed = true
	}
	return l
}

// SetRate implements [Limiter]. The call whose response stated the first rate counts as one of its calls.
func (l *limiter) SetRate(now time.Time, calls int, per time.Duration) {
	r := Rate{calls, per}
	if l.fixed || calls <= 0 || per <= 0 || r == l.rate {
		return
	}
	first := l.bucket == nil
	l.set(now, r)
	if first {
		l.bucket.AllowN(now, 1)
	}
}

func (l *limiter) set(now time.Time, r Rate) {
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

// Take implements [Limiter].
func (l *limiter) Take(now time.Time) (wait time.Duration) {
	if l.bucket == nil || l.bucket.AllowN(now, 1) {
		return 0
	}
	return max(l.Delay(now), time.Microsecond)
}

// Delay implements [Limiter].
func (l *limiter) Delay(now time.Time) time.Duration {
	if l.bucket == nil {
		return 0
	}
	missing := 1 - l.bucket.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(l.bucket.Limit())*float64(time.Second)) + time.Microsecond // rounding
}
