package client

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Bounds of the delay before a row's next attempt.
const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// A retryState tracks the retries of one row: the attempts made, the time spent on them, and the delay before the next. Most
// rows never fail, so the backoff policy is created on the first failure.
//
// Only the row's own time counts. Time spent waiting for the account (rate limit, pause, outage) does not.
type retryState struct {
	attempts int           // failed attempts; 429s and probes are not counted
	elapsed  time.Duration // attempts and the delays between them, also of earlier questions about the contact
	o        *Options
	policy   *rowBackOff
}

// isLast reports whether the attempt in flight is the last.
func (s *retryState) isLast() bool { return s.attempts+1 >= s.o.MaxAttempts }

// nextDelay returns the delay before the next attempt, or [backoff.Stop] if the attempts or --max-elapsed are used up.
// retryAfter, if the server sent one, can only make the delay longer.
func (s *retryState) nextDelay(retryAfter time.Duration) time.Duration {
	if s.attempts >= s.o.MaxAttempts {
		return backoff.Stop
	}
	if s.policy == nil {
		s.policy = s.newPolicy()
	}
	s.policy.retryAfter = retryAfter
	return s.policy.NextBackOff()
}

// resumeDelay returns the delay before a contact whose call was lost is sent again: that of its last attempt.
func (s *retryState) resumeDelay() (d time.Duration) {
	for range min(s.attempts, s.o.MaxAttempts-1) {
		if next := s.nextDelay(0); next != backoff.Stop {
			d = next
		}
	}
	return d
}

func (s *retryState) newPolicy() *rowBackOff {
	limit := s.o.MaxElapsed
	delays := newEndlessBackOff(min(minBackoff, limit/10), min(maxBackoff, limit/2), backoff.DefaultRandomizationFactor)
	return &rowBackOff{BackOff: backoff.WithMaxRetries(delays, uint64(max(s.o.MaxAttempts-1, 0))), state: s}
}

// A rowBackOff wraps a BackOff and honours the server's Retry-After. It stops if the row's time would exceed --max-elapsed.
type rowBackOff struct {
	backoff.BackOff
	state      *retryState
	retryAfter time.Duration // of the last response; 0: it had none
}

// NextBackOff implements [backoff.BackOff].
func (b *rowBackOff) NextBackOff() time.Duration {
	d := b.BackOff.NextBackOff()
	if d == backoff.Stop {
		return d
	}
	d = max(d, b.retryAfter)
	if b.state.elapsed+d > b.state.o.MaxElapsed {
		return backoff.Stop
	}
	return d
}

// newEndlessBackOff returns a policy whose delays double from the first to the maximum, with jitter. It never stops: its owner
// bounds attempts and time.
func newEndlessBackOff(first, maximum time.Duration, jitter float64) *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(max(first, time.Millisecond)), backoff.WithMaxInterval(max(maximum, time.Millisecond)),
		backoff.WithMultiplier(2), backoff.WithRandomizationFactor(jitter), backoff.WithMaxElapsedTime(0),
	)
}
