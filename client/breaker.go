package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// When an API counts as down: so many failures with no answer between, of so many rows, because a row can be at
// fault for a 500; or so many where no connection came about, which no row is at fault for.
const (
	breakerFailures     = 10
	breakerRows         = 3
	breakerNoConnection = 4
)

// How long probes of an API that is down are apart: at first, and at most.
const (
	minProbeInterval = time.Second
	maxProbeInterval = 15 * time.Second
)

// A breaker tells an API that is down from rows that fail. While it is open, single probes are sent.
type breaker struct {
	open         bool
	failures     int
	noConnection int       // in a row
	unsent       int       // failures without a request on the wire
	rows         []int64   // the first breakRows different rows that failed
	since        time.Time // of the first failure since an answer
	probeAt      time.Time
	last         string // what the last failure was
	backoff      *backoff.ExponentialBackOff
}

// recordAnswer: the API is up.
func (b *breaker) reset() {
	if b.failures > 0 {
		*b = breaker{rows: b.rows[:0]}
	}
}

// recordFailure counts a failure, and says whether the API counts as down now. A probe's failure makes the next one later.
func (b *breaker) fail(now time.Time, row int64, unreached, probe bool, what string, limit time.Duration) (down bool) {
	if b.failures == 0 {
		b.since = now
	}
	b.failures++
	b.last = what
	if unreached {
		b.noConnection++
	} else {
		b.noConnection = 0
	}
	if len(b.rows) < breakerRows && !slices.Contains(b.rows, row) {
		b.rows = append(b.rows, row)
	}
	if !b.open && b.isDown(now, limit) {
		b.open, b.backoff = true, newEndlessBackOff(min(minProbeInterval, limit/40), min(maxProbeInterval, limit/8))
		probe = true
	}
	if b.open && probe {
		b.probeAt = now.Add(b.backoff.NextBackOff())
	}
	return b.open
}

// declareDown counts the API as down, whatever the failures so far.
func (b *breaker) trip(now time.Time, what string, limit time.Duration) {
	if b.failures == 0 {
		b.since, b.failures, b.unsent = now, 1, 1
	}
	b.last, b.open, b.backoff = what, true, newEndlessBackOff(min(minProbeInterval, limit/40), min(maxProbeInterval, limit/8))
	b.probeAt = now.Add(b.backoff.NextBackOff())
}

// isDown says whether the failures so far are no row's fault: they are many, or (where each takes long, as with a server
// that hangs) they have lasted for as long as an API may be down.
func (b *breaker) isDown(now time.Time, limit time.Duration) bool {
	if b.noConnection >= breakerNoConnection {
		return true
	}
	return len(b.rows) >= breakerRows && (b.failures >= breakerFailures || now.Sub(b.since) >= limit)
}

// summary says what to tell when the API has been down for too long. What was not on the wire was not a call.
func (b *breaker) summary(now time.Time) string {
	what := "calls"
	if b.unsent > 0 {
		what = "attempts"
	}
	return fmt.Sprintf("%d %s in a row failed within %v, the last with %s", b.failures, what, now.Sub(b.since).Round(time.Millisecond), b.last)
}
