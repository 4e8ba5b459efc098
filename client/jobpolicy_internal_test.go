package client

import (
	"fmt"
	"strings"
	"testing"

	"enrich/contact"
)

// expectedSubmission is the documented table of a submission. Only a 2xx can have accepted a job; own: the body is in the API's
// own format.
func expectedSubmission(status int) (action, contact.Stop) {
	switch status {
	case 401:
		return actionStop, contact.StopUnauthorized
	case 402:
		return actionStop, contact.StopNoCredits
	case 403:
		return actionStop, contact.StopForbidden
	case 400, 413, 422:
		return actionReject, ""
	case 404, 408, 425, 500, 501, 503:
		return actionRetry, ""
	case 429:
		return actionPause, ""
	}
	switch {
	case status < 300:
		return actionUnusable, ""
	case status >= 500:
		return actionLost, ""
	}
	return actionStop, ""
}

func bodiesOf(status int) []string {
	return []string{
		"", "null", "[]", "{}", `"text"`, "<html>", `{"job_id":`, `{"message":"Not Found"}`, matchBody, "\x00\xff",
		ownError(status), "\xef\xbb\xbf" + ownError(status), fmt.Sprintf(`{"status":%d}`, status), fmt.Sprintf(`{"status":"%d","error":"E"}`, status),
		`{"download_url":"http://x/","expiration_date":"1"}`, `{"jobs":[{"job_id":"a"}]}`,
	}
}

func TestEveryStatusOfASubmission(t *testing.T) {
	for status := 100; status <= 599; status++ {
		want, stop := expectedSubmission(status)
		for _, body := range bodiesOf(status) {
			s := decideSubmission(status, []byte(body))
			own := status >= 400 && strings.Contains(body, fmt.Sprintf(`{"status":%d,"error":"E"`, status))
			if s.action != want || s.stop != stop || s.status != status || s.id != "" || s.fromAPI != own {
				t.Errorf("%d %.60q: %v %q, id %q, from the API %t; expected %v %q", status, body, s.action, s.stop, s.id, s.fromAPI, want, stop)
			}
		}
		s := decideSubmission(status, []byte(`{"job_id":"a","expiration_date":"2220091200"}`))
		if accepted := status >= 200 && status < 300; accepted != (s.action == actionAnswer && s.id == "a") || !accepted && (s.action != want || s.id != "") {
			t.Errorf("%d with an id: %v, id %q", status, s.action, s.id)
		}
		for claimed := 400; claimed <= 599; claimed++ {
			if status < 200 {
				continue
			}
			want, stop := expectedSubmission(claimed)
			if s := decideSubmission(status, []byte(ownError(claimed))); s.action != want || s.stop != stop || s.status != claimed {
				t.Fatalf("%d claims %d: %v %q", status, claimed, s.action, s.stop)
			}
		}
	}
}

// expectedPoll is the documented table of a request for results.
func expectedPoll(status int, expired bool) (action, contact.Stop) {
	switch status {
	case 202:
		return actionRunning, ""
	case 401:
		return actionStop, contact.StopUnauthorized
	case 402:
		return actionStop, contact.StopNoCredits
	case 403:
		return actionStop, contact.StopForbidden
	case 429:
		return actionPause, ""
	case 408, 425:
		return actionRetry, ""
	}
	switch {
	case status >= 200 && status < 300:
		return actionUnusable, ""
	case expired && status >= 400 && status < 500:
		return actionNotFound, ""
	}
	return actionRetry, ""
}

func TestEveryStatusOfAPoll(t *testing.T) {
	for status := 100; status <= 599; status++ {
		for _, at := range []attempt{{}, {last: true}} {
			for _, expired := range []bool{false, true} {
				want, stop := expectedPoll(status, expired)
				if want == actionRetry && at.last {
					if want = actionExhausted; status == 404 || status == 410 {
						want = actionNotFound
					}
				}
				for _, body := range bodiesOf(status) {
					d := decidePoll(status, []byte(body), false, expired, at)
					if d.action != want || d.stop != stop || d.status != status {
						t.Errorf("%d %.60q last %t expired %t: %v %q; expected %v %q", status, body, at.last, expired, d.action, d.stop, want, stop)
					}
				}
				if d := decidePoll(200, []byte(ownError(max(status, 400))), false, expired, at); status >= 400 && (d.action != want || d.stop != stop || d.status != status) {
					t.Errorf("200 claims %d: %v %q", status, d.action, d.stop)
				}
			}
		}
	}
	long := []byte(strings.Repeat("x", maxBody+1))
	for _, status := range []int{200, 202, 400, 404, 500} {
		want, _ := expectedPoll(status, false)
		if d := decidePoll(status, long, false, false, attempt{}); d.action != want || len(d.message) > 1000 {
			t.Errorf("%d with a long body: %v", status, d.action)
		}
		want, _ = expectedSubmission(status)
		if s := decideSubmission(status, long); s.action != want || len(s.message) > 1000 {
			t.Errorf("%d with a long body: %v", status, s.action)
		}
	}
	for _, status := range []int{200, 201, 206, 299} {
		if d := decidePoll(status, nil, true, true, attempt{last: true}); d.action != actionAnswer || !d.fromAPI {
			t.Errorf("%d with contacts: %v", status, d.action)
		}
	}
}
