package client

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

func TestBadKeyCostsOneCall(t *testing.T) {
	for code, stop := range map[int]contact.Stop{401: contact.StopUnauthorized, 403: contact.StopForbidden, 402: contact.StopNoCredits} {
		withWorkers(t, func(t *testing.T, workers int) {
			network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return status(code) }}
			h := newHarness(t, workers, Options{transport: network})
			h.run(200)
			if network.calls() != 1 || h.stopped != stop {
				t.Fatalf("%d calls, stop %q", network.calls(), h.stopped)
			}
			if k := h.kinds(); len(k) != 1 || k[contact.Released] == 0 {
				t.Fatalf("ended as %v, expected all released", k)
			}
		})
	}
}

func TestARevokedKeyCostsTheCallsInFlight(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{}
		var revoked time.Time
		network.answer = func(in fakeRequest) fakeResponse {
			if in.n > 100 {
				return status(401)
			}
			return ok()
		}
		h := newHarness(t, workers, Options{transport: network})
		h.run(1000)
		_ = revoked
		if n := network.calls(); n > 100+workers {
			t.Fatalf("%d calls, expected at most %d", n, 100+workers)
		}
		if k := h.kinds(); k[contact.Matched] != 100 || k[contact.Refused]+k[contact.Lost] != 0 || h.stopped != contact.StopUnauthorized {
			t.Fatalf("ended as %v, stop %q", k, h.stopped)
		}
	})
}

func TestFirstCallsGoAloneInOrder(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{}
		network.answer = func(in fakeRequest) fakeResponse {
			if in.n <= 5 {
				if network.maxInFlight > 1 {
					t.Errorf("%d calls in flight before the key was verified", network.maxInFlight)
				}
				return status(400)
			}
			return ok()
		}
		h := newHarness(t, workers, Options{transport: network})
		h.run(100)
		for i := range 6 {
			if network.arrivals[i].email != email(int64(i+1)) {
				t.Errorf("call %d is of %s", i+1, network.arrivals[i].email)
			}
		}
		if k := h.kinds(); k[contact.Matched] != 95 || k[contact.Refused] != 5 {
			t.Fatalf("ended as %v", k)
		}
		if network.maxInFlight > workers || network.maxInFlight < min(workers, 90) {
			t.Errorf("%d in flight at most with %d workers", network.maxInFlight, workers)
		}
	})
}

func TestATransientFailureLetsTheNextRowTry(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 1 {
				return status(503)
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(10)
		if k := h.kinds(); k[contact.Matched] != 10 || network.calls() != 11 {
			t.Fatalf("ended as %v after %d calls", k, network.calls())
		}
		if workers > 1 && (network.arrivals[1].email != email(2) || network.arrivals[1].at.Sub(network.arrivals[0].at) > 20*time.Millisecond) {
			t.Errorf("the second call is of %s, %v later", network.arrivals[1].email, network.arrivals[1].at.Sub(network.arrivals[0].at))
		}
	})
}

func TestSameRejectionsStopTheRun(t *testing.T) {
	html := fakeResponse{status: 200, body: "<html>welcome</html>"}
	for _, c := range []struct {
		name    string
		answer  func(fakeRequest) fakeResponse
		calls   int
		kind    contact.Kind
		advice  string
		emailAs string
	}{
		{"400", func(fakeRequest) fakeResponse { return status(400) }, maxSameRejections, contact.Refused, "--email-as business_email", "email"},
		{"400 to business_email", func(fakeRequest) fakeResponse { return status(400) }, maxSameRejections, contact.Refused, "--email-as email", "business_email"},
		{"422 and 400", func(in fakeRequest) fakeResponse { return status(400 + 22*(in.n%2)) }, maxSameRejections, contact.Refused, "--map", "email"},
		{"404 of the API", func(fakeRequest) fakeResponse { return apiError(404) }, maxSameRejections, contact.Released, "--url", "email"},
		{"307", func(fakeRequest) fakeResponse { return status(307) }, maxSameRejections, contact.Refused, "--url", "email"},
		{"409", func(fakeRequest) fakeResponse { return status(409) }, maxSameRejections, contact.Refused, "--set", "email"},
		{"unusable", func(fakeRequest) fakeResponse { return html }, maxUnusableInARow, contact.Lost, "--url", "email"},
		{"each another", func(in fakeRequest) fakeResponse { return status(405 + in.n%3) }, maxRejections, contact.Refused, "--url", "email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				network := &fakeNetwork{answer: c.answer}
				h := newHarness(t, workers, Options{transport: network, EmailAs: c.emailAs})
				h.run(500)
				if network.calls() != c.calls || h.stopped != contact.StopRejectedAll || !strings.Contains(h.detail, c.advice) {
					t.Errorf("%d calls, stop %q: %s", network.calls(), h.stopped, h.detail)
				}
				sentRows := 0
				for _, rs := range h.results {
					if rs[0].Outcome.Attempts > 0 {
						sentRows++
						if o := rs[0].Outcome; o.Kind != c.kind {
							t.Errorf("ended as %v", o.Kind)
						}
					}
				}
				if sentRows != c.calls {
					t.Errorf("%d rows were sent", sentRows)
				}
			})
		})
	}
}

func TestNotFoundBeforeAnAnswerIsDecidedLater(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n <= 15 || in.n%7 == 0 {
				return apiError(404)
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(100)
		if len(h.notFound) != 15 || network.calls() != 100 {
			t.Fatalf("%d absent, %d calls", len(h.notFound), network.calls())
		}
		for row := range h.results {
			if o := h.last(row); o.Kind != contact.Matched && (o.Kind != contact.NoMatch || string(o.Body) != "{}" || o.Status != 404) {
				t.Errorf("row %d: %v %d %s", row, o.Kind, o.Status, o.Body)
			}
		}
	})
}

func TestAListOfOnlyNotFoundIsRejected(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return apiError(404) }}
		h := newHarness(t, workers, Options{transport: network})
		h.run(5)
		if k := h.kinds(); k[contact.Refused] != 5 || h.stopped != "" || h.last(1).Failure != contact.Rejected {
			t.Errorf("ended as %v, stop %q", k, h.stopped)
		}
	})
}

func TestRejectionsAfterAnAnswerDoNotStopTheRun(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 3 {
				return ok()
			}
			return status(400)
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(200)
		if k := h.kinds(); k[contact.Refused] != 199 || h.stopped != "" {
			t.Errorf("ended as %v, stop %q", k, h.stopped)
		}
	})
}

func TestUnusableAnswersAfterGoodOnesAreAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n > 50 {
				return fakeResponse{status: 200, body: "<html>maintenance</html>", after: 10 * time.Millisecond}
			}
			return ok()
		}}
		h := newHarness(t, 8, Options{transport: network})
		h.run(1000)
		if k := h.kinds(); k[contact.Lost] > 40 || h.stopped != contact.StopAPIDown {
			t.Errorf("ended as %v, stop %q", k, h.stopped)
		}
	})
}

// The API's own rejections verify the key. A list of rows that are all rejected is sent by all workers, and the run does not
// give up if earlier runs saw the same.
func TestRejectionsByTheAPIProveTheKey(t *testing.T) {
	for _, n := range []int{400, 422} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := apiError(n); s.after = 50 * time.Millisecond; return s }}
			h := newHarness(t, 32, Options{transport: network})
			h.knownRejected = true
			began := time.Now()
			h.run(400)
			if took := time.Since(began); took > time.Second || network.calls() != 400 || h.stopped != "" || h.kinds()[contact.Refused] != 400 {
				t.Errorf("%d: %d calls in %v, ended as %v, stop %q", n, network.calls(), took, h.kinds(), h.stopped)
			}
		})
	}
}

// What a gateway can send proves nothing: calls continue one at a time.
func TestOnlyTheAPIProvesTheKey(t *testing.T) {
	for _, response := range []fakeResponse{
		status(400),
		{status: 400, body: "<html>"},
		{status: 400, body: `{"status":422,"error":"E"`},
		{status: 400, body: `{"status":"400","error":"E"}`},
		apiError(405), apiError(404),
		{status: 400, body: `{"status":400,"error":{"message":"E"}}`},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := response; s.after = 10 * time.Millisecond; return s }}
			h := newHarness(t, 32, Options{transport: network})
			h.knownRejected = true
			h.run(100)
			if network.maxInFlight != 1 {
				t.Errorf("%v: %d calls at once", response, network.maxInFlight)
			}
		})
	}
}

// The proof only lets all workers send. If every contact is rejected the run still gives up, after as few requests.
func TestAProvedKeyDoesNotPreventGivingUp(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse { return apiError(400 + 22*(in.n%2)) }}
		h := newHarness(t, workers, Options{transport: network})
		h.run(500)
		if network.calls() != maxSameRejections || h.stopped != contact.StopRejectedAll {
			t.Errorf("%d calls, stop %q: %s", network.calls(), h.stopped, h.detail)
		}
	})
}

// Ten responses in a row that are not answers stop the run, even after good ones, at the cost of few more calls.
func TestTenUnusableResponsesStopTheRun(t *testing.T) {
	for _, body := range []string{`{}`, `{"data":{}}`, `{"contact":[]}`, `<html>`, ``} {
		for _, good := range []int{0, 5, 50} {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n > good {
						return fakeResponse{status: 200, body: body, after: 10 * time.Millisecond}
					}
					return ok()
				}}
				h := newHarness(t, 32, Options{transport: network})
				began := time.Now()
				h.run(300)
				want := contact.StopAPIDown
				if good == 0 {
					want = contact.StopRejectedAll
				}
				k := h.kinds()
				if h.stopped != want || !strings.Contains(h.detail, "10 responses in a row") || k[contact.Matched] != good || k[contact.NoMatch] != 0 {
					t.Errorf("%q after %d: ended as %v, stop %q: %s", body, good, k, h.stopped, h.detail)
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

// An answer in between restarts the count; so does an error of the API itself.
func TestUnusableResponsesAreCountedInARow(t *testing.T) {
	for _, between := range []fakeResponse{ok(), apiError(400)} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
				switch {
				case in.n == 1:
					return ok()
				case in.n%9 == 0:
					return between
				}
				return fakeResponse{status: 200, body: "{}", after: time.Millisecond}
			}}
			h := newHarness(t, 1, Options{transport: network, MaxElapsed: time.Hour})
			h.run(40)
			if h.stopped != "" {
				t.Errorf("stop %q: %s", h.stopped, h.detail)
			}
		})
	}
}

// A 404 that is not in the API's own format affects every row: it is retried, stops the run if it persists, and is never an answer.
func TestNotFoundFromAGatewayIsAnOutage(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"message":"Not Found"}`, `{"status":404}`, `{"status":404,"error":null}`} {
		for _, good := range []int{0, 5} {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n > good {
						return fakeResponse{status: 404, body: body, after: 10 * time.Millisecond}
					}
					return ok()
				}}
				h := newHarness(t, 8, Options{transport: network})
				h.client.AnsweredBefore()
				h.run(300)
				k := h.kinds()
				if h.stopped != contact.StopAPIDown || !strings.Contains(h.detail, "check --url") || k[contact.NoMatch] != 0 || k[contact.Refused] > maxExhausted {
					t.Errorf("%q after %d: ended as %v, stop %q: %s", body, good, k, h.stopped, h.detail)
				}
			})
		}
	}
}

// With an answer in the ledger, a 404 of the API is no match at once.
func TestNotFoundIsNoMatchIfTheLedgerHasAnAnswer(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return apiError(404) }}
		h := newHarness(t, workers, Options{transport: network})
		h.client.AnsweredBefore()
		h.run(100)
		if k := h.kinds(); k[contact.NoMatch] != 100 || h.stopped != "" || len(h.notFound) != 0 {
			t.Errorf("ended as %v, %d in doubt, stop %q: %s", k, len(h.notFound), h.stopped, h.detail)
		}
	})
}

// An attempt that sent nothing is called an attempt, not a call.
func TestAnOutageWithoutACallSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return notConnected() }}
		h := newHarness(t, 4, Options{transport: network})
		h.run(20)
		if h.client.Stats().Sent != 0 || !strings.Contains(h.detail, " attempts in a row failed") || strings.Contains(h.detail, "calls") {
			t.Errorf("%d sent, %s", h.client.Stats().Sent, h.detail)
		}
	})
}
