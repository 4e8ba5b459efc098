package pipeline

import (
	"net/http"
	"sync/atomic"
	"time"

	"enrich/contact"
)

// Stopping bounds what happens after a stop.
type Stopping struct {
	// Grace is how long calls in flight may take after a stop; 0 ends them at once.
	Grace time.Duration
}

// Counters say how far the asking is; they may be read at any time, from any goroutine.
type Counters struct {
	// Read is rows looked at by the ask pass.
	Read atomic.Int64
	// Admitted is contacts whose intent is durable, each as often as it was asked.
	Admitted atomic.Int64
	// Matched, NoMatch, Failed (refused and lost) and Released count outcomes of this run that are durable.
	Matched, NoMatch, Failed, Released atomic.Int64
	// Lost is calls that may have been charged, without an answer.
	Lost atomic.Int64
	// Charged is answers of this run that say that a credit was charged.
	Charged atomic.Int64
	// ChargeUnknown is no matches of this run that do not say whether they were charged.
	ChargeUnknown atomic.Int64
	// Account is what the run's first answer told of the account; nil: nothing.
	Account atomic.Pointer[Account]
	heard   bool // an answer came; settle's alone
}

// An Account is the credits that an account had left after an answer, and how many answers had been charged by then.
type Account struct{ Remaining, Charged int64 }

func (c *Counters) outcome(o *contact.Outcome) {
	switch o.Kind {
	case contact.Matched:
		c.Matched.Add(1)
	case contact.NoMatch:
		c.NoMatch.Add(1)
	case contact.Lost:
		c.Lost.Add(1)
		c.Failed.Add(1)
	case contact.Refused:
		c.Failed.Add(1)
	case contact.Released:
		c.Released.Add(1)
	}
	switch {
	case o.Charged:
		c.Charged.Add(1)
	case o.ChargeUnknown:
		c.ChargeUnknown.Add(1)
	}
	// The first answer alone will do: the call goes alone, so that nothing else of this run is between the two figures.
	if o.Kind.Answered() && !c.heard && o.Status != http.StatusNotFound {
		c.heard = true
		if a, err := contact.ParseAnswer(o.Body); err == nil && a.Remaining != nil {
			c.Account.Store(&Account{*a.Remaining, c.Charged.Load()})
		}
	}
}

// Unexplained is how many credits the account lost beyond what this run counts, given what it has left now. A lost call may
// have been charged, and so may an answer that does not say so, each at most perCall. It is 0 or less if all is explained.
func (c *Counters) Unexplained(remaining *int64, perCall int64) int64 {
	first := c.Account.Load()
	if first == nil || remaining == nil {
		return 0
	}
	counted := perCall * (c.Charged.Load() - first.Charged + c.ChargeUnknown.Load() + c.Lost.Load())
	return first.Remaining - *remaining - counted
}
