package client

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/internal/phrase"
)

// An action is what the client does about one response.
type action uint8

const (
	actionAnswer    action = iota // an answer: matched or no match
	actionReject                  // the API rejected this row: not charged, not retried
	actionNotFound                // a 404 in the API's own format before any answer: not yet known whether it is one
	actionRetry                   // transient and not charged: retry after backoff
	actionExhausted               // transient and not charged, but no attempts are left
	actionPause                   // 429: the whole account waits, then the row is sent again
	actionLost                    // may have been charged; the answer was cut or did not come
	actionUnusable                // may have been charged; the response is complete but not an answer
	actionStop                    // the run stops
	actionRunning                 // 202 to a request for results: the job is not done
)

// statusAction is the policy by status. A body can change it for a 2xx and a 404: see [decide].
//
// What an action does is in feedback.go for the account and in [question.attempt] for the row.
func statusAction(status int) (action, contact.Stop) {
	switch {
	case status < 200:
		return actionUnusable, ""
	case status == http.StatusAccepted: // 202: not ready
		return actionRetry, ""
	case status <= 299:
		return actionAnswer, ""
	case status == http.StatusUnauthorized: // 401
		return actionStop, contact.StopUnauthorized
	case status == http.StatusPaymentRequired: // 402
		return actionStop, contact.StopNoCredits
	case status == http.StatusForbidden: // 403
		return actionStop, contact.StopForbidden
	case status == http.StatusTooManyRequests: // 429: [account.recordThrottled] pauses the account, then the row is sent again
		return actionPause, ""
	case status == http.StatusNotFound, // 404: a gateway's, unless the body is the API's
		status == http.StatusRequestTimeout, status == http.StatusTooEarly, // 408, 425
		status == http.StatusInternalServerError, status == http.StatusNotImplemented, status == http.StatusServiceUnavailable: // 500, 501, 503
		return actionRetry, ""
	case status >= 500: // a gateway can send it after the API has done the work
		return actionLost, ""
	}
	return actionReject, ""
}

// A decision is what one response means.
type decision struct {
	action action
	stop   contact.Stop // for actionStop
	status int          // the HTTP status, or the one that the body states: see [contact.Answer.ErrorStatus]
	// fromAPI: the API itself sent the response: an answer, or an error in its own format. A gateway may have sent any other.
	fromAPI bool
	answer  contact.Answer
	message string // the API's own words
	advice  string // what to do if the API cannot be reached
}

// An attempt is what decide must know of the attempt that a response belongs to.
type attempt struct {
	last        bool // no attempt of this row may follow
	urlVerified bool // this run, or the ledger for the same base URL, has an answer
}

// decide is the only place where a response becomes an action. It is a pure function of status, body and attempt. The body is
// complete, unless it is longer than maxBody: then it is unusable, and may be the beginning only.
func decide(status int, body []byte, a attempt) decision {
	r := parseResponse(status, body)
	d := decision{status: r.status, fromAPI: r.isAPIError()}
	d.action, d.stop = statusAction(r.status)
	switch {
	case r.status < 200:
		d.message = fmt.Sprintf("status %d does not end a request", r.status)
	case r.status == http.StatusAccepted:
		d.message = "the answer is not ready (202)"
	case d.action == actionAnswer:
		d.decideAnswer(&r)
	case r.status == http.StatusNotFound:
		d.decideNotFound(&r, a)
	default:
		d.message = messageOf(r.body)
	}
	if d.action == actionRetry && a.last {
		d.action = actionExhausted
	}
	return d
}

// decideAnswer decides a 2xx: whether it is an answer, and whether it says that there are no credits left.
func (d *decision) decideAnswer(r *response) {
	a := &r.answer
	switch {
	case len(r.body) > maxBody:
		d.action, d.message = actionUnusable, "the response is larger than 1 MiB"
		return
	case !r.isObject:
		d.action, d.message = actionUnusable, contact.ErrAnswer.Error()+": "+messageOf(r.body)
		return
	case !a.FromAPI():
		d.action, d.message = actionUnusable, "the response is not an answer of the API: "+messageOf(r.body)
		return
	case isOutOfCredits(a):
		d.action, d.stop = actionStop, contact.StopNoCredits
	}
	d.fromAPI, d.answer, d.message = true, *a, bounded(a.Error)
}

// isOutOfCredits reports whether a body of the API says that it did nothing because no credits are left.
func isOutOfCredits(a *contact.Answer) bool {
	return a.FromAPI() && !a.Charged && a.Error != "" && a.Remaining != nil && *a.Remaining <= 0
}

// decideNotFound decides a 404. In the API's own format it is a no-match answer if the URL is known to be right; until then it is
// unclear. Any other 404 is from a gateway or a web server and affects every row: it is retried like a 503.
func (d *decision) decideNotFound(r *response, a attempt) {
	d.message = messageOf(r.body)
	switch {
	case r.isAPIError() && a.urlVerified:
		d.action, d.answer = actionAnswer, contact.Answer{Error: d.message, Body: []byte("{}")}
	case r.isAPIError():
		d.action = actionNotFound
	}
}

// A response is a status and a body as decide reads them.
type response struct {
	status   int
	body     []byte
	answer   contact.Answer
	isObject bool // the body is a JSON object, and answer describes it
}

// parseResponse parses a body. Some servers send unescaped control characters in strings, which JSON forbids; they are
// accepted, because such an answer may be paid for.
func parseResponse(status int, body []byte) response {
	r := response{status: status, body: bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))}
	if len(r.body) > maxBody {
		return r
	}
	var err error
	if r.answer, err = contact.ParseAnswer(r.body); err != nil {
		r.answer, err = contact.ParseAnswer(jsonscan.EscapeControls(r.body))
	}
	r.isObject = err == nil
	if stated := r.answer.ErrorStatus(); stated != 0 && status >= 200 {
		r.status = stated
	}
	return r
}

// isAPIError reports whether the body is an error in the API's own format: an object with the status and a string error.
func (r *response) isAPIError() bool {
	return r.isObject && r.status >= 400 && r.answer.Status == r.status && r.answer.NamedError
}

// messageOf returns the API's own words in a body, which may be anything.
func messageOf(body []byte) string {
	if jsonscan.IsObject(body) {
		for _, path := range [...][]string{{"message"}, {"error"}, {"contact", "error"}} {
			if text := contact.ErrorText(jsonscan.Get(body, path...)); text != "" {
				return bounded(text)
			}
		}
	}
	return bounded(string(body))
}

// bounded makes text from outside fit to be kept: on one line, without control characters, not long.
func bounded(s string) string {
	const maxMessage = 300
	s = s[:min(len(s), 8*maxMessage)]
	isSpace := func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), isSpace), " ")
	return strings.Clone(phrase.Shorten(s, maxMessage)) // a part of s would keep the whole answer in memory
}
