package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"enrich/internal/phrase"
)

// The API counts as down after breakerFailures failures of breakerRows different rows without an answer in between, because a
// row can be the cause of a 500; or after breakerNoConnection failures to connect, because no row can be the cause of those.
const (
	breakerFailures     = 10
	breakerRows         = 3
	breakerNoConnection = 4
)

// apiKeptFailing begins the sentence for the user if the API is down.
const apiKeptFailing = "the API kept failing: "

// Bounds of the time between two probes of an API that is down.
const (
	minProbeInterval = time.Second
	maxProbeInterval = 15 * time.Second
)

// A breaker distinguishes an API that is down from rows that fail. While it is open, single probes are sent.
type breaker struct {
	limit time.Duration // how long the API may be down

	open         bool
	failures     int       // since the last answer
	noConnection int       // in a row
	unsent       int       // failures without a request on the wire
	rows         []int64   // the first breakerRows rows that failed
	since        time.Time // of the first failure
	lastFailure  string
	probeAt      time.Time
	backoff      *backoff.ExponentialBackOff // between probes
}

// reset records an answer: the API is up.
func (b *breaker) reset() {
	if b.failures > 0 {
		*b = breaker{limit: b.limit, rows: b.rows[:0]}
	}
}

// A failure is a call that failed, perhaps only for the moment.
type failure struct {
	row          int64
	noConnection bool
	unsent       bool // no request was on the wire
	probe        bool
	text         string
}

// fail records a failure. A failed probe delays the next one.
func (b *breaker) fail(now time.Time, f failure) {
	if b.failures == 0 {
		b.since = now
	}
	b.failures++
	b.lastFailure = f.text
	if f.unsent {
		b.unsent++
	}
	if f.noConnection {
		b.noConnection++
	} else {
		b.noConnection = 0
	}
	if len(b.rows) < breakerRows && !slices.Contains(b.rows, f.row) {
		b.rows = append(b.rows, f.row)
	}
	switch {
	case !b.open && b.isDown(now):
		b.trip(now)
	case b.open && f.probe:
		b.probeAt = now.Add(b.backoff.NextBackOff())
	}
}

// declareDown opens the breaker because one row could not be sent for as long as it may take.
func (b *breaker) declareDown(now time.Time, text string) {
	if b.failures == 0 {
		b.since, b.failures, b.unsent = now, 1, 1
	}
	b.lastFailure = text
	b.trip(now)
}

func (b *breaker) trip(now time.Time) {
	b.open, b.backoff = true, newEndlessBackOff(min(minProbeInterval, b.limit/40), min(maxProbeInterval, b.limit/8), accountJitter)
	b.probeAt = now.Add(b.backoff.NextBackOff())
}

// isDown reports whether no row can be the cause of the failures: there are many, or they have lasted as long as the API may
// be down, as with a server that hangs.
func (b *breaker) isDown(now time.Time) bool {
	if b.noConnection >= breakerNoConnection {
		return true
	}
	return len(b.rows) >= breakerRows && (b.failures >= breakerFailures || now.Sub(b.since) >= b.limit)
}

// giveUpAt returns when the run stops if the API is still down.
func (b *breaker) giveUpAt() time.Time { return b.since.Add(b.limit) }

// summary says why the run stops. An attempt that sent nothing is called an attempt, not a call.
func (b *breaker) summary(now time.Time) string {
	noun := "calls"
	if b.unsent > 0 {
		noun = "attempts"
	}
	return fmt.Sprintf("%s%d %s in a row failed within %s, the last with %s",
		apiKeptFailing, b.failures, noun, phrase.Duration(now.Sub(b.since).Round(time.Millisecond)), b.lastFailure)
}
