package client

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// How long a row waits after a failure that passes: at first, and at most.
const (
	backoffFirst = 500 * time.Millisecond
	backoffMost  = 30 * time.Second
)

// A patience is one row's: how many attempts it had, how long they took with the waits between them, and when the next
// one is. It is made anew for each row, and its policy only once something failed, because nearly nothing does.
//
// Time here is the row's own: what the account waits for (its rate, a pause, an outage) is not in it. So the policy's
// clock is this one, and what earlier askings of the contact took is in it.
type patience struct {
	attempts int // that count
	elapsed  time.Duration
	o        *Options
	policy   backoff.BackOff
}

// last says whether the attempt under way is the last one that may be made.
func (p *patience) last() bool { return p.attempts+1 >= p.o.MaxAttempts }

// Now makes a patience the clock of its own policy.
func (p *patience) Now() time.Time { return time.Time{}.Add(p.elapsed) }

// next is how long to wait before the next attempt, or backoff.Stop when there must be none. A server's hint makes it
// longer, not shorter.
func (p *patience) next(hint time.Duration) time.Duration {
	if p.policy == nil {
		p.policy = hinted{p.newPolicy(), p}
	}
	if p.attempts >= p.o.MaxAttempts {
		return backoff.Stop
	}
	return p.policy.(hinted).after(hint)
}

// again is how long a contact waits that was asked before in this run: as long as its last failure asks for.
func (p *patience) again() (d time.Duration) {
	for range min(p.attempts, p.o.MaxAttempts-1) {
		if next := p.next(0); next != backoff.Stop {
			d = next
		}
	}
	return d
}

// newPolicy bounds both the attempts and the time, always: v4 bounds neither by itself in a way that we want. Its
// elapsed time is counted from the clock's beginning of time.
func (p *patience) newPolicy() backoff.BackOff {
	limit := p.o.MaxElapsed
	e := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(max(min(backoffFirst, limit/10), time.Millisecond)),
		backoff.WithMaxInterval(max(min(backoffMost, limit/2), time.Millisecond)),
		backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(limit), backoff.WithClockProvider(&patience{}),
	)
	e.Clock = p // after its start was taken from a clock that stands at zero
	return backoff.WithMaxRetries(e, uint64(max(p.o.MaxAttempts-1, 0)))
}

// A hinted is a policy that takes a server's hint into account.
type hinted struct {
	backoff.BackOff
	p *patience
}

func (h hinted) after(hint time.Duration) time.Duration {
	d := h.NextBackOff()
	if d == backoff.Stop || hint <= d {
		return d
	}
	if h.p.elapsed+hint > h.p.o.MaxElapsed {
		return backoff.Stop
	}
	return hint
}
