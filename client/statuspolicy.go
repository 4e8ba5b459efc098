package client

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"enrich/contact"
)

// An action is what is done about one answer.
type action uint8

const (
	actionAnswer    action = iota // matched or no match: an answer
	actionReject                  // the API refused this row: not charged, not retried
	actionNotFound                // a 404 in the API's own format before any answer: whether it is one is not known yet
	actionRetry                   // passing, not charged
	actionExhausted               // passing, not charged, and no attempts are left
	actionPause                   // 429: the account must wait
	actionLost                    // it may have been charged, and the answer was cut
	actionUnusable                // it may have been charged, and the response is complete but not an answer
	actionStop                    // the run stops
)

// A decision is what one response means.
type decision struct {
	action action
	stop   contact.Stop
	status int // the HTTP status, or the one that the body claims (API.md, "What counts as an answer")
	// fromAPI: the API itself sent it: an answer, or an error in its own format. Anything between us and the API can have
	// sent all else.
	fromAPI bool
	answer  contact.Answer
	message string // the API's own words
	advice  string // what to do, if the API cannot be reached
}

// An attempt is what decide must know of the attempt that a response belongs to.
type attempt struct {
	last      bool // no further one may be made for this row
	urlProved bool // this run, or the ledger for the same base URL, has an answer
}

// decideNotFound is the one place where a response's status and body become what happens (API.md, "Errors"). It is pure.
// A body is what was read of a complete response: at most maxBody bytes, or longer for one that is too long.
func decide(status int, body []byte, at attempt) decision {
	r := response{status: status, body: bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), urlProved: at.urlProved}
	if r.readable = len(r.body) <= maxBody; r.readable {
		r.parse()
	}
	if claimed := r.answer.ErrorStatus(); claimed != 0 && status >= 200 {
		r.status = claimed
	}
	v := r.decide()
	v.status = r.status
	v.fromAPI = v.fromAPI || r.ownError()
	if v.action == actionRetry && at.last {
		v.action = actionExhausted
	}
	return v
}

// A response is a status and a body as decide looks at them.
type response struct {
	status    int
	body      []byte
	answer    contact.Answer
	readable  bool // the body is a JSON object, which answer describes
	urlProved bool
}

// parse reads the body. Control characters in a string, which JSON forbids, are what some servers send all the same: an answer
// with one may be paid for.
func (r *response) parse() {
	a, err := contact.ParseAnswer(r.body)
	if err != nil {
		a, err = contact.ParseAnswer(escapeControls(r.body))
	}
	r.answer, r.readable = a, err == nil
}

// ownError reports whether the body is an error in the API's own format: an object with the status and a string error.
func (r *response) ownError() bool {
	return r.readable && r.status >= 400 && r.answer.Status == r.status && r.answer.NamedError
}

func (r *response) decide() decision {
	message := func() string { return messageOf(r.body) }
	switch status := r.status; {
	case status < 200:
		return decision{action: actionUnusable, message: fmt.Sprintf("status %d does not end a request", status)}
	case status == http.StatusAccepted:
		return decision{action: actionRetry, message: "the answer is not ready (202)"}
	case status <= 299:
		return r.decideAnswer()
	case status == http.StatusUnauthorized:
		return decision{action: actionStop, stop: contact.StopUnauthorized, message: message()}
	case status == http.StatusForbidden:
		return decision{action: actionStop, stop: contact.StopForbidden, message: message()}
	case status == http.StatusPaymentRequired:
		return decision{action: actionStop, stop: contact.StopNoCredits, message: message()}
	case status == http.StatusTooManyRequests:
		return decision{action: actionPause, message: message()}
	case status == http.StatusNotFound:
		return r.decideNotFound()
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusInternalServerError, status == http.StatusNotImplemented, status == http.StatusServiceUnavailable:
		return decision{action: actionRetry, message: message()}
	case status >= 500: // a gateway can send it after the API has done the work
		return decision{action: actionLost, message: message()}
	}
	return decision{action: actionReject, message: message()}
}

// decideNotFound reads a 404. In the API's own format it means no match, if the URL is known to be right: until then it
// is in doubt. Any other 404 is a gateway's or a web server's, which affects every row: it is retried like a 503.
func (r *response) decideNotFound() decision {
	v := decision{action: actionRetry, message: messageOf(r.body)}
	switch {
	case r.ownError() && r.urlProved:
		v.action, v.answer = actionAnswer, contact.Answer{Error: v.message, Body: []byte("{}")}
	case r.ownError():
		v.action = actionNotFound
	}
	return v
}

// decideAnswer reads a 2xx.
func (r *response) decideAnswer() decision {
	a := &r.answer
	switch {
	case len(r.body) > maxBody:
		return decision{action: actionUnusable, message: "the response is larger than 1 MiB"}
	case !r.readable:
		return decision{action: actionUnusable, message: contact.ErrAnswer.Error() + ": " + messageOf(r.body)}
	case !a.FromAPI():
		return decision{action: actionUnusable, message: "the response is not an answer of the API: " + messageOf(r.body)}
	case !a.Charged && a.Error != "" && a.Remaining != nil && *a.Remaining <= 0:
		return decision{action: actionStop, stop: contact.StopNoCredits, fromAPI: true, answer: *a, message: bounded(a.Error)}
	}
	return decision{action: actionAnswer, fromAPI: true, answer: *a, message: bounded(a.Error)}
}

// messageOf finds the API's own words in a body that may be anything.
func messageOf(body []byte) string {
	if gjson.ValidBytes(body) {
		v := gjson.ParseBytes(body)
		for _, path := range [...]string{"message", "error", "contact.error"} {
			if text := contact.ErrorText(v.Get(path)); v.IsObject() && text != "" {
				return bounded(text)
			}
		}
	}
	return bounded(string(body))
}

// bounded is text from outside as it may be kept: one line, no control characters, not long.
func bounded(s string) string {
	const most = 300
	if len(s) > 8*most {
		s = s[:8*most]
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strings.Clone(s) // it may be a piece of a whole answer
}
