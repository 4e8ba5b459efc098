package client

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// The API's own refusals prove the key: a list of rows that are all refused goes through all workers, and does not give up if
// earlier runs saw the same.
func TestRefusalsOfTheAPIProveTheKey(t *testing.T) {
	for _, n := range []int{400, 422} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answer: func(incoming) said { s := apiError(n); s.after = 50 * time.Millisecond; return s }}
			c := newCrowd(t, 32, Options{carrier: w})
			c.refused = true
			began := time.Now()
			c.ask(400)
			if took := time.Since(began); took > time.Second || w.calls() != 400 || c.stop != "" || c.kinds()[contact.Refused] != 400 {
				t.Errorf("%d: %d calls in %v, ended as %v, stop %q", n, w.calls(), took, c.kinds(), c.stop)
			}
		})
	}
}

// What a gateway can send as well proves nothing: the calls go on one at a time.
func TestOnlyTheAPIProvesTheKey(t *testing.T) {
	for _, refusal := range []said{
		status(400),
		{status: 400, body: "<html>"},
		{status: 400, body: `{"status":422,"error":"E"`},
		{status: 400, body: `{"status":"400","error":"E"}`},
		apiError(405), apiError(404),
		{status: 400, body: `{"status":400,"error":{"message":"E"}}`},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answer: func(incoming) said { s := refusal; s.after = 10 * time.Millisecond; return s }}
			c := newCrowd(t, 32, Options{carrier: w})
			c.refused = true
			c.ask(100)
			if w.most != 1 {
				t.Errorf("%v: %d calls at once", refusal, w.most)
			}
		})
	}
}

// The proof only opens the workers: if every contact is refused the run still gives up, after as few requests as before.
func TestARunGivesUpAlsoOnceTheKeyIsProved(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{answer: func(in incoming) said { return apiError(400 + 22*(in.n%2)) }}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(500)
		if w.calls() != giveUpAlike || c.stop != StopRejectedAll {
			t.Errorf("%d calls, stop %q: %s", w.calls(), c.stop, c.detail)
		}
	})
}

// Ten responses in a row that are not answers stop the run, also after good ones, and cost few more calls than that.
func TestTenUnusableResponsesStopTheRun(t *testing.T) {
	for _, body := range []string{`{}`, `{"data":{}}`, `{"contact":[]}`, `<html>`, ``} {
		for _, good := range []int{0, 5, 50} {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(in incoming) said {
					if in.n > good {
						return said{status: 200, body: body, after: 10 * time.Millisecond}
					}
					return ok()
				}}
				c := newCrowd(t, 32, Options{carrier: w})
				began := time.Now()
				c.ask(300)
				want := StopAPIDown
				if good == 0 {
					want = StopRejectedAll
				}
				k := c.kinds()
				if c.stop != want || !strings.Contains(c.detail, "10 responses in a row") || k[contact.Matched] != good || k[contact.NoMatch] != 0 {
					t.Errorf("%q after %d: ended as %v, stop %q: %s", body, good, k, c.stop, c.detail)
				}
				if most := 2 * 32; k[contact.Lost] < 10 || k[contact.Lost] > most || good == 0 && k[contact.Lost] != 10 {
					t.Errorf("%q after %d: %d lost", body, good, k[contact.Lost])
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("%q after %d: it took %v", body, good, took)
				}
			})
		}
	}
}

// An answer between them begins the count again; so does an error of the API itself.
func TestUnusableResponsesAreCountedInARow(t *testing.T) {
	for _, between := range []said{ok(), apiError(400)} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answer: func(in incoming) said {
				switch {
				case in.n == 1:
					return ok()
				case in.n%9 == 0:
					return between
				}
				return said{status: 200, body: "{}", after: time.Millisecond}
			}}
			c := newCrowd(t, 1, Options{carrier: w, MaxElapsed: time.Hour})
			c.ask(40)
			if c.stop != "" {
				t.Errorf("stop %q: %s", c.stop, c.detail)
			}
		})
	}
}

// A 404 that is not in the API's own format affects every row: it is retried, stops the run if it persists, and is no row's answer.
func TestAForeignNotFoundIsAnOutage(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"message":"Not Found"}`, `{"status":404}`, `{"status":404,"error":null}`} {
		for _, good := range []int{0, 5} {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(in incoming) said {
					if in.n > good {
						return said{status: 404, body: body, after: 10 * time.Millisecond}
					}
					return ok()
				}}
				c := newCrowd(t, 8, Options{carrier: w})
				c.client.AnsweredBefore()
				c.ask(300)
				k := c.kinds()
				if c.stop != StopAPIDown || !strings.Contains(c.detail, "check --url") || k[contact.NoMatch] != 0 || k[contact.Refused] > mostBlamed {
					t.Errorf("%q after %d: ended as %v, stop %q: %s", body, good, k, c.stop, c.detail)
				}
			})
		}
	}
}

// With an answer in the ledger, a 404 of the API is no match at once.
func TestANotFoundIsNoMatchIfTheLedgerHasAnAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{answer: func(incoming) said { return apiError(404) }}
		c := newCrowd(t, workers, Options{carrier: w})
		c.client.AnsweredBefore()
		c.ask(100)
		if k := c.kinds(); k[contact.NoMatch] != 100 || c.stop != "" || len(c.absent) != 0 {
			t.Errorf("ended as %v, %d in doubt, stop %q: %s", k, len(c.absent), c.stop, c.detail)
		}
	})
}

// What never was on the wire is not called a call.
func TestAnOutageWithoutACallSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(incoming) said { return refused() }}
		c := newCrowd(t, 4, Options{carrier: w})
		c.ask(20)
		if c.client.Stats().Sent != 0 || !strings.Contains(c.detail, " attempts in a row failed") || strings.Contains(c.detail, "calls") {
			t.Errorf("%d sent, %s", c.client.Stats().Sent, c.detail)
		}
	})
}
