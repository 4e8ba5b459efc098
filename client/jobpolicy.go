package client

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"enrich/client/internal/redact"
	"enrich/contact"
	"enrich/internal/jsonscan"
)

// maxJobID is the longest id of a job, in bytes. The id becomes a part of a URL.
const maxJobID = 200

// A submission is what one response to a submission means.
type submission struct {
	decision
	id      string // of the job, if it was accepted (actionAnswer)
	expires time.Time
}

// decideSubmission is the only place where a response to a submission becomes an action. It is a pure function, like [decide].
// An accepted job is known by its id, whatever else the response says. Any other 2xx, including a 202, may mean that a job was
// accepted.
func decideSubmission(status int, body []byte) submission {
	r := parseResponse(status, body)
	s := submission{decision: decision{status: r.status, fromAPI: r.isAPIError()}}
	var problem string
	if status >= 200 && status <= 299 {
		if s.id, problem = jobID(r.body); s.id != "" {
			s.action, s.status, s.fromAPI, s.answer.Remaining = actionAnswer, status, true, r.answer.Remaining
			s.expires = expiration(jsonscan.Get(r.body, "expiration_date"))
			return s
		}
	}
	s.message = messageOf(r.body)
	switch s.action, s.stop = statusAction(r.status); {
	case r.status < 200:
		s.action, s.message = actionUnusable, fmt.Sprintf("status %d does not end a request", r.status)
	case r.status <= 299 && isOutOfCredits(&r.answer):
		s.decision = outOfCredits(&r)
	case r.status <= 299:
		s.action, s.message = actionUnusable, problem+": "+s.message
	case s.action == actionReject && !isAboutBody(r.status):
		s.action = actionStop // no row is the cause: see [jobCall.feedback]
	}
	return s
}

// outOfCredits is the decision about a 2xx that says so: the API did nothing.
func outOfCredits(r *response) decision {
	return decision{action: actionStop, stop: contact.StopNoCredits, status: r.status, fromAPI: true, answer: r.answer, message: bounded(r.answer.Error)}
}

// isAboutBody reports whether a status rejects what is in a request.
func isAboutBody(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
}

// decidePoll is the only place where a response to a request for results becomes an action. hasContacts: the body of a 2xx is
// an object with a list of contacts. Otherwise body is all of it, or nil if it is large. expired: the API may have deleted the
// results. The request is never charged, so every transient failure is retried.
func decidePoll(status int, body []byte, hasContacts, expired bool, a attempt) decision {
	if hasContacts {
		return decision{action: actionAnswer, status: status, fromAPI: true}
	}
	r := parseResponse(status, body)
	d := decision{status: r.status, fromAPI: r.isAPIError(), message: messageOf(r.body)}
	switch d.action, d.stop = statusAction(r.status); {
	case r.status == http.StatusAccepted:
		d.action, d.fromAPI, d.message = actionRunning, true, "the job is running (202)"
	case r.status >= 200 && r.status <= 299 && isOutOfCredits(&r.answer):
		return outOfCredits(&r)
	case r.status >= 200 && r.status <= 299:
		d.action, d.message = actionUnusable, "the response has no results: "+d.message
	case d.action == actionStop || d.action == actionPause:
	case isGone(r.status, expired):
		if d.action = actionRetry; a.last || expired { // results may appear a little after the job
			d.action = actionNotFound
		}
	default:
		if d.action = actionRetry; a.last {
			d.action = actionExhausted
		}
	}
	return d
}

// isGone reports whether a status says that there are no results. After the expiration any rejection of the request says so.
func isGone(status int, expired bool) bool {
	if action, _ := statusAction(status); expired && action == actionReject && status >= 400 {
		return true
	}
	return status == http.StatusNotFound || status == http.StatusGone
}

// jobID returns the id in the body of a response to a submission, or else why there is none that can be used. The body may be cut
// after the id.
func jobID(body []byte) (id, problem string) {
	if len(body) > maxBody {
		return "", "the response is larger than 1 MiB"
	}
	value := jsonscan.Get(body, "job_id")
	if len(value) == 0 {
		if value = jsonscan.Get(jsonscan.EscapeControls(body), "job_id"); len(value) == 0 {
			return "", "the response has no job_id"
		}
	}
	isNumber := isWholeNumber(value) && jsonscan.IsObject(body) // the digits of a body that is cut may be a part
	id, whole := jsonscan.ToText(value)
	switch {
	case value[0] != '"' && !isNumber:
		return "", "job_id is not a string"
	case strings.TrimSpace(id) == "":
		return "", "job_id is empty"
	case len(id) > maxJobID:
		return "", fmt.Sprintf("job_id is longer than %d bytes", maxJobID)
	case !whole || strings.ContainsRune(id, utf8.RuneError) || strings.ContainsFunc(id, unicode.IsControl):
		return "", "job_id has characters that no URL can have"
	case strings.Contains(id, redact.Marker):
		return "", "job_id has the API key in it, which is not stored"
	}
	return id, ""
}

// expiration returns the time in Unix seconds, a number or a string, or in RFC 3339; zero if it is neither.
func expiration(value []byte) time.Time {
	text, _ := jsonscan.ToText(value)
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC()
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0 && seconds < maxExpiration) || strings.Trim(text, "0123456789.eE+") != "" {
		return time.Time{}
	}
	return time.Unix(int64(math.Floor(seconds)), 0).UTC()
}

// maxExpiration is the end of the year 9999 in Unix seconds.
const maxExpiration = 253402300800

// isWholeNumber reports whether a value is a number without a sign, a fraction or an exponent.
func isWholeNumber(value []byte) bool { return len(bytes.Trim(value, "0123456789")) == 0 }
