package client

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"enrich/contact"
)

// A Stop is why a run must stop.
type Stop string

// The causes that an API's answer can have. Their texts stand in the summary.
const (
	StopUnauthorized Stop = "unauthorized" // 401
	StopForbidden    Stop = "forbidden"    // 403
	StopNoCredits    Stop = "no_credits"   // 402, or an uncharged 200 with an error and no credits left
	StopAPIDown      Stop = "api_down"     // it kept failing, or a pause is longer than the run may wait
	StopRejectedAll  Stop = "rejected_all" // every one of the first requests was refused alike
	StopCap          Stop = "cap"          // no further call may be made for this contact
)

// An act is what is done about one answer.
type act uint8

const (
	actAnswer  act = iota // matched or no match: an answer
	actReject             // the API refused this row: not charged, not retried
	actAbsent             // a 404 that may be a wrong URL: whether it is an answer is not known yet
	actRetry              // passing, not charged
	actExhaust            // passing, not charged, and no attempts are left
	actPause              // 429: the account must wait
	actLost               // it may have been charged, and the answer was cut
	actSpoilt             // it may have been charged, and the answer is complete but of no use
	actStop               // the run stops
)

// A verdict is what one answer means.
type verdict struct {
	act     act
	stop    Stop
	answer  contact.Answer
	message string // the API's own words
}

// An attempt is what decide must know of the attempt that an answer came to.
type attempt struct {
	last   bool // no further one may be made for this row
	proved bool // a usable answer has been seen: the URL and the key are right
}

// decide is the one place where an answer's status and body become what happens (API.md, "Errors"). It is pure.
// A body is what was read of a complete answer, at most maxBody bytes, or longer for one that is too long.
func decide(status int, body []byte, at attempt) verdict {
	v := decideAny(status, body)
	switch {
	case v.act == actRetry && at.last:
		v.act = actExhaust
	case v.act == actAbsent && at.proved:
		v.act, v.answer = actAnswer, contact.Answer{Error: v.message, Body: []byte("{}")}
	}
	return v
}

func decideAny(status int, body []byte) verdict {
	switch {
	case status == http.StatusAccepted:
		return verdict{act: actRetry, message: "the answer is not ready (202)"}
	case status >= 200 && status <= 299:
		return decideAnswer(body)
	case status == http.StatusUnauthorized:
		return verdict{act: actStop, stop: StopUnauthorized, message: messageOf(body)}
	case status == http.StatusForbidden:
		return verdict{act: actStop, stop: StopForbidden, message: messageOf(body)}
	case status == http.StatusPaymentRequired:
		return verdict{act: actStop, stop: StopNoCredits, message: messageOf(body)}
	case status == http.StatusTooManyRequests:
		return verdict{act: actPause, message: messageOf(body)}
	case status == http.StatusNotFound:
		return verdict{act: actAbsent, message: messageOf(body)}
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return verdict{act: actRetry, message: messageOf(body)}
	case status == http.StatusGatewayTimeout:
		return verdict{act: actLost, message: messageOf(body)}
	case status >= 500:
		return verdict{act: actRetry, message: messageOf(body)}
	case status < 200:
		return verdict{act: actSpoilt, message: fmt.Sprintf("the answer's status %d is none that ends a request", status)}
	}
	return verdict{act: actReject, message: messageOf(body)}
}

// decideAnswer reads a 2xx.
func decideAnswer(body []byte) verdict {
	if len(body) > maxBody {
		return verdict{act: actSpoilt, message: "the answer is larger than 1 MiB"}
	}
	a, err := contact.ParseAnswer(body)
	if err != nil {
		return verdict{act: actSpoilt, message: err.Error() + ": " + messageOf(body)}
	}
	if !a.Charged && a.Error != "" && a.Remaining != nil && *a.Remaining <= 0 {
		return verdict{act: actStop, stop: StopNoCredits, answer: a, message: bounded(a.Error)}
	}
	return verdict{act: actAnswer, answer: a, message: bounded(a.Error)}
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
	return s
}
