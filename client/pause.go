package client

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// How long an account pauses after a 429 that does not say: at first, and at most.
const (
	minPause = time.Second
	maxPause = 30 * time.Second
)

// A pause is the account's: one 429 holds back everybody.
type pause struct {
	until   time.Time
	since   time.Time // of the first 429 since an answer; zero: none
	backoff *backoff.ExponentialBackOff
}

// begin pauses until the hint is over, or without one for longer than the last time. It says how long the API will
// have been asking to wait by then, without an answer between.
func (p *pause) begin(now time.Time, hint time.Duration, limit time.Duration) time.Duration {
	if p.since.IsZero() {
		p.since = now
	}
	if p.backoff == nil {
		p.backoff = newEndlessBackOff(min(minPause, limit/20), min(maxPause, limit/4))
	}
	wait := p.backoff.NextBackOff()
	if hint > 0 {
		wait = hint
	}
	if until := now.Add(wait); until.After(p.until) {
		p.until = until
	}
	return p.until.Sub(p.since)
}

// extend makes a pause longer for a 429 whose request was under way when the pause began: it is no further sign.
func (p *pause) extend(now time.Time, hint time.Duration) time.Duration {
	if until := now.Add(hint); until.After(p.until) {
		p.until = until
	}
	return p.until.Sub(p.since)
}

// recordAnswer: the API answers again.
func (p *pause) reset() {
	p.since, p.backoff = time.Time{}, nil
}

// newEndlessBackOff is a backoff that grows and never stops: what stops it is its owner's deadline.
func newEndlessBackOff(first, most time.Duration) *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(max(first, time.Millisecond)), backoff.WithMaxInterval(max(most, time.Millisecond)),
		backoff.WithMultiplier(2), backoff.WithRandomizationFactor(0.2), backoff.WithMaxElapsedTime(0),
	)
}
