package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// An odd API answers as a function says: n counts its calls from 1.
type oddAPI struct {
	*httptest.Server
	calls  atomic.Int64
	answer atomic.Pointer[func(w http.ResponseWriter, n int64)]
}

func newOddAPI(t *testing.T, answer func(w http.ResponseWriter, n int64)) *oddAPI {
	a := new(oddAPI)
	a.answer.Store(&answer)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		(*a.answer.Load())(w, a.calls.Add(1))
	}))
	t.Cleanup(a.Close)
	return a
}

func body(text string) func(http.ResponseWriter, int64) {
	return func(w http.ResponseWriter, _ int64) { _, _ = w.Write([]byte(text)) } // the caller is the test
}

// --max-credits is not exceeded if an answer does not say whether it was charged, in whatever way.
func TestACapHoldsIfTheChargeCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, member := range map[string]string{
		"missing": ``, "null": `"credit_charged":null,`, "text": `"credit_charged":"true",`, "a number": `"credit_charged":1,`,
		"another number": `"credit_charged":2,`, "another text": `"credit_charged":"yes",`, "an object": `"credit_charged":{},`,
	} {
		for _, told := range []bool{true, false} {
			for _, filled := range []string{`"title":"CTO"`, `"title":null`} {
				t.Run(fmt.Sprint(name, told, filled), func(t *testing.T) {
					t.Parallel()
					s := newStage(t, fakeapi.Options{})
					api := newOddAPI(t, func(w http.ResponseWriter, n int64) {
						remaining := ""
						if told {
							remaining = fmt.Sprintf(`,"remaining_credits":%d`, 1000-n)
						}
						_, _ = fmt.Fprintf(w, `{"contact":{%s%s}%s}`, member, filled, remaining)
					})
					s.list("l.csv", 300, "")
					s.run(exitCapped, "run", "--url", api.URL, "--max-credits", "3", "l.csv")
					if sum := s.summary("l.summary.json"); api.calls.Load() != 3 || sum.Rows.Pending != 297 || *sum.Stopped != "cap" {
						t.Errorf("%d calls: %+v", api.calls.Load(), sum)
					}
				})
			}
		}
	}
}

// What an earlier run may have been charged counts against the budget of a day.
func TestABudgetCountsUnknownCharges(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Faults: []fakeapi.Fault{{Kinds: []string{"missmissing"}}}})
	s.list("l.csv", 30, "")
	s.run(exitCapped, "run", "--max-credits", "5/month", "l.csv")
	s.run(exitCapped, "run", "--max-credits", "5/month", "l.csv")
	s.calls(5)
}

// A later run counts what earlier runs were charged as they did, however an answer spells it.
func TestABudgetCountsAChargeAsTheRunDid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"contact":{"credit_charged":0.0}}`, `{"contact":{"credit_charged":-0}}`, `{"contact":{"credit_charged":"0"}}`, `{"contact":{"credit_charged":"False"}}`,
		`{"contact":{"credit_charged":false,"credit_charged":null}}`, `{"contact":{"credit_charged":false},"contact":{"credit_charged":null}}`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{})
			api := newOddAPI(t, body(text))
			s.list("l.csv", 30, "")
			for range 2 {
				s.run(exitCapped, "run", "--url", api.URL, "--max-credits", "5/day", "l.csv")
			}
			if got := api.calls.Load(); got != 5 {
				t.Errorf("%d calls, expected 5", got)
			}
		})
	}
}

// A balance that falls counts, although the answers say that nothing was charged. Calls in flight count once.
func TestABalanceThatFallsReachesTheCap(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "8", "64"} {
		for _, charged := range []string{"false", "true"} {
			t.Run(workers+" workers, charged "+charged, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, fakeapi.Options{})
				api := newOddAPI(t, func(w http.ResponseWriter, n int64) {
					_, _ = fmt.Fprintf(w, `{"contact":{"credit_charged":%s,"title":"CTO"},"remaining_credits":"%d"}`, charged, 1000-n)
				})
				s.list("l.csv", 300, "")
				c := s.run(exitCapped, "run", "--url", api.URL, "--max-credits", "20", "--workers", workers, "l.csv")
				want := int64(20)
				if charged == "false" {
					want++ // what the first call cost is in no difference of two balances
				}
				told := strings.Contains(c.said.String(), "the balance fell by 20 credits, the answers account for 0")
				if got := api.calls.Load(); got != want || told != (charged == "false") {
					t.Errorf("%d calls, expected %d: %s", got, want, &c.said)
				}
			})
		}
	}
}

// A response that is not the API's answer is never stored as one: the run stops, and the same rows are answered when the API is
// back.
func TestAGatewaysResponseIsNoAnswer(t *testing.T) {
	t.Parallel()
	const good = `{"contact":{"credit_charged":true,"title":"CEO"},"remaining_credits":9}`
	for name, tt := range map[string]struct {
		status int
		body   string
		code   int
	}{
		"200 that says 401":     {200, `{"status":401,"error":"Unauthorized"}`, exitRefused},
		"200 that says 403":     {200, `{"status":403,"error":"Forbidden","contact":null}`, exitRefused},
		"200 that says 503":     {200, `{"status":503,"error":"Service Unavailable"}`, exitAPIDown},
		"200 that says \"401\"": {200, `{"status":"401","error":"Unauthorized"}`, exitAPIDown},
		"200 with data":         {200, `{"data":{"title":"CEO"}}`, exitAPIDown},
		"200 and empty":         {200, `{}`, exitAPIDown},
		"200 with a list":       {200, `{"contact":[{"title":"CEO"}]}`, exitAPIDown},
		"200 with a text":       {200, `{"contact":"CEO"}`, exitAPIDown},
		"200 with HTML":         {200, `<html><title>Sign in</title>`, exitAPIDown},
		"204":                   {204, ``, exitAPIDown},
		"404 with HTML":         {404, `<html><title>Not found</title>`, exitAPIDown},
		"404, a gateway's":      {404, `{"message":"Not Found"}`, exitAPIDown},
		"404 without a body":    {404, ``, exitAPIDown},
	} {
		for _, before := range []int64{0, 5} {
			t.Run(fmt.Sprint(name, before), func(t *testing.T) {
				t.Parallel()
				s := newStage(t, fakeapi.Options{})
				api := newOddAPI(t, func(w http.ResponseWriter, n int64) {
					if n <= before {
						body(good)(w, n)
						return
					}
					w.WriteHeader(tt.status)
					body(tt.body)(w, n)
				})
				s.list("l.csv", 100, "")
				s.run(tt.code, "run", "--url", api.URL, "--max-elapsed", "500ms", "--workers", "4", "--pending", "p.csv", "l.csv")
				sum := s.summary("l.summary.json")
				if sum.Rows.Matched != before || sum.Rows.NoMatch != 0 || sum.Rows.Pending < 70 || api.calls.Load() > 60 {
					t.Errorf("%d calls, %+v", api.calls.Load(), sum.Rows)
				}
				well := body(good)
				api.answer.Store(&well)
				s.run(exitOK, "run", "--url", api.URL, "l.csv")
				if sum := s.summary("l.summary.json"); sum.Rows.Matched != 100 {
					t.Errorf("afterwards %+v", sum.Rows)
				}
			})
		}
	}
}

// With an answer in the ledger, the API's own 404 is a no match. With none, the URL may be wrong: the run stops, and nothing is stored.
func TestANotFoundNeedsAnAnswerBefore(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	absent := func(w http.ResponseWriter, n int64) {
		w.WriteHeader(http.StatusNotFound)
		body(`{"status":404,"error":"Not Found","message":"No such contact."}`)(w, n)
	}
	api := newOddAPI(t, absent)
	s.list("l.csv", 15, "")
	s.run(exitAPIDown, "run", "--url", api.URL, "l.csv").says("check --url")
	if sum := s.summary("l.summary.json"); sum.Rows.Pending != 15 {
		t.Errorf("%+v", sum)
	}
	s.run(exitOK, "ledger", "stats", "--json").says(`"answers":0,"matched":0,"no_match":0,"refused":0`)
	good := body(`{"contact":{"credit_charged":true,"title":"CEO"},"remaining_credits":9}`)
	api.answer.Store(&good)
	s.list("one.csv", 1, "+other")
	s.run(exitOK, "run", "--url", api.URL, "one.csv")
	api.answer.Store(&absent)
	s.run(exitOK, "run", "--url", api.URL, "l.csv")
	if sum := s.summary("l.summary.json"); sum.Rows.NoMatch != 15 || sum.Credits.Charged != 0 {
		t.Errorf("%+v", sum)
	}
}

// Rows that the API refused before go through all workers, and do not end the run.
func TestRefusedRowsAreSentAgainByAllWorkers(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond})
	s.list("l.csv", 400, "+400")
	list, err := os.ReadFile(s.path("l.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("l.csv"), append([]byte("email\nfirst@x.example\n"), list[len("email\n"):]...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(exitFailedRows, "run", "l.csv")
	address := strings.TrimPrefix(s.api.URL, "http://")
	s.api.Close()
	again, err := fakeapi.Listen(t.Context(), address, fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	s.run(exitFailedRows, "run", "l.failures.csv")
	if got := again.Stats(); got.Calls != 400 || got.PeakInFlight < 16 {
		t.Errorf("%d calls, %d at once", got.Calls, got.PeakInFlight)
	}
}

// However a response spells the key, and wherever it ends inside of it, nothing that can be read of it is stored or shown.
func TestTheKeyIsNowhere(t *testing.T) {
	t.Parallel()
	const key = "key-of-a-process-7" // a stage's
	for _, fault := range []string{"echo", "echo400", "echo500", "echo401", "keycut", "keycut400", "keycut500", "keycut401", "keycut404"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1, Faults: []fakeapi.Fault{{Kinds: []string{fault}}}})
			s.list("l.csv", 25, "")
			c := s.command("run", "--verbose", "--report", "r.html", "--max-elapsed", "300ms", "--pending", "p.csv", "l.csv")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // whichever way it ends
			texts := map[string][]byte{"standard error": c.said.Bytes()}
			files, err := filepath.Glob(s.path("*"))
			if err != nil || len(files) < 4 {
				t.Fatal(files, err)
			}
			for _, name := range files {
				if texts[name], err = os.ReadFile(name); err != nil {
					t.Fatal(err)
				}
			}
			for name, text := range texts {
				for _, spelt := range []string{
					key[:8], strings.ToUpper(key[:8]), hex.EncodeToString([]byte(key[:8])), strings.ToUpper(hex.EncodeToString([]byte(key[:8]))),
					base64.StdEncoding.EncodeToString([]byte(key[:9])), base64.StdEncoding.EncodeToString([]byte("Bearer " + key[:8]))[10:], "&#107;&#101;", "%6B%65", `\u006b\u0065`,
				} {
					if bytes.Contains(text, []byte(spelt)) {
						t.Errorf("%s shows %q", name, spelt)
					}
				}
			}
		})
	}
}

// An answer that was paid for is read in the encoding that it says, behind a byte order mark, and with zero bytes behind it.
func TestAnAnswerInAnotherEncoding(t *testing.T) {
	t.Parallel()
	for contentType, text := range map[string]string{
		"application/json;charset=iso-8859-1":   "{\"contact\":{\"credit_charged\":true,\"first_name\":\"J\xfcrgen\"}}",
		"application/json; charset=\"KOI8-R\"":  "{\"contact\":{\"credit_charged\":true,\"first_name\":\"\xc0\",\"last_name\":\"J\\u00fcrgen\"}}",
		"application/json":                      "\xef\xbb\xbf{\"contact\":{\"credit_charged\":true,\"first_name\":\"Jürgen\"}}\x00",
		"application/json; charset=iso-8859-15": "{\"contact\":{\"credit_charged\":true,\"first_name\":\"Jürgen\"}}",
	} {
		s := newStage(t, fakeapi.Options{})
		api := newOddAPI(t, func(w http.ResponseWriter, n int64) {
			w.Header().Set("Content-Type", contentType)
			body(text)(w, n)
		})
		s.list("l.csv", 10, "")
		s.run(exitOK, "run", "--url", api.URL, "l.csv")
		results, err := os.ReadFile(s.path("l.results.csv"))
		if err != nil || bytes.Count(results, []byte("Jürgen")) != 10 {
			t.Errorf("%s: %s, %v", contentType, results, err)
		}
	}
}
