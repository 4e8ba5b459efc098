package pipeline

import (
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
}

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
	if o.Charged {
		c.Charged.Add(1)
	}
}
