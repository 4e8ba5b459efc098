package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"enrich/client/fakeapi"
	"enrich/contact"
)

// A key or an account that is refused in the middle costs at most a call for each worker more; what came before is kept,
// nothing is blamed on a row, and the next run asks the rest and nothing else.
func TestARefusalInTheMiddleCostsAtMostACallAWorker(t *testing.T) {
	t.Parallel()
	const rows, good = 200, 20
	for name, tt := range map[string]struct {
		o       fakeapi.Options
		stopped contact.Stop
	}{
		"401":           {fakeapi.Options{RevokeAfter: good}, contact.StopUnauthorized},
		"403":           {fakeapi.Options{Faults: []fakeapi.Fault{{Kinds: []string{"403"}, After: good}}}, contact.StopForbidden},
		"402":           {fakeapi.Options{Faults: []fakeapi.Fault{{Kinds: []string{"402"}, After: good}}}, contact.StopNoCredits},
		"200 and empty": {fakeapi.Options{Credits: good}, contact.StopNoCredits},
	} {
		for _, workers := range []int64{1, 8, 64} {
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				t.Parallel()
				o := tt.o
				o.Match, o.Latency = 1, 2*time.Millisecond
				s := newStage(t, o)
				s.list("l.csv", rows, "")
				s.run(exitRefused, "run", "--workers", fmt.Sprint(workers), "l.csv")
				calls, sum := s.api.Stats().Calls, s.summary("l.summary.json")
				if calls <= good || calls > good+1+workers {
					t.Errorf("%d calls, expected more than %d and at most %d", calls, good, good+1+workers)
				}
				if *sum.Stopped != tt.stopped || sum.Rows.Failed != 0 || sum.Rows.Matched != good || sum.Rows.Pending != rows-good {
					t.Errorf("%+v", sum)
				}
				// The same URL, as the ledger knows it, with an API that is well again.
				address := strings.TrimPrefix(s.api.URL, "http://")
				s.api.Close()
				again, err := fakeapi.Listen(t.Context(), address, fakeapi.Options{Match: 1})
				if err != nil {
					t.Skip("its port was taken meanwhile: ", err)
				}
				defer again.Close()
				s.run(exitOK, "run", "l.csv")
				if got := again.Stats().Calls; got != rows-good {
					t.Errorf("the second run made %d calls, expected %d", got, rows-good)
				}
			})
		}
	}
}

// What an API or a file says reaches a terminal without anything that a terminal obeys, and no word of a reader's
// direction is turned.
func TestNothingSaidCommandsATerminal(t *testing.T) {
	t.Parallel()
	const poison = "\u009b2J\u202eevil\u2066\u200f \u0007 \u001b]0;title\u0007 \u007f\u2028next"
	answer, err := json.Marshal(map[string]any{
		"error": poison, "message": poison, "contact": map[string]any{"credit_charged": false, "error": poison}, "remaining_credits": 0,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{401, 403, 402, 400, 500, 200} {
		for _, format := range []string{"text", "json"} {
			t.Run(fmt.Sprint(status, format), func(t *testing.T) {
				t.Parallel()
				s := newStage(t, fakeapi.Options{})
				api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(status)
					_, _ = w.Write(answer) // the caller is the test
				}))
				defer api.Close()
				s.list("l.csv", 30, "")
				c := s.command("run", "--url", api.URL, "--verbose", "--log-format", format, "--max-attempts", "1", "--max-elapsed", "300ms", "l.csv")
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				_ = c.Wait() // whichever way it ends
				if !strings.Contains(c.said.String(), "evil") {
					t.Errorf("the API's words are not told: %s", &c.said)
				}
				for _, r := range c.said.String() {
					if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
						t.Fatalf("%q reaches the terminal: %q", r, c.said.String())
					}
				}
			})
		}
	}
}
