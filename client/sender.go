package client

import (
	"container/list"
	"context"
	"time"
)

// A sender makes the calls of one question about a contact, or of one request of a bulk job. It is what the account queues, counts
// and delays. Its contexts and its exchange are those of one call of [Client.Ask], [Client.Submit] or [Client.Poll].
type sender struct {
	c             *Client
	knownRejected bool          // an earlier run saw it rejected
	limiter       Limiter       // of its endpoint; nil: the account's
	state         callState     // under the account's lock
	elem          *list.Element // in the order of the first calls; nil: it is not there
	soft, hard    context.Context
	x             *exchange

	reserve   func() (reached string) // reserves one more call; nil: any number of calls may be made
	retries   retryState
	sent      int           // requests on the wire
	reserved  int           // requests that may be on the wire
	throttled int           // 429s
	waited    time.Duration // for its own delay, before the current attempt
	reason    string        // of the next retry, as the summary counts it; "": no call was made yet

	// Of the last response:
	message   string // the API's own words
	status    int
	remaining *int64
	at        time.Time // when the call ended; zero: there was none
}

// reserveCall reserves a call, unless one is left because nothing was on the wire. It returns "", or which cap is reached.
func (s *sender) reserveCall() (reached string) {
	if s.sent < s.reserved {
		return ""
	}
	if s.reserve != nil {
		if reached = s.reserve(); reached != "" {
			return reached
		}
	}
	s.reserved++
	return ""
}

// send makes one call and counts it.
func (s *sender) send() reply {
	if s.reason != "" {
		s.c.stats.retry(s.reason)
	}
	r := s.c.call(s.soft, s.hard, s.x)
	if r.onWire {
		s.sent++
		s.c.stats.sent.Add(1)
	}
	return r
}

// record records the result of a call.
func (s *sender) record(r *reply, d *decision) {
	s.message, s.status, s.remaining, s.at = d.message, d.status, d.answer.Remaining, r.at
	if r.delivery == deliveryResponse {
		s.c.reached.Store(true)
		s.c.stats.recordResponse(r.took, d.answer.Remaining, r.at)
	}
}

// ended reports whether a call had no response because the run was ended. When soft is done, that ends a call of which nothing was
// written.
func (s *sender) ended(r *reply) bool {
	return r.delivery != deliveryResponse && (s.hard.Err() != nil || !r.onWire && s.soft.Err() != nil)
}
