package client

import (
	"container/list"
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"

	"enrich/contact"
)

// A question is a contact.Question on its way: [Client.Queue] makes it, and it lasts until Ask has returned a result. Its
// contexts and its exchange are those of one call of Ask.
type question struct {
	*contact.Question
	c          *Client
	state      callState     // under the account's lock
	elem       *list.Element // its place in the order of the first calls; nil: it has none
	soft, hard context.Context
	x          *exchange
	waits      bool // for its backoff, between two calls of Ask
	retries    retryState
	sent       int // requests of this question on the wire
	reserved   int // requests that may be on the wire: what was reserved
	throttled  int // how often it was answered by a 429
	reason     string
	message    string // the API's own words, of the last call
	status     int
	remaining  *int64        // the credits that the last response told
	at         time.Time     // when the last call ended; zero: there was none
	waited     time.Duration // for its own backoff, before the attempt under way
	result     contact.Result
	held       int64 // bytes of the memory for answers that the result has
}

// Queue gives a question its place in the order of the first calls. It must be called once for each question, in input order,
// before Ask.
func (c *Client) Queue(q *contact.Question) {
	r := &question{Question: q, c: c, retries: retryState{attempts: q.Attempts, elapsed: q.Elapsed, o: &c.o}, reserved: 1}
	q.Progress = r
	ac := c.account
	if ac.first.keyProved.Load() { // for good
		return
	}
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if !ac.first.keyProved.Load() {
		r.elem = ac.first.order.PushBack(r)
	}
}

// Ask sends a question, and retries, until it has a result. Before a retry it may return a time to wait instead of a result:
// then it must be called again after that time, or when soft is done if that is earlier. When soft is done nothing more is
// sent. When hard is done, which must not be before soft, the call in flight is ended too, and is lost if it was written.
func (c *Client) Ask(soft, hard context.Context, q *contact.Question) (result contact.Result, wait time.Duration) {
	r := q.Progress.(*question)
	switch {
	case r.waits:
		r.waits = false
		c.account.endBackoff(r)
	case r.retries.attempts > 0: // it repeats a lost call
		r.reason, r.waits = "lost", true
		c.account.stepAside(r)
		return result, r.rest(r.retries.resumeDelay())
	}
	defer func() {
		if !r.waits { // also if it panics
			c.account.leaveOrder(r)
		}
	}()
	x := c.exchanges.borrow()
	defer c.giveBack(x)
	x.request = appendRequest(x.request[:0], &q.Contact, c.o.EmailAs, c.o.Set)
	r.soft, r.hard, r.x = soft, hard, x
	if wait = r.ask(); wait > 0 {
		r.x, r.waits = nil, true
		return result, wait
	}
	result, r.result = r.result, result // so that only the caller has the answer
	q.Progress = nil
	return result, 0
}

// leaveOrder takes a question out of the order of the first calls, and lets the next have its turn.
func (ac *account) leaveOrder(a *question) {
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

// stepAside lets those behind a question have their turn while it waits for its own backoff.
func (ac *account) stepAside(a *question) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	a.state = stateAside
	ac.wakeNext()
}

// maxThrottled bounds how often one row is answered by a 429 while others are not.
const maxThrottled = 30

// ask makes attempts until one ends the question, or is to be followed by a wait for the row's own backoff. This is backoff.Retry with
// what that cannot do: nobody is kept by the wait, and calls that say nothing about the row (429, probes) are not counted.
func (r *question) ask() (wait time.Duration) {
	for ended := false; !ended && wait == 0; {
		if r.sent >= r.reserved {
			if r.Retry != nil && !r.Retry() {
				r.endReleased()
				r.result.Stop, r.result.StopDetail = contact.StopCap, "--max-calls is reached"
				return 0
			}
			r.reserved++
		}
		p, ok := r.c.account.acquire(r.soft, r)
		if !ok {
			r.endReleased()
			return 0
		}
		ended, wait = r.attempt(p)
	}
	return wait
}

// rest counts a wait for the row's own backoff, and is that wait. The shortest is more than none.
func (r *question) rest(d time.Duration) time.Duration {
	r.retries.elapsed += d
	r.waited = d
	r.c.account.startBackoff(r, d)
	return max(d, 1)
}

// attempt makes one call and does what is right with what came of it; ended: the row has its result.
func (r *question) attempt(p permit) (ended bool, wait time.Duration) {
	if r.reason != "" {
		r.c.stats.retry(r.reason)
	}
	reply := r.c.call(r.hard, r.x)
	defer r.c.memory.settle(r.x, r)
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
	down := r.c.account.release(r, p, n)
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
func (r *question) backOff(reply *reply, hint time.Duration) (ended bool, wait time.Duration) {
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
