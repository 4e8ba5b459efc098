package client

import (
	"container/list"
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"

	"enrich/contact"
)

// A Ticket is a contact to be asked.
type Ticket struct {
	// Row is its row's number, for the log.
	Row     int64
	Contact contact.Contact
	Keys    contact.Keys
	// Retry is asked before each call after the first that was on the wire; false: no further call may be made. nil: always.
	Retry func() bool
	// Refused: an earlier run saw this contact refused. That it is refused again says nothing about whether this run's
	// requests are right: it does not count towards giving up.
	Refused bool
	// Attempts and Elapsed are of earlier askings of this contact in this run, as their Result told them.
	Attempts int
	Elapsed  time.Duration
}

// An Asking is a contact that has its place: [Client.Queue] gives it.
type Asking struct {
	c      *Client
	ticket Ticket
	state  callState // under the account's lock
	elem   *list.Element
	row    *row // between two calls of Do; nil: Do has not been called, or the asking has ended
	result Result
}

// A Result is how an asking ended.
type Result struct {
	Outcome contact.Outcome
	// Stop is why the run must stop; "": it need not. StopCap: Retry said no.
	Stop Stop
	// StopDetail is a sentence for the user.
	StopDetail string
	// Again: the call was lost by a cut answer, and attempts are left: the contact may be asked again in this run.
	Again bool
	// Absent: a 404 in the API's own format that came before any answer, so that the URL may be wrong. Outcome is
	// Released, which is right if the run ends here; [Result.Decide] says what it is once that is known.
	Absent bool
	// Elapsed is what the attempts took so far, with the backoff between them.
	Elapsed time.Duration
	// Remaining is the account's credits as the last response told them; nil: it did not.
	Remaining *int64
	// Err is not nil if the temporary file for large answers failed. The outcome is good all the same, but the run must
	// leaveOrder: memory would have no bound.
	Err error

	memory *answerMemory // nil: nothing to release
	held   int64
}

// Decide is the outcome of an Absent result: no match where the run has seen a usable answer, rejected where it came to its end
// without one. After a stop without one there is nothing to decide: the outcome that it has stands.
func (r *Result) Decide(proved bool) contact.Outcome {
	o := r.Outcome
	if proved {
		o.Kind, o.Body = contact.NoMatch, []byte("{}")
	} else {
		o.Kind, o.Failure = contact.Refused, contact.Rejected
	}
	return o
}

// Queue gives a contact its place. It is called in the order of the input, and [Asking.Do] must be called for each, first in that
// order.
func (c *Client) Queue(t Ticket) *Asking {
	a := &Asking{c: c, ticket: t}
	g := c.account
	if g.first.keyProved.Load() { // for good
		return a
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.first.keyProved.Load() {
		a.elem = g.first.order.PushBack(a)
	}
	return a
}

// Do asks until the asking has ended, or has to wait before its next call for a reason of its own: a failure that may pass. Then the
// result is nil, and Do is to be called again after that time, or as soon as soft is done; meanwhile whoever called it can
// ask others. When soft is done nothing more is sent; when hard is done, which must not be before soft, what is in flight is
// ended too, and is lost if it was written. The result is the asking's own, and stays as it is.
func (a *Asking) Do(soft, hard context.Context) (result *Result, wait time.Duration) {
	r := a.row
	a.row = nil
	if r != nil {
		a.c.account.endBackoff(a)
	} else {
		r = &row{
			Asking:  a,
			retries: retryState{attempts: a.ticket.Attempts, elapsed: a.ticket.Elapsed, o: &a.c.o}, reserved: 1,
		}
		if r.retries.attempts > 0 {
			r.reason = "lost"
			r.c.account.stepAside(a)
			a.row = r
			return nil, r.rest(r.retries.resumeDelay())
		}
	}
	defer func() {
		if a.row == nil { // also where it panics
			a.c.account.leaveOrder(a)
		}
	}()
	x := a.c.exchanges.borrow()
	defer a.c.giveBack(x)
	x.request = appendRequest(x.request[:0], &a.ticket.Contact, a.c.o.EmailAs, a.c.o.Set)
	r.soft, r.hard, r.x = soft, hard, x
	if wait = r.ask(); wait > 0 {
		r.x, a.row = nil, r
		return nil, wait
	}
	return &a.result, 0
}

// leaveOrder takes an asking out of the order of the first calls, and lets the next have its turn.
func (ac *account) leaveOrder(a *Asking) {
	if ac.first.keyProved.Load() {
		return
	}
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if !ac.first.keyProved.Load() && a.elem != nil {
		ac.first.order.Remove(a.elem)
		ac.wakeNext()
	}
}

// stepAside lets those behind an asking have their turn while it waits for its own backoff.
func (ac *account) stepAside(a *Asking) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	a.state = stateAside
	ac.wakeNext()
}

// A row is one asking while it is under way. Its contexts and its exchange are those of one call of Do.
type row struct {
	*Asking
	soft, hard context.Context
	x          *exchange
	retries    retryState
	sent       int // requests of this asking on the wire
	reserved   int // requests that may be on the wire: what was reserved
	throttled  int // how often it was answered by a 429
	reason     string
	message    string // the API's own words, of the last call
	status     int
	remaining  *int64        // the credits that the last response told
	at         time.Time     // when the last call ended; zero: there was none
	waited     time.Duration // for its own backoff, before the attempt under way
}

// maxThrottled bounds how often one row is answered by a 429 while others are not.
const maxThrottled = 30

// run makes attempts until one ends the asking, or is to be followed by a wait for the row's own backoff. This is backoff.Retry with
// what that cannot do: nobody is kept by the wait, and calls that say nothing about the row (429, probes) are not counted.
func (r *row) ask() (wait time.Duration) {
	for ended := false; !ended && wait == 0; {
		if r.sent >= r.reserved {
			if r.ticket.Retry != nil && !r.ticket.Retry() {
				r.endReleased()
				r.result.Stop, r.result.StopDetail = StopCap, "--max-calls is reached"
				return 0
			}
			r.reserved++
		}
		p, ok := r.c.account.acquire(r.soft, r.Asking)
		if !ok {
			r.endReleased()
			return 0
		}
		ended, wait = r.attempt(p)
	}
	return wait
}

// startBackoff counts a wait for the row's own backoff, and is that wait. The shortest is more than none.
func (r *row) rest(d time.Duration) time.Duration {
	r.retries.elapsed += d
	r.waited = d
	r.c.account.startBackoff(r.Asking, d)
	return max(d, 1)
}

// attempt makes one call and does what is right with what came of it; ended: the row has its result.
func (r *row) attempt(p permit) (ended bool, wait time.Duration) {
	if r.reason != "" {
		r.c.stats.retry(r.reason)
	}
	reply := r.c.call(r.hard, r.x)
	defer r.c.memory.settle(r.x, &r.result)
	if reply.onWire {
		r.sent++
		r.c.stats.sent.Add(1)
	}
	v := r.decide(&reply)
	r.message, r.status, r.remaining, r.at = v.message, v.status, v.answer.Remaining, reply.at
	if reply.delivery == deliveryAnswered {
		r.c.reached.Store(true)
		r.c.stats.answered(reply.took, v.answer.Remaining, reply.at)
	}
	n := r.feedback(&reply, &v)
	down := r.c.account.release(r.Asking, p, n)
	r.log(p, &reply, &v)
	r.waited = 0
	switch v.action {
	case actionPause:
		r.reason = "rate_limited"
		if r.throttled++; r.throttled >= maxThrottled {
			r.endExhausted()
			return true, 0
		}
		return false, 0
	case actionRetry, actionExhausted:
		r.reason = reasonOf(&reply, v.status)
		if reply.delivery != deliveryAnswered && r.hard.Err() != nil {
			r.endReleased()
			return true, 0
		}
		if down {
			return false, 0
		}
		return r.backOff(&reply, n.retryAfter)
	}
	r.finish(&reply, &v)
	return true, 0
}

// backOff counts an attempt that failed in a way that passes, and says how long to wait before the next, if there is one.
func (r *row) backOff(reply *reply, hint time.Duration) (ended bool, wait time.Duration) {
	r.retries.attempts++
	r.retries.elapsed += reply.took
	d := r.retries.nextDelay(hint)
	if d == backoff.Stop && reply.delivery == deliveryNoConnection { // the API's fault, not the row's: wait until it is up, or the run ends
		r.retries.attempts--
		r.c.account.declareDown(reply.at, r.message)
		return false, 0
	}
	if d == backoff.Stop {
		r.endExhausted()
		return true, 0
	}
	return false, r.rest(d)
}
