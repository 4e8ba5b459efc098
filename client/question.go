package client

import (
	"context"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"

	"enrich/contact"
)

// A question is a contact.Question in progress, from [Client.Queue] until [Client.Ask] returns a result.
type question struct {
	*contact.Question
	sender
	waiting bool  // it waits for its own backoff, between two calls of Ask
	held    int64 // bytes of the memory for answers that the result takes
}

// Queue gives a question its place in the order of the first calls. It must be called once for each question, in input order,
// before Ask.
func (c *Client) Queue(cq *contact.Question) {
	q := &question{Question: cq, sender: sender{
		c: c, knownRejected: cq.Refused, reserve: cq.Retry, reserved: 1,
		retries: retryState{attempts: cq.Attempts, elapsed: cq.Elapsed, o: &c.o},
	}}
	cq.Progress = q
	c.account.join(&q.sender)
}

// Ask sends a question, and retries, until it has a result. Before a retry it may return a time to wait instead of a result:
// then it must be called again after that time, or when soft is done if that is earlier. When soft is done nothing more is
// sent. When hard is done, which must not be before soft, the call in flight is ended too, and is lost if it was written.
func (c *Client) Ask(soft, hard context.Context, cq *contact.Question) (result contact.Result, wait time.Duration) {
	q := cq.Progress.(*question)
	switch {
	case q.waiting:
		q.waiting = false
		c.account.endDelay(&q.sender)
	case q.retries.attempts > 0: // it repeats a lost call
		q.reason, q.waiting = "lost", true
		c.account.stepAside(&q.sender)
		return result, q.backOff(q.retries.resumeDelay())
	}
	defer func() {
		if !q.waiting { // even if it panics
			c.account.leave(&q.sender)
		}
	}()
	x := c.exchanges.borrow()
	defer c.giveBack(x)
	x.request = appendRequest(x.request[:0], &cq.Contact, c.o.EmailAs, c.o.Set)
	q.soft, q.hard, q.x = soft, hard, x
	if wait = q.attempts(); wait > 0 {
		q.x, q.waiting = nil, true
		return result, wait
	}
	cq.Progress = nil
	return x.result, 0
}

// maxThrottled bounds how many 429s one row gets while others get answers.
const maxThrottled = 30

// attempts makes attempts until one gives the result, or must be followed by a wait. It is not backoff.Retry, because that
// would block the worker during the wait, and would count calls that say nothing about the row (429, probes).
func (q *question) attempts() (wait time.Duration) {
	for done := false; !done && wait == 0; {
		if reached := q.reserveCall(); reached != "" {
			q.endReleased()
			q.x.result.Stop, q.x.result.StopDetail = contact.StopCap, reached
			return 0
		}
		t, ok := q.c.account.acquire(q.soft, &q.sender)
		if !ok {
			q.endReleased()
			return 0
		}
		done, wait = q.attempt(t)
	}
	return wait
}

// attempt makes one call and acts on the decision about it. done: the question has its result.
func (q *question) attempt(t turn) (done bool, wait time.Duration) {
	r := q.send()
	defer q.freeMemory()
	d := q.decide(&r)
	q.record(&r, &d)
	f := q.feedback(&r, &d)
	down := q.c.account.release(&q.sender, t, f)
	if q.c.o.Log != nil {
		q.log(t, &r, &d, slog.Int64("row", q.Row), slog.Int("attempt", q.Attempts+max(q.sent, 1)))
	}
	q.waited = 0
	switch d.action {
	case actionPause: // release has paused the account
		q.reason = "rate_limited"
		if q.throttled++; q.throttled >= maxThrottled {
			q.endExhausted()
			return true, 0
		}
		return false, 0
	case actionRetry, actionExhausted:
		q.reason = retryReason(&r, d.status)
		if q.ended(&r) {
			q.endReleased()
			return true, 0
		}
		if down {
			return false, 0
		}
		return q.retry(&r, f.retryAfter)
	}
	q.finish(&r, &d)
	return true, 0
}

// retry counts a failed attempt, and returns the delay before the next unless there is none.
func (q *question) retry(r *reply, retryAfter time.Duration) (done bool, wait time.Duration) {
	q.retries.attempts++
	q.retries.elapsed += r.took
	delay := q.retries.nextDelay(retryAfter)
	switch {
	case delay != backoff.Stop:
		return false, q.backOff(delay)
	case r.delivery == deliveryNoConnection: // no fault of the row: wait until the API is up, or the run ends
		q.retries.attempts--
		q.c.account.declareDown(r.at, q.message)
		return false, 0
	}
	q.endExhausted()
	return true, 0
}

// backOff counts a delay of the row's own, and returns it; it is never 0.
func (q *question) backOff(delay time.Duration) time.Duration {
	q.retries.elapsed += delay
	q.waited = delay
	q.c.account.startDelay(&q.sender, delay, waitBackoff)
	return max(delay, 1)
}
