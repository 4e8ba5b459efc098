package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"enrich/contact"
)

// judge is decide for a reply, also for one without an answer.
func (r *row) judge(reply *reply) verdict {
	switch reply.fate {
	case fateAnswered:
		return decide(reply.status, reply.body, attempt{last: r.patience.last(), answered: r.c.answered()})
	case fateCut:
		return verdict{act: actLost, message: r.words(reply)}
	case fateSpoilt:
		return verdict{act: actSpoilt, message: r.words(reply)}
	}
	if reply.fate == fateUnreached {
		return r.judgeUnreached(reply)
	}
	v := verdict{act: actRetry, message: r.words(reply)}
	if r.patience.last() {
		v.act = actExhaust
	}
	return v
}

// judgeUnreached is for a call without a connection. No row is at fault for it. The run stops at once if a retry does not
// help; but not once the API has answered: then what looks final (a certificate, a name, a proxy) may be one machine of
// several, or a change under way.
func (r *row) judgeUnreached(reply *reply) verdict {
	if errors.Is(reply.err, context.DeadlineExceeded) || errors.Is(reply.err, context.Canceled) {
		return verdict{act: actRetry, message: r.words(reply)}
	}
	o := r.c.obstacle(reply.err)
	if o.final && !r.c.reached.Load() {
		return verdict{act: actStop, stop: StopAPIDown, message: o.what, advice: o.help}
	}
	return verdict{act: actRetry, message: "no connection: " + o.String()}
}

// words are a call's error for people, without the key.
func (r *row) words(reply *reply) string {
	if reply.err == nil {
		return ""
	}
	text := bounded(r.c.redactor.redactString(reply.err.Error()))
	switch {
	case errors.Is(reply.err, context.DeadlineExceeded):
		text = fmt.Sprintf("no answer within %v", r.c.o.Timeout)
	case errors.Is(reply.err, context.Canceled):
		text = "the run was ended before the answer came"
	}
	switch reply.fate {
	case fateUnreached:
		return "no connection: " + text
	case fateUnsent:
		return "the request was not taken: " + text
	case fateSpoilt:
		return "the answer cannot be decoded: " + text
	}
	return "the answer was lost: " + text
}

// news is what a call means for the account.
func (r *row) news(reply *reply, v *verdict) news {
	n := news{row: r.ticket.Row, own: v.fromAPI, expected: r.ticket.Refused, unsent: !reply.onWire}
	if v.act != actAnswer { // the words cost more than they should for each answer
		n.what = describe(v.status, v.message)
	}
	if reply.header != nil {
		n.rate = headerRate(reply.header.Get("Rate_limit"))
		n.hint = retryAfter(reply.header, reply.at)
	}
	n.refusal = refusal{status: v.status, addressed: r.ticket.Contact.Email != "", message: v.message, unusable: v.act == actSpoilt}
	n.tiding = r.tiding(reply, v)
	switch {
	case v.act == actStop:
		n.stop, n.what = v.stop, v.message
		if n.unreachable = reply.fate == fateUnreached; n.unreachable && v.advice != "" {
			n.what += "\n  " + v.advice
		}
	case v.status == http.StatusNotFound && !v.fromAPI:
		n.what += "; " + notTheAPI(&r.c.o)
	}
	return n
}

func (r *row) tiding(reply *reply, v *verdict) tiding {
	switch v.act {
	case actAnswer:
		if v.status == http.StatusNotFound {
			return tidingAbsent
		}
		return tidingUsable
	case actReject, actAbsent:
		return tidingRefused
	case actPause:
		return tidingThrottled
	case actStop:
		return tidingStop
	case actSpoilt:
		return tidingUnusable
	}
	switch {
	case reply.fate != fateAnswered && r.hard.Err() != nil:
		return tidingNone
	case reply.fate == fateUnreached:
		return tidingUnreached
	}
	return tidingFailed
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
	case reply.fate == fateUnreached:
		return "no_connection"
	case reply.fate == fateUnsent:
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

// finish is for a verdict that ends an asking.
func (r *row) finish(reply *reply, v *verdict) {
	r.end(contact.Released)
	out := &r.result
	o := &out.Outcome
	switch v.act {
	case actAnswer:
		o.Kind, o.Charged, o.ChargeUnknown, o.Body = v.answer.Kind(), v.answer.Charged, v.answer.ChargeUnknown, v.answer.Body
	case actReject:
		o.Kind, o.Failure = contact.Refused, contact.Rejected
	case actAbsent:
		out.Absent = true
	case actLost:
		r.patience.attempts++
		r.patience.elapsed += reply.took
		out.Elapsed = r.patience.elapsed
		o.Kind, o.Failure = contact.Lost, contact.Exhausted
		out.Again = r.patience.attempts < r.c.o.MaxAttempts && out.Elapsed < r.c.o.MaxElapsed
	case actSpoilt:
		o.Kind, o.Failure = contact.Lost, contact.Malformed
	}
}

// exhaust is for a row whose failures did not pass.
func (r *row) exhaust() {
	r.end(contact.Refused)
	r.result.Outcome.Failure = contact.Exhausted
}

// release is for a row that was not charged and may not be asked any more: as if it had not been asked.
func (r *row) release() { r.end(contact.Released) }

// end gives an asking its result.
func (r *row) end(kind contact.Kind) {
	at := r.at
	if at.IsZero() {
		at = time.Now()
	}
	r.result = Result{Elapsed: r.patience.elapsed, Remaining: r.remaining, Err: r.c.memory.spill.failure(), Outcome: contact.Outcome{
		Contact: r.ticket.Contact, Keys: r.ticket.Keys, Kind: kind, At: at.UTC().Truncate(time.Millisecond),
		Status: r.status, Attempts: r.ticket.Attempts + r.sent, Message: r.message,
	}}
	select {
	case <-r.c.gate.halted:
		r.result.Stop, r.result.StopDetail = r.c.gate.stopped()
	default:
	}
}
