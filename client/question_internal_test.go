package client

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

func TestRetriesThenAnswers(t *testing.T) {
	for _, fault := range []fakeResponse{status(500), status(501), status(503), status(404), status(408), status(425), status(202), notConnected()} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
				if in.n > 1 && in.email == email(2) && in.ofRow < 5 {
					return fault
				}
				return ok()
			}}
			h := newHarness(t, 4, Options{transport: network})
			h.run(20)
			o := h.last(2)
			want := 5
			if fault.err != nil {
				want = 1 // a request that was never sent is not an attempt on the wire
			}
			if o.Kind != contact.Matched || o.Attempts != want {
				t.Errorf("%v: %v after %d attempts", fault, o.Kind, o.Attempts)
			}
		})
	}
}

func TestARowThatKeepsFailingIsExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) {
				return status(500)
			}
			return ok()
		}}
		h := newHarness(t, 1, Options{transport: network, MaxAttempts: 3})
		h.run(5)
		if o := h.last(2); o.Kind != contact.Refused || o.Failure != contact.Exhausted || o.Attempts != 3 || o.Message != "no" || o.Status != 500 {
			t.Errorf("%+v", o)
		}
		if s := h.client.Stats(); s.Retried["server_error"] != 2 || s.Sent != 7 {
			t.Errorf("%+v", s)
		}
	})
}

func TestMaxElapsedEndsARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) {
				s := status(500)
				s.after = 20 * time.Second
				return s
			}
			return ok()
		}}
		h := newHarness(t, 1, Options{transport: network, MaxAttempts: 100, MaxElapsed: time.Minute})
		h.run(5)
		if o := h.last(2); o.Failure != contact.Exhausted || o.Attempts != 3 {
			t.Errorf("%v after %d attempts", o.Failure, o.Attempts)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) && in.ofRow == 1 {
				return fakeResponse{status: 503, header: http.Header{"Retry-After": {"17"}}}
			}
			return ok()
		}}
		h := newHarness(t, 4, Options{transport: network})
		began := time.Now()
		h.run(5)
		if took := time.Since(began); took < 17*time.Second || took > 18*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestALostCallIsRepeatedAfterBackoff(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(3) {
				return connectionReset()
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(20)
		rs := h.results[3]
		if len(rs) != 3 {
			t.Fatalf("sent %d times, expected 1 and 2 lost retries", len(rs))
		}
		for i, r := range rs {
			if r.Outcome.Kind != contact.Lost || r.Outcome.Attempts != i+1 || !r.Again || r.Outcome.Failure != contact.Exhausted {
				t.Errorf("result %d: %+v", i+1, r)
			}
		}
		var at []time.Time
		for _, a := range network.arrivals {
			if a.email == email(3) {
				at = append(at, a.at)
			}
		}
		if a, b := at[1].Sub(at[0]), at[2].Sub(at[1]); a < 200*time.Millisecond || b < 400*time.Millisecond {
			t.Errorf("sent again after %v and %v", a, b)
		}
		if n := h.client.Stats().Retried["lost"]; n != 2 {
			t.Errorf("%d retried after a lost call", n)
		}
	})
}

func TestALostCallIsNotRepeatedWithoutAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(3) {
				return status(504)
			}
			return ok()
		}}
		h := newHarness(t, 2, Options{transport: network, MaxAttempts: 2})
		h.lostRetries = 10
		h.run(20)
		if rs := h.results[3]; len(rs) != 2 || !rs[0].Again || rs[1].Again {
			t.Errorf("%+v", rs)
		}
	})
}

func TestAnUnusableAnswerIsLostAndNotRepeated(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `"text"`, "<html>", `{"contact":`, `{} {}`, strings.Repeat(" ", maxBody) + "{}"} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
				if in.n == 2 {
					return fakeResponse{status: 200, body: body}
				}
				return ok()
			}}
			h := newHarness(t, 1, Options{transport: network})
			h.run(3)
			if o := h.last(2); o.Kind != contact.Lost || o.Failure != contact.Malformed || h.results[2][0].Again || network.calls() != 3 {
				t.Errorf("%.20q: %+v", body, o)
			}
		})
	}
}

func TestTheCapEndsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) {
				return status(500)
			}
			return ok()
		}}
		h := newHarness(t, 1, Options{transport: network})
		var left atomic.Int64
		left.Store(1)
		h.retry = func() (reached string) {
			if left.Add(-1) < 0 {
				return "reached --max-calls (3)"
			}
			return ""
		}
		h.run(2)
		if o := h.last(2); o.Kind != contact.Released || h.stopped != contact.StopCap || h.detail != "reached --max-calls (3)" || o.Attempts != 2 {
			t.Errorf("%v after %d attempts, stop %q", o.Kind, o.Attempts, h.stopped)
		}
	})
}

func TestOnlySentCallsCountTowardsTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 1 {
				return notConnected()
			}
			return ok()
		}}
		h := newHarness(t, 1, Options{transport: network})
		h.retry = func() (reached string) { return "reached --max-calls (1)" }
		h.run(1)
		if o := h.last(1); o.Kind != contact.Matched || h.client.Stats().Sent != 1 {
			t.Errorf("%+v, stop %q", o, h.stopped)
		}
	})
}

func TestNothingIsSentAfterTheSoftEnd(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			s := ok()
			s.after = time.Second
			return s
		}}
		h := newHarness(t, workers, Options{transport: network})
		end := time.AfterFunc(1500*time.Millisecond, h.stopSoft)
		defer end.Stop()
		h.run(1000)
		k := h.kinds()
		if network.calls() != 1+workers && workers > 1 || k[contact.Matched] != network.calls() || k[contact.Lost]+k[contact.Refused] > 0 {
			t.Errorf("%d calls, ended as %v", network.calls(), k)
		}
	})
}

func TestTheHardEndLosesTheCallsInFlight(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			s := ok()
			if in.n > 1 {
				s.after = 50 * time.Second
			}
			return s
		}}
		h := newHarness(t, workers, Options{transport: network})
		hard, cancel := context.WithCancel(t.Context())
		h.hard = hard
		soft := time.AfterFunc(time.Second, h.stopSoft)
		defer soft.Stop()
		end := time.AfterFunc(3*time.Second, cancel)
		defer end.Stop()
		began := time.Now()
		h.run(1000)
		if k := h.kinds(); k[contact.Lost] != workers || k[contact.Matched] != 1 || time.Since(began) != 3*time.Second {
			t.Errorf("ended as %v after %v", k, time.Since(began))
		}
	})
}

func TestASlowRowDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			s := ok()
			if in.email == email(10) {
				s.after = 3 * time.Second
			}
			return s
		}}
		h := newHarness(t, 8, Options{transport: network})
		began := time.Now()
		h.run(500)
		if took := time.Since(began); took > 3100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if n := network.arrivedBetween(began, began.Add(time.Second)); n < 490 {
			t.Errorf("%d calls in the first second", n)
		}
	})
}

func TestOutOfCredits(t *testing.T) {
	body := `{"contact":{"credit_charged":false,"error":"You have run out of credits."},"remaining_credits":0}`
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n > 20 {
				return fakeResponse{status: 200, body: body, after: 11 * time.Millisecond}
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(200)
		k := h.kinds()
		if h.stopped != contact.StopNoCredits || k[contact.Matched] != 20 || k[contact.NoMatch]+k[contact.Refused] > 0 || network.calls() > 20+workers {
			t.Errorf("stop %q, ended as %v after %d calls", h.stopped, k, network.calls())
		}
		if s := h.client.Stats(); s.Remaining == nil || *s.Remaining != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheLogHasEachAttemptAndNotTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		key := Key{`k/e"y`}
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 2 {
				return fakeResponse{status: 503, body: `{"message":"no \u001b[31m for k\/e\"y, k/e%22y"}`, after: time.Millisecond}
			}
			return fakeResponse{status: 200, body: `{"contact":{"error":"key is k\/e\u0022y"}}`}
		}}
		h := newHarness(t, 1, Options{transport: network, Key: key, Log: slog.New(slog.NewJSONHandler(&out, nil))})
		h.run(2)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines, expected 3: %s", len(lines), out.String())
		}
		for _, want := range []string{`"row":2`, `"attempt":1`, `"status":503`, `"latency_ms":1`, `"result":"retry"`} {
			if !strings.Contains(lines[1], want) {
				t.Errorf("%s is not in %s", want, lines[1])
			}
		}
		if !strings.Contains(lines[2], `"waited_for":"backoff"`) {
			t.Errorf("no backoff in %s", lines[2])
		}
		all := out.String() + h.last(1).Message + string(h.last(1).Body)
		for _, bad := range []string{key.secret, `k\/e`, `k/e`, `\u001b`} {
			if strings.Contains(all, bad) {
				t.Errorf("%q is in %s", bad, all)
			}
		}
	})
}
