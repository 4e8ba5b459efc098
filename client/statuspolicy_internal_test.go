package client

import (
	"fmt"
	"strings"
	"testing"

	"enrich/contact"
)

// expectedAction is the API's documented table of errors. own: the body is in the API's own format.
func expectedAction(status int, own, answered bool) (action, contact.Stop) {
	switch {
	case status < 200:
		return actionUnusable, ""
	case status == 202, status == 408, status == 425:
		return actionRetry, ""
	case status < 300:
		return actionAnswer, ""
	case status == 401:
		return actionStop, contact.StopUnauthorized
	case status == 402:
		return actionStop, contact.StopNoCredits
	case status == 403:
		return actionStop, contact.StopForbidden
	case status == 404 && own && answered:
		return actionAnswer, ""
	case status == 404 && own:
		return actionNotFound, ""
	case status == 404:
		return actionRetry, ""
	case status == 429:
		return actionPause, ""
	case status == 500, status == 501, status == 503:
		return actionRetry, ""
	case status >= 500:
		return actionLost, ""
	}
	return actionReject, ""
}

// ownError is an error in the API's own format.
func ownError(status int) string {
	return fmt.Sprintf(`{"status":%d,"error":"E","message":"M"}`, status)
}

func TestEveryStatusHasItsAction(t *testing.T) {
	for status := 100; status <= 599; status++ {
		for _, body := range []string{
			matchBody, ownError(status), "\xef\xbb\xbf" + ownError(status), "", "<html>", `{"message":"Not Found"}`,
			`{"error":"E"}`, fmt.Sprintf(`{"status":%d}`, status), fmt.Sprintf(`{"status":"%d","error":"E"}`, status),
			fmt.Sprintf(`{"status":%d,"error":{"message":"E"}}`, status),
		} {
			for _, at := range []attempt{{}, {last: true}, {urlVerified: true}, {last: true, urlVerified: true}} {
				own := status >= 400 && strings.Contains(body, fmt.Sprintf(`{"status":%d,"error":"E"`, status))
				want, stop := expectedAction(status, own, at.urlVerified)
				if want == actionRetry && at.last {
					want = actionExhausted
				}
				if want == actionAnswer && status < 300 && body != matchBody {
					want = actionUnusable
				}
				v := decide(status, []byte(body), at)
				if v.action != want || v.stop != stop || v.status != status || v.fromAPI != (own || want == actionAnswer) {
					t.Errorf("%d %q %+v: %v %q, from the API %t; expected %v %q", status, body, at, v.action, v.stop, v.fromAPI, want, stop)
				}
			}
		}
	}
	v := decide(404, []byte(ownError(404)), attempt{urlVerified: true})
	if v.answer.Kind() != contact.NoMatch || string(v.answer.Body) != "{}" || v.answer.ChargeUnknown || v.answer.Error != "M" {
		t.Errorf("a 404 that is an answer: %+v", v.answer)
	}
}

// An object that states a status and has no contact is an error of that status, whatever the HTTP status.
func TestAStatusInTheBodyCounts(t *testing.T) {
	for _, status := range []int{200, 201, 202, 204, 299, 302, 400, 401, 404, 429, 500, 502, 503, 599} {
		for claimed := 400; claimed <= 599; claimed++ {
			want, stop := expectedAction(claimed, true, false)
			for body, same := range map[string]bool{
				ownError(claimed): true,
				fmt.Sprintf(`{"error":"E","contact":null,"status":%d.0}`, claimed):                        true,
				fmt.Sprintf(`{"error":"E","contact":{"credit_charged":false},"status":%d}`, claimed):      false,
				fmt.Sprintf(`{"error":"E","status":"%d","contact":{"credit_charged":false}}`, claimed):    false,
				fmt.Sprintf(`{"error":"E","contact":{"credit_charged":false},"status":[%d]}`, claimed):    false,
				fmt.Sprintf(`{"meta":{"status":%d},"error":"E","contact":{"credit_charged":0}}`, claimed): false,
			} {
				v := decide(status, []byte(body), attempt{})
				if same != (v.status == claimed) && status != claimed {
					t.Fatalf("%d %s: status %d", status, body, v.status)
				}
				if same && (v.action != want || v.stop != stop || !v.fromAPI) {
					t.Fatalf("%d %s: %v %q, from the API %t; expected %v %q", status, body, v.action, v.stop, v.fromAPI, want, stop)
				}
			}
		}
	}
}

func TestOnlyA2xxNeedsItsBody(t *testing.T) {
	bodies := []string{"", "null", "[1]", `"text"`, "<html>", `{"message":`, "\x00\xff"}
	if !testing.Short() { // it is a pure function
		bodies = append(bodies, strings.Repeat("x", maxBody+1), strings.Repeat(" ", maxBody)+ownError(401))
	}
	for status := 300; status <= 599; status++ {
		want, stop := expectedAction(status, false, true)
		for _, body := range bodies {
			if v := decide(status, []byte(body), attempt{urlVerified: true}); v.action != want || v.stop != stop || v.fromAPI {
				t.Errorf("%d with %.10q: %v %q", status, body, v.action, v.stop)
			}
		}
	}
}

func TestBodiesOfA2xx(t *testing.T) {
	left := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		body      string
		act       action
		kind      contact.Kind
		charged   bool
		message   string
		remaining *int64
	}{
		{matchBody, actionAnswer, contact.Matched, true, "", left(9)},
		{" \n" + matchBody + "\n", actionAnswer, contact.Matched, true, "", left(9)},
		{"\xef\xbb\xbf" + matchBody, actionAnswer, contact.Matched, true, "", left(9)},
		{`{"contact":null}`, actionAnswer, contact.NoMatch, false, "", nil},
		{"{\"contact\":{\"credit_charged\":true,\"title\":\"C\tE\nO\"}}", actionAnswer, contact.Matched, true, "", nil},
		{"{\"contact\":{\"error\":\"a \\\" b\x00c\"},\n\"remaining_credits\":\t3}", actionAnswer, contact.NoMatch, false, `a " b c`, left(3)},
		{"{\"contact\":{}\x01}", actionUnusable, 0, false, "", nil},
		{`{"remaining_credits":3}`, actionAnswer, contact.NoMatch, false, "", left(3)},
		{`{"contact":{"credit_charged":"true"}}`, actionAnswer, contact.Matched, true, "", nil},
		{`{"contact":{"credit_charged":1}}`, actionAnswer, contact.Matched, true, "", nil},
		{`{"contact":{"credit_charged":"false","title":"CEO"}}`, actionAnswer, contact.Matched, false, "", nil},
		{`{"contact":{"credit_charged":true}}`, actionAnswer, contact.Matched, true, "", nil},
		{`{"contact":{"credit_charged":false,"error":"nobody"}}`, actionAnswer, contact.NoMatch, false, "nobody", nil},
		{`{"contact":{"error":{"message":"nobody"}}}`, actionAnswer, contact.NoMatch, false, "nobody", nil},
		{`{"contact":{"error":null,"title":"CEO"}}`, actionAnswer, contact.Matched, true, "", nil},
		{`{"contact":{"title":"CEO","remaining_credits":7}}`, actionAnswer, contact.Matched, true, "", left(7)},
		{`{"contact":{"title":"CEO","n":9007199254740993},"remaining_credits":9007199254740993}`, actionAnswer, contact.Matched, true, "", left(9007199254740993)},
		{`{"contact":{"error":"red\u001b[31m\nline"}}`, actionAnswer, contact.NoMatch, false, "red [31m line", nil},

		{`{"contact":{"credit_charged":false,"error":"none left"},"remaining_credits":0}`, actionStop, 0, false, "none left", left(0)},
		{`{"contact":{"error":"none left","remaining_credits":0}}`, actionStop, 0, false, "none left", left(0)},
		{`{"error":{"message":"none left"},"remaining_credits":0}`, actionStop, 0, false, "none left", left(0)},
		{`{"contact":{"credit_charged":true,"error":"the last one"},"remaining_credits":0}`, actionAnswer, contact.Matched, true, "the last one", left(0)},
		{`{"contact":{"credit_charged":true,"title":"CEO"},"remaining_credits":0}`, actionAnswer, contact.Matched, true, "", left(0)},
		{`{"contact":{"credit_charged":false},"remaining_credits":0}`, actionAnswer, contact.NoMatch, false, "", left(0)},

		{"", actionUnusable, 0, false, "", nil},
		{"null", actionUnusable, 0, false, "", nil},
		{"[" + matchBody + "]", actionUnusable, 0, false, "", nil},
		{`"ok"`, actionUnusable, 0, false, "", nil},
		{"1", actionUnusable, 0, false, "", nil},
		{"<html>ok</html>", actionUnusable, 0, false, "", nil},
		{`{"contact":`, actionUnusable, 0, false, "", nil},
		{matchBody + matchBody, actionUnusable, 0, false, "", nil},
		{`{}`, actionUnusable, 0, false, "", nil},
		{`{"data":{"contact":{"title":"CEO"}}}`, actionUnusable, 0, false, "", nil},
		{`{"contact":[]}`, actionUnusable, 0, false, "", nil},
		{`{"contact":[{"title":"CEO"}],"remaining_credits":3}`, actionUnusable, 0, false, "", nil},
		{`{"contact":"CEO"}`, actionUnusable, 0, false, "", nil},
		{`{"error":"nobody"}`, actionUnusable, 0, false, "", nil},
		{`{"status":"401","error":"Unauthorized"}`, actionUnusable, 0, false, "", nil},
		{`{"status":200,"error":"OK"}`, actionUnusable, 0, false, "", nil},
		{strings.Repeat(" ", maxBody) + matchBody, actionUnusable, 0, false, "", nil},
	} {
		for _, status := range []int{200, 201, 206, 299} {
			v := decide(status, []byte(c.body), attempt{})
			name := fmt.Sprintf("%d %.80q", status, c.body)
			if v.action != c.act {
				t.Errorf("%s: %v, expected %v", name, v.action, c.act)
				continue
			}
			if c.act == actionUnusable {
				continue
			}
			if c.act == actionAnswer && (v.answer.Kind() != c.kind || v.answer.Charged != c.charged) || v.message != c.message {
				t.Errorf("%s: %v, charged %v, %q", name, v.answer.Kind(), v.answer.Charged, v.message)
			}
			if got := v.answer.Remaining; (got == nil) != (c.remaining == nil) || got != nil && *got != *c.remaining {
				t.Errorf("%s: wrong credits", name)
			}
		}
	}
}
