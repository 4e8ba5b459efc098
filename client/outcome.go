package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"enrich/contact"
)

// decideNotFound is decide for a reply, also for one without an answer.
func (r *question) decide(reply *reply) decision {
	switch reply.delivery {
	case deliveryAnswered:
		return decide(reply.status, reply.body, attempt{last: r.retries.isLast(), urlProved: r.c.urlProved()})
	case deliveryCut:
		return decision{action: actionLost, message: r.errorText(reply)}
	case deliveryUndecodable:
		return decision{action: actionUnusable, message: r.errorText(reply)}
	}
	if reply.delivery == deliveryNoConnection {
		return r.decideNoConnection(reply)
	}
	v := decision{action: actionRetry, message: r.errorText(reply)}
	if r.retries.isLast() {
		v.action = actionExhausted
	}
	return v
}

// decideNoConnection is for a call without a connection. No row is at fault for it. The run stops at once if a retry does not
// help; but not once the API has answered: then what looks final (a certificate, a name, a proxy) may be one machine of
// several, or a change under way.
func (r *question) decideNoConnection(reply *reply) decision {
	if errors.Is(reply.err, context.DeadlineExceeded) || errors.Is(reply.err, context.Canceled) {
		return decision{action: actionRetry, message: r.errorText(reply)}
	}
	f := r.c.diagnoser.Diagnose(reply.err)
	if f.Permanent && !r.c.reached.Load() {
		return decision{action: actionStop, stop: contact.StopAPIDown, message: f.Cause, advice: f.Advice}
	}
	return decision{action: actionRetry, message: "no connection: " + f.String()}
}

// errorText are a call's error for people, without the key.
func (r *question) errorText(reply *reply) string {
	if reply.err == nil {
		return ""
	}
	text := r.c.clean(reply.err.Error())
	switch {
	case errors.Is(reply.err, context.DeadlineExceeded):
		text = fmt.Sprintf("no answer within %v", r.c.o.Timeout)
	case errors.Is(reply.err, context.Canceled):
		text = "the run was ended before the answer came"
	}
	switch reply.delivery {
	case deliveryNoConnection:
		return "no connection: " + text
	case deliveryNotSent:
		return "the request was not taken: " + text
	case deliveryUndecodable:
		return "the answer cannot be decoded: " + text
	}
	return "the answer was lost: " + text
}

// feedback is what a call means for the account.
func (r *question) feedback(reply *reply, v *decision) feedback {
	n := feedback{row: r.Row, fromAPI: v.fromAPI, knownRejected: r.Refused, unsent: !reply.onWire}
	if v.action != actionAnswer { // the words cost more than they should for each answer
		n.failure = describe(v.status, v.message)
	}
	if reply.header != nil {
		n.rate = parseRateLimit(reply.header.Get("Rate_limit"))
		n.retryAfter = parseRetryAfter(reply.header, reply.at)
	}
	n.rejection = rejection{status: v.status, withEmail: r.Contact.Email != "", message: v.message, unusable: v.action == actionUnusable}
	n.signal = r.signal(reply, v)
	switch {
	case v.action == actionStop:
		n.stop, n.failure = v.stop, v.message
		if n.unreachable = reply.delivery == deliveryNoConnection; n.unreachable && v.advice != "" {
			n.failure += "\n  " + v.advice
		}
	case v.status == http.StatusNotFound && !v.fromAPI:
		n.failure += "; " + checkURLAdvice(&r.c.o)
	}
	return n
}

func (r *question) signal(reply *reply, v *decision) signal {
	switch v.action {
	case actionAnswer:
		if v.status == http.StatusNotFound {
			return signalNotFound
		}
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
	case reply.delivery != deliveryAnswered && r.hard.Err() != nil:
		return signalNone
	case reply.delivery == deliveryNoConnection:
		return signalNoConnection
	}
	return signalFailed
}

// describe is a status and the words that came with it.
func describe(status int, message string) string {
	switch {
	case status == 0:
		return message
	case message == "":
		return fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	return fmt.Sprintf("%d (%q)", status, message)
}

// reasonOf is why a call is made again, as the summary counts it.
func reasonOf(reply *reply, status int) string {
	switch {
	case reply.delivery == deliveryNoConnection:
		return "no_connection"
	case reply.delivery == deliveryNotSent:
		return "not_taken"
	case status == http.StatusAccepted:
		return "not_ready"
	case status == http.StatusNotFound:
		return "not_found"
	case status < 500:
		return "not_now"
	}
	return "server_error"
}

// finish is for a verdict that ends a question.
func (r *question) finish(reply *reply, v *decision) {
	r.end(contact.Released)
	out := &r.result
	o := &out.Outcome
	switch v.action {
	case actionAnswer:
		o.Kind, o.Charged, o.ChargeUnknown, o.Body = v.answer.Kind(), v.answer.Charged, v.answer.ChargeUnknown, v.answer.Body
	case actionReject:
		o.Kind, o.Failure = contact.Refused, contact.Rejected
	case actionNotFound:
		out.Absent = true
	case actionLost:
		r.retries.attempts++
		r.retries.elapsed += reply.took
		out.Elapsed = r.retries.elapsed
		o.Kind, o.Failure = contact.Lost, contact.Exhausted
		out.Again = r.retries.attempts < r.c.o.MaxAttempts && out.Elapsed < r.c.o.MaxElapsed
	case actionUnusable:
		o.Kind, o.Failure = contact.Lost, contact.Malformed
	}
}

// endExhausted is for a row whose failures did not pass.
func (r *question) endExhausted() {
	r.end(contact.Refused)
	r.result.Outcome.Failure = contact.Exhausted
}

// endReleased is for a row that was not charged and may not be asked any more: as if it had not been asked.
func (r *question) endReleased() { r.end(contact.Released) }

// leaveOrder gives a question its result.
func (r *question) end(kind contact.Kind) {
	at := r.at
	if at.IsZero() {
		at = time.Now()
	}
	r.result = contact.Result{Elapsed: r.retries.elapsed, Remaining: r.remaining, Err: r.c.memory.spill.failure(), Outcome: contact.Outcome{
		Contact: r.Contact, Keys: r.Keys, Kind: kind, At: at.UTC().Truncate(time.Millisecond),
		Status: r.status, Attempts: r.Attempts + r.sent, Message: r.message,
	}}
	select {
	case <-r.c.account.halted:
		r.result.Stop, r.result.StopDetail = r.c.account.stopReason()
	default:
	}
}
