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
			w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := apiError(n); s.after = 50 * time.Millisecond; return s }}
			c := newHarness(t, 32, Options{transport: w})
			c.knownRejected = true
			began := time.Now()
			c.run(400)
			if took := time.Since(began); took > time.Second || w.calls() != 400 || c.stopped != "" || c.kinds()[contact.Refused] != 400 {
				t.Errorf("%d: %d calls in %v, ended as %v, stop %q", n, w.calls(), took, c.kinds(), c.stopped)
			}
		})
	}
}

// What a gateway can send as well proves nothing: the calls go on one at a time.
func TestOnlyTheAPIProvesTheKey(t *testing.T) {
	for _, refusal := range []fakeResponse{
		status(400),
		{status: 400, body: "<html>"},
		{status: 400, body: `{"status":422,"error":"E"`},
		{status: 400, body: `{"status":"400","error":"E"}`},
		apiError(405), apiError(404),
		{status: 400, body: `{"status":400,"error":{"message":"E"}}`},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := refusal; s.after = 10 * time.Millisecond; return s }}
			c := newHarness(t, 32, Options{transport: w})
			c.knownRejected = true
			c.run(100)
			if w.maxInFlight != 1 {
				t.Errorf("%v: %d calls at once", refusal, w.maxInFlight)
			}
		})
	}
}

// The proof only opens the workers: if every contact is refused the run still gives up, after as few requests as before.
func TestARunGivesUpAlsoOnceTheKeyIsProved(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse { return apiError(400 + 22*(in.n%2)) }}
		c := newHarness(t, workers, Options{transport: w})
		c.run(500)
		if w.calls() != maxSameRejections || c.stopped != contact.StopRejectedAll {
			t.Errorf("%d calls, stop %q: %s", w.calls(), c.stopped, c.detail)
		}
	})
}

// Ten responses in a row that are not answers stop the run, also after good ones, and cost few more calls than that.
func TestTenUnusableResponsesStopTheRun(t *testing.T) {
	for _, body := range []string{`{}`, `{"data":{}}`, `{"contact":[]}`, `<html>`, ``} {
		for _, good := range []int{0, 5, 50} {
			synctest.Test(t, func(t *testing.T) {
				w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n > good {
						return fakeResponse{status: 200, body: body, after: 10 * time.Millisecond}
					}
					return ok()
				}}
				c := newHarness(t, 32, Options{transport: w})
				began := time.Now()
				c.run(300)
				want := contact.StopAPIDown
				if good == 0 {
					want = contact.StopRejectedAll
				}
				k := c.kinds()
				if c.stopped != want || !strings.Contains(c.detail, "10 responses in a row") || k[contact.Matched] != good || k[contact.NoMatch] != 0 {
					t.Errorf("%q after %d: ended as %v, stop %q: %s", body, good, k, c.stopped, c.detail)
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
	for _, between := range []fakeResponse{ok(), apiError(400)} {
		synctest.Test(t, func(t *testing.T) {
			w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
				switch {
				case in.n == 1:
					return ok()
				case in.n%9 == 0:
					return between
				}
				return fakeResponse{status: 200, body: "{}", after: time.Millisecond}
			}}
			c := newHarness(t, 1, Options{transport: w, MaxElapsed: time.Hour})
			c.run(40)
			if c.stopped != "" {
				t.Errorf("stop %q: %s", c.stopped, c.detail)
			}
		})
	}
}

// A 404 that is not in the API's own format affects every row: it is retried, stops the run if it persists, and is no row's answer.
func TestAForeignNotFoundIsAnOutage(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"message":"Not Found"}`, `{"status":404}`, `{"status":404,"error":null}`} {
		for _, good := range []int{0, 5} {
			synctest.Test(t, func(t *testing.T) {
				w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n > good {
						return fakeResponse{status: 404, body: body, after: 10 * time.Millisecond}
					}
					return ok()
				}}
				c := newHarness(t, 8, Options{transport: w})
				c.client.AnsweredBefore()
				c.run(300)
				k := c.kinds()
				if c.stopped != contact.StopAPIDown || !strings.Contains(c.detail, "check --url") || k[contact.NoMatch] != 0 || k[contact.Refused] > maxExhausted {
					t.Errorf("%q after %d: ended as %v, stop %q: %s", body, good, k, c.stopped, c.detail)
				}
			})
		}
	}
}

// With an answer in the ledger, a 404 of the API is no match at once.
func TestANotFoundIsNoMatchIfTheLedgerHasAnAnswer(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return apiError(404) }}
		c := newHarness(t, workers, Options{transport: w})
		c.client.AnsweredBefore()
		c.run(100)
		if k := c.kinds(); k[contact.NoMatch] != 100 || c.stopped != "" || len(c.notFound) != 0 {
			t.Errorf("ended as %v, %d in doubt, stop %q: %s", k, len(c.notFound), c.stopped, c.detail)
		}
	})
}

// What never was on the wire is not called a call.
func TestAnOutageWithoutACallSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return notConnected() }}
		c := newHarness(t, 4, Options{transport: w})
		c.run(20)
		if c.client.Stats().Sent != 0 || !strings.Contains(c.detail, " attempts in a row failed") || strings.Contains(c.detail, "calls") {
			t.Errorf("%d sent, %s", c.client.Stats().Sent, c.detail)
		}
	})
}
