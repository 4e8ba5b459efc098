package client

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// How long a row waits after a failure that passes: at first, and at most.
const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// A retryState is one row's: how many attempts it had, how long they took with the waits between them, and when the next
// one is. It is made anew for each row, and its policy only once something failed, because nearly nothing does.
//
// Time here is the row's own: what the account waits for (its rate, a pause, an outage) is not in it. So the policy's
// clock is this one, and what earlier questions about the contact took is in it.
type retryState struct {
	attempts int // that count
	elapsed  time.Duration
	o        *Options
	policy   backoff.BackOff
}

// isLast says whether the attempt under way is the last one that may be made.
func (s *retryState) isLast() bool { return s.attempts+1 >= s.o.MaxAttempts }

// Now makes a patience the clock of its own policy.
func (s *retryState) Now() time.Time { return time.Time{}.Add(s.elapsed) }

// delay is how long to wait before the next attempt, or backoff.Stop when there must be none. A server's hint makes it
// longer, not shorter.
func (s *retryState) nextDelay(hint time.Duration) time.Duration {
	if s.policy == nil {
		s.policy = retryAfter{s.newPolicy(), s}
	}
	if s.attempts >= s.o.MaxAttempts {
		return backoff.Stop
	}
	return s.policy.(retryAfter).after(hint)
}

// resumeDelay is how long a contact waits that was asked before in this run: as long as its last failure asks for.
func (s *retryState) resumeDelay() (d time.Duration) {
	for range min(s.attempts, s.o.MaxAttempts-1) {
		if next := s.nextDelay(0); next != backoff.Stop {
			d = next
		}
	}
	return d
}

// newPolicy bounds both the attempts and the time, always: v4 bounds neither by itself in a way that we want. Its
// elapsed time is counted from the clock's beginning of time.
func (s *retryState) newPolicy() backoff.BackOff {
	limit := s.o.MaxElapsed
	e := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(max(min(minBackoff, limit/10), time.Millisecond)),
		backoff.WithMaxInterval(max(min(maxBackoff, limit/2), time.Millisecond)),
		backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(limit), backoff.WithClockProvider(&retryState{}),
	)
	e.Clock = s // after its start was taken from a clock that stands at zero
	return backoff.WithMaxRetries(e, uint64(max(s.o.MaxAttempts-1, 0)))
}

// A retryAfter is a policy that takes a server's hint into account.
type retryAfter struct {
	backoff.BackOff
	p *retryState
}

func (r retryAfter) after(hint time.Duration) time.Duration {
	d := r.NextBackOff()
	if d == backoff.Stop || hint <= d {
		return d
	}
	if r.p.elapsed+hint > r.p.o.MaxElapsed {
		return backoff.Stop
	}
	return hint
}
