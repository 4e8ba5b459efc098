package client

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Bounds of a pause after a 429 without Retry-After.
const (
	minPause = time.Second
	maxPause = 30 * time.Second
	// accountJitter randomises the account's delays (pauses and probes) less than a row's: a single call follows each.
	accountJitter = 0.2
)

// A pause is a [Pauser] for one machine.
type pause struct {
	maxElapsed time.Duration
	until      time.Time
	since      time.Time                   // time of the first 429 since the last answer; zero if none
	backoff    *backoff.ExponentialBackOff // nil until the first 429 since the last answer
}

// Begin implements [Pauser].
func (p *pause) Begin(now time.Time, retryAfter time.Duration) time.Duration {
	if p.since.IsZero() {
		p.since = now
	}
	if p.backoff == nil {
		p.backoff = newEndlessBackOff(min(minPause, p.maxElapsed/20), min(maxPause, p.maxElapsed/4), accountJitter)
	}
	wait := p.backoff.NextBackOff()
	if retryAfter > 0 {
		wait = retryAfter
	}
	return p.Extend(now, wait)
}

// Extend implements [Pauser].
func (p *pause) Extend(now time.Time, retryAfter time.Duration) time.Duration {
	if until := now.Add(retryAfter); until.After(p.until) {
		p.until = until
	}
	if p.since.IsZero() { // an answer came after the call was sent
		return p.until.Sub(now)
	}
	return p.until.Sub(p.since)
}

// Until implements [Pauser].
func (p *pause) Until() time.Time { return p.until }

// Reset implements [Pauser].
func (p *pause) Reset() { p.since, p.backoff = time.Time{}, nil }
