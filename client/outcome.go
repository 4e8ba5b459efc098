package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"enrich/contact"
	"enrich/internal/phrase"
)

// decide decides what to do after a call: the status policy if there is an answer, otherwise by how far the call got.
func (q *question) decide(r *reply) decision {
	switch r.delivery {
	case deliveryResponse:
		return decide(r.status, r.body, attempt{last: q.retries.isLast(), urlVerified: q.c.urlVerified()})
	case deliveryCut:
		return decision{action: actionLost, message: q.c.errorText(r)}
	case deliveryCorrupt:
		return decision{action: actionUnusable, message: q.c.errorText(r)}
	case deliveryNoConnection:
		return q.c.decideNoConnection(r)
	}
	d := decision{action: actionRetry, message: q.c.errorText(r)}
	if q.retries.isLast() {
		d.action = actionExhausted
	}
	return d
}

// decideNoConnection decides about a call without a connection. That is not the fault of a row. The run stops at once if a retry does
// not help; but not once the API has answered: then even a bad certificate, an unknown host or a proxy's refusal may be one
// machine of several, or a change in progress.
func (c *Client) decideNoConnection(r *reply) decision {
	if errors.Is(r.err, context.DeadlineExceeded) || errors.Is(r.err, context.Canceled) {
		return decision{action: actionRetry, message: c.errorText(r)}
	}
	f := c.diagnoser.Diagnose(r.err)
	if f.Permanent && !c.reached.Load() {
		return decision{action: actionStop, stop: contact.StopAPIDown, message: f.Cause, advice: f.Advice}
	}
	return decision{action: actionRetry, message: "no connection: " + f.String()}
}

// errorText returns a call's error and how far it got for people, without the key.
func (c *Client) errorText(r *reply) string {
	text := c.cause(r)
	if text == "" {
		return ""
	}
	switch r.delivery {
	case deliveryNoConnection:
		return "no connection: " + text
	case deliveryNotSent:
		return "the request was not delivered: " + text
	case deliveryCorrupt:
		return text
	}
	return "the answer was lost: " + text
}

// cause returns a call's error for people, without the key; "" if there was none.
func (c *Client) cause(r *reply) string {
	switch {
	case r.err == nil:
		return ""
	case errors.Is(r.err, context.DeadlineExceeded):
		return "no answer within " + phrase.Duration(c.o.Timeout)
	case errors.Is(r.err, context.Canceled):
		return "the run was ended before the answer came"
	}
	return c.clean(r.err.Error())
}

// feedback returns what a call means for the account.
func (q *question) feedback(r *reply, d *decision) feedback {
	return q.sender.feedback(r, d, q.Row, q.Contact.Email != "")
}

// feedback returns what a call for a row means for the account. withEmail: the request had an e-mail address.
func (s *sender) feedback(r *reply, d *decision, row int64, withEmail bool) feedback {
	f := feedback{row: row, fromAPI: d.fromAPI, knownRejected: s.knownRejected, unsent: !r.onWire}
	if d.action != actionAnswer { // too costly for each answer
		f.failure = describe(d.status, d.message)
	}
	if r.header != nil {
		f.rate = parseRateLimit(r.header.Get("Rate_limit"))
		f.retryAfter = parseRetryAfter(r.header, r.at)
	}
	f.rejection = rejection{status: d.status, withEmail: withEmail, emailAs: s.c.o.EmailAs, message: d.message, unusable: d.action == actionUnusable}
	f.signal = s.signal(r, d)
	switch {
	case d.action == actionStop:
		f.stop, f.failure = d.stop, d.message
		if f.unreachable = r.delivery == deliveryNoConnection; f.unreachable && d.advice != "" {
			f.failure += "\n  " + d.advice
		}
	case d.status == http.StatusNotFound && !d.fromAPI:
		f.failure += "; " + checkURLAdvice(&s.c.o)
	}
	return f
}

func (s *sender) signal(r *reply, d *decision) signal {
	switch d.action {
	case actionAnswer:
		if d.status == http.StatusNotFound {
			return signalNotFound
		}
		return signalAnswer
	case actionRunning:
		return signalAnswer
	case actionReject, actionNotFound:
		return signalRejected
	case actionPause:
		return signalThrottled
	case actionStop:
		return signalStop
	case actionUnusable:
		return signalUnusable
	}
	switch {
	case s.ended(r):
		return signalNone
	case r.delivery == deliveryNoConnection:
		return signalNoConnection
	}
	return signalFailed
}

// describe returns a status with the words that came with it.
func describe(status int, message string) string {
	switch {
	case status == 0:
		return message
	case message == "":
		return fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	return fmt.Sprintf("%d (%q)", status, message)
}

// retryReason returns why a call is retried, as the summary counts it.
func retryReason(r *reply, status int) string {
	switch {
	case r.delivery == deliveryNoConnection:
		return "no_connection"
	case r.delivery == deliveryNotSent:
		return "not_taken"
	case r.delivery == deliveryCut: // only a request that is never charged is retried
		return "cut"
	case status == http.StatusAccepted:
		return "not_ready"
	case status == http.StatusNotFound:
		return "not_found"
	case status < 500:
		return "not_now"
	}
	return "server_error"
}

// finish sets the result after a decision that is final.
func (q *question) finish(r *reply, d *decision) {
	q.end(contact.Released)
	result, o := &q.x.result, &q.x.result.Outcome
	switch d.action {
	case actionAnswer:
		o.Kind, o.Charged, o.ChargeUnknown, o.Body = d.answer.Kind(), d.answer.Charged, d.answer.ChargeUnknown, d.answer.Body
	case actionReject:
		o.Kind, o.Failure = contact.Refused, contact.Rejected
	case actionNotFound:
		result.Undecided = true
	case actionLost:
		q.retries.attempts++
		q.retries.elapsed += r.took
		result.Elapsed = q.retries.elapsed
		o.Kind, o.Failure = contact.Lost, contact.Exhausted
		result.Again = q.retries.attempts < q.c.o.MaxAttempts && result.Elapsed < q.c.o.MaxElapsed
	case actionUnusable:
		o.Kind, o.Failure = contact.Lost, contact.Malformed
	}
}

// endExhausted ends a question whose failures did not pass.
func (q *question) endExhausted() {
	q.end(contact.Refused)
	q.x.result.Outcome.Failure = contact.Exhausted
}

// endReleased ends a question that was not charged and may not be sent any more: as if it had never been sent.
func (q *question) endReleased() { q.end(contact.Released) }

// end sets the result.
func (q *question) end(kind contact.Kind) {
	at := q.at
	if at.IsZero() {
		at = time.Now()
	}
	q.x.result = contact.Result{Elapsed: q.retries.elapsed, Remaining: q.remaining, Err: q.c.memory.Err(), Outcome: contact.Outcome{
		Contact: q.Contact, Keys: q.Keys, Kind: kind, At: at.UTC().Truncate(time.Millisecond),
		Status: q.status, Attempts: q.Attempts + q.sent, Message: q.message,
	}}
	select {
	case <-q.c.account.stopped:
		q.x.result.Stop, q.x.result.StopDetail = q.c.account.stopCause()
	default:
	}
}
