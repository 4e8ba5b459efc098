package client

import (
	"fmt"
	"strings"
	"testing"

	"enrich/contact"
)

// wanted is API.md's table of errors.
func wanted(status int) (act, Stop) {
	switch {
	case status < 200:
		return actSpoilt, ""
	case status == 202, status == 408, status == 425:
		return actRetry, ""
	case status < 300:
		return actAnswer, ""
	case status == 401:
		return actStop, StopUnauthorized
	case status == 402:
		return actStop, StopNoCredits
	case status == 403:
		return actStop, StopForbidden
	case status == 404:
		return actAbsent, ""
	case status == 429:
		return actPause, ""
	case status == 504:
		return actLost, ""
	case status >= 500:
		return actRetry, ""
	}
	return actReject, ""
}

func TestEveryStatusHasItsAct(t *testing.T) {
	for status := 100; status <= 599; status++ {
		want, stop := wanted(status)
		for _, body := range []string{matchBody, `{"status":1,"error":"E","message":"M"}`} {
			if v := decide(status, []byte(body), attempt{}); v.act != want || v.stop != stop {
				t.Errorf("%d: %v %q, want %v %q", status, v.act, v.stop, want, stop)
			}
		}
		switch want {
		case actRetry:
			if v := decide(status, nil, attempt{last: true}); v.act != actExhaust {
				t.Errorf("%d at the last attempt: %v", status, v.act)
			}
		case actAbsent:
			v := decide(status, nil, attempt{proved: true})
			if v.act != actAnswer || v.answer.Kind() != contact.NoMatch || string(v.answer.Body) != "{}" {
				t.Errorf("%d once proved: %v", status, v)
			}
		default:
			if v := decide(status, []byte(matchBody), attempt{last: true, proved: true}); v.act != want {
				t.Errorf("%d: the attempt makes it %v", status, v.act)
			}
		}
	}
}

func TestOnlyA2xxNeedsItsBody(t *testing.T) {
	long := strings.Repeat("x", maxBody+1)
	for status := 300; status <= 599; status++ {
		want, stop := wanted(status)
		for _, body := range []string{"", "null", "[1]", `"text"`, "<html>", `{"message":`, "\x00\xff", long} {
			if v := decide(status, []byte(body), attempt{}); v.act != want || v.stop != stop {
				t.Errorf("%d with %.10q: %v %q", status, body, v.act, v.stop)
			}
		}
	}
}

func TestBodiesOfA2xx(t *testing.T) {
	left := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		body      string
		act       act
		kind      contact.Kind
		charged   bool
		message   string
		remaining *int64
	}{
		{matchBody, actAnswer, contact.Matched, true, "", left(9)},
		{" \n" + matchBody + "\n", actAnswer, contact.Matched, true, "", left(9)},
		{`{}`, actAnswer, contact.NoMatch, false, "", nil},
		{`{"contact":null}`, actAnswer, contact.NoMatch, false, "", nil},
		{`{"contact":[]}`, actAnswer, contact.NoMatch, false, "", nil},
		{`{"contact":{"credit_charged":true}}`, actAnswer, contact.Matched, true, "", nil},
		{`{"contact":{"credit_charged":false,"error":"nobody"}}`, actAnswer, contact.NoMatch, false, "nobody", nil},
		{`{"contact":{"error":{"message":"nobody"}}}`, actAnswer, contact.NoMatch, false, "nobody", nil},
		{`{"contact":{"error":null,"title":"CEO"}}`, actAnswer, contact.Matched, false, "", nil},
		{`{"error":"nobody"}`, actAnswer, contact.NoMatch, false, "nobody", nil},
		{`{"contact":{"title":"CEO","remaining_credits":7}}`, actAnswer, contact.Matched, false, "", left(7)},
		{`{"contact":{"title":"CEO","n":9007199254740993},"remaining_credits":9007199254740993}`, actAnswer, contact.Matched, false, "", left(9007199254740993)},
		{`{"contact":{"error":"red\u001b[31m\nline"}}`, actAnswer, contact.NoMatch, false, "red [31m line", nil},

		{`{"contact":{"credit_charged":false,"error":"none left"},"remaining_credits":0}`, actStop, 0, false, "none left", left(0)},
		{`{"contact":{"error":"none left","remaining_credits":0}}`, actStop, 0, false, "none left", left(0)},
		{`{"error":{"message":"none left"},"remaining_credits":0}`, actStop, 0, false, "none left", left(0)},
		{`{"contact":{"credit_charged":true,"error":"the last one"},"remaining_credits":0}`, actAnswer, contact.Matched, true, "the last one", left(0)},
		{`{"contact":{"credit_charged":true,"title":"CEO"},"remaining_credits":0}`, actAnswer, contact.Matched, true, "", left(0)},
		{`{"contact":{"credit_charged":false},"remaining_credits":0}`, actAnswer, contact.NoMatch, false, "", left(0)},

		{"", actSpoilt, 0, false, "", nil},
		{"null", actSpoilt, 0, false, "", nil},
		{"[" + matchBody + "]", actSpoilt, 0, false, "", nil},
		{`"ok"`, actSpoilt, 0, false, "", nil},
		{"1", actSpoilt, 0, false, "", nil},
		{"<html>ok</html>", actSpoilt, 0, false, "", nil},
		{`{"contact":`, actSpoilt, 0, false, "", nil},
		{matchBody + matchBody, actSpoilt, 0, false, "", nil},
		{"\xef\xbb\xbf" + matchBody, actSpoilt, 0, false, "", nil},
		{strings.Repeat(" ", maxBody) + matchBody, actSpoilt, 0, false, "", nil},
	} {
		for _, status := range []int{200, 201, 206, 299} {
			v := decide(status, []byte(c.body), attempt{})
			name := fmt.Sprintf("%d %.80q", status, c.body)
			if v.act != c.act {
				t.Errorf("%s: %v, want %v", name, v.act, c.act)
				continue
			}
			if c.act == actSpoilt {
				continue
			}
			if c.act == actAnswer && (v.answer.Kind() != c.kind || v.answer.Charged != c.charged) || v.message != c.message {
				t.Errorf("%s: %v, charged %v, %q", name, v.answer.Kind(), v.answer.Charged, v.message)
			}
			if got := v.answer.Remaining; (got == nil) != (c.remaining == nil) || got != nil && *got != *c.remaining {
				t.Errorf("%s: wrong credits", name)
			}
		}
	}
}
