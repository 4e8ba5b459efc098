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
			w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
				if in.n > 1 && in.email == email(2) && in.ofRow < 5 {
					return fault
				}
				return ok()
			}}
			c := newHarness(t, 4, Options{transport: w})
			c.run(20)
			o := c.last(2)
			want := 5
			if fault.err != nil {
				want = 1 // what was never sent is no attempt on the wire
			}
			if o.Kind != contact.Matched || o.Attempts != want {
				t.Errorf("%v: %v after %d attempts", fault, o.Kind, o.Attempts)
			}
		})
	}
}

func TestExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) {
				return status(500)
			}
			return ok()
		}}
		c := newHarness(t, 1, Options{transport: w, MaxAttempts: 3})
		c.run(5)
		if o := c.last(2); o.Kind != contact.Refused || o.Failure != contact.Exhausted || o.Attempts != 3 || o.Message != "no" || o.Status != 500 {
			t.Errorf("%+v", o)
		}
		if s := c.client.Stats(); s.Retried["server_error"] != 2 || s.Sent != 7 {
			t.Errorf("%+v", s)
		}
	})
}

func TestElapsedEndsARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) {
				s := status(500)
				s.after = 20 * time.Second
				return s
			}
			return ok()
		}}
		c := newHarness(t, 1, Options{transport: w, MaxAttempts: 100, MaxElapsed: time.Minute})
		c.run(5)
		if o := c.last(2); o.Failure != contact.Exhausted || o.Attempts != 3 {
			t.Errorf("%v after %d attempts", o.Failure, o.Attempts)
		}
	})
}

func TestServersHintIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) && in.ofRow == 1 {
				return fakeResponse{status: 503, header: http.Header{"Retry-After": {"17"}}}
			}
			return ok()
		}}
		c := newHarness(t, 4, Options{transport: w})
		began := time.Now()
		c.run(5)
		if took := time.Since(began); took < 17*time.Second || took > 18*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestLostEndsAtOnceAndComesBackAfterBackoff(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(3) {
				return connectionReset()
			}
			return ok()
		}}
		c := newHarness(t, workers, Options{transport: w})
		c.run(20)
		rs := c.results[3]
		if len(rs) != 3 {
			t.Fatalf("asked %d times, want 1 and 2 lost retries", len(rs))
		}
		for i, r := range rs {
			if r.Outcome.Kind != contact.Lost || r.Outcome.Attempts != i+1 || !r.Again || r.Outcome.Failure != contact.Exhausted {
				t.Errorf("result %d: %+v", i+1, r)
			}
		}
		var at []time.Time
		for _, a := range w.arrivals {
			if a.email == email(3) {
				at = append(at, a.at)
			}
		}
		if a, b := at[1].Sub(at[0]), at[2].Sub(at[1]); a < 200*time.Millisecond || b < 400*time.Millisecond {
			t.Errorf("asked again after %v and %v", a, b)
		}
		if n := c.client.Stats().Retried["lost"]; n != 2 {
			t.Errorf("%d retried after a lost call", n)
		}
	})
}

func TestLostIsNotAskedAgainWithoutAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(3) {
				return status(504)
			}
			return ok()
		}}
		c := newHarness(t, 2, Options{transport: w, MaxAttempts: 2})
		c.lostRetries = 10
		c.run(20)
		if rs := c.results[3]; len(rs) != 2 || !rs[0].Again || rs[1].Again {
			t.Errorf("%+v", rs)
		}
	})
}

func TestUnusableIsLostAndNotAskedAgain(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `"text"`, "<html>", `{"contact":`, `{} {}`, strings.Repeat(" ", maxBody) + "{}"} {
		synctest.Test(t, func(t *testing.T) {
			w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
				if in.n == 2 {
					return fakeResponse{status: 200, body: body}
				}
				return ok()
			}}
			c := newHarness(t, 1, Options{transport: w})
			c.run(3)
			if o := c.last(2); o.Kind != contact.Lost || o.Failure != contact.Malformed || c.results[2][0].Again || w.calls() != 3 {
				t.Errorf("%.20q: %+v", body, o)
			}
		})
	}
}

func TestCapEndsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(2) {
				return status(500)
			}
			return ok()
		}}
		c := newHarness(t, 1, Options{transport: w})
		var left atomic.Int64
		left.Store(1)
		c.retry = func() bool { return left.Add(-1) >= 0 }
		c.run(2)
		if o := c.last(2); o.Kind != contact.Released || c.stopped != contact.StopCap || o.Attempts != 2 {
			t.Errorf("%v after %d attempts, stop %q", o.Kind, o.Attempts, c.stopped)
		}
	})
}

func TestCapIsNotAskedForWhatWasNeverSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 1 {
				return notConnected()
			}
			return ok()
		}}
		c := newHarness(t, 1, Options{transport: w})
		c.retry = func() bool { return false }
		c.run(1)
		if o := c.last(1); o.Kind != contact.Matched || c.client.Stats().Sent != 1 {
			t.Errorf("%+v, stop %q", o, c.stopped)
		}
	})
}

func TestSoftEndSendsNothingMore(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			s := ok()
			s.after = time.Second
			return s
		}}
		c := newHarness(t, workers, Options{transport: w})
		end := time.AfterFunc(1500*time.Millisecond, c.stopSoft)
		defer end.Stop()
		c.run(1000)
		k := c.kinds()
		if w.calls() != 1+workers && workers > 1 || k[contact.Matched] != w.calls() || k[contact.Lost]+k[contact.Refused] > 0 {
			t.Errorf("%d calls, ended as %v", w.calls(), k)
		}
	})
}

func TestHardEndLosesWhatIsInFlight(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			s := ok()
			if in.n > 1 {
				s.after = 50 * time.Second
			}
			return s
		}}
		c := newHarness(t, workers, Options{transport: w})
		hard, cancel := context.WithCancel(t.Context())
		c.hard = hard
		soft := time.AfterFunc(time.Second, c.stopSoft)
		defer soft.Stop()
		end := time.AfterFunc(3*time.Second, cancel)
		defer end.Stop()
		began := time.Now()
		c.run(1000)
		if k := c.kinds(); k[contact.Lost] != workers || k[contact.Matched] != 1 || time.Since(began) != 3*time.Second {
			t.Errorf("ended as %v after %v", k, time.Since(began))
		}
	})
}

func TestSlowRowStallsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			s := ok()
			if in.email == email(10) {
				s.after = 3 * time.Second
			}
			return s
		}}
		c := newHarness(t, 8, Options{transport: w})
		began := time.Now()
		c.run(500)
		if took := time.Since(began); took > 3100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if n := w.arrivedBetween(began, began.Add(time.Second)); n < 490 {
			t.Errorf("%d calls in the first second", n)
		}
	})
}

func TestOutOfCredits(t *testing.T) {
	body := `{"contact":{"credit_charged":false,"error":"You have run out of credits."},"remaining_credits":0}`
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n > 20 {
				return fakeResponse{status: 200, body: body, after: 11 * time.Millisecond}
			}
			return ok()
		}}
		c := newHarness(t, workers, Options{transport: w})
		c.run(200)
		k := c.kinds()
		if c.stopped != contact.StopNoCredits || k[contact.Matched] != 20 || k[contact.NoMatch]+k[contact.Refused] > 0 || w.calls() > 20+workers {
			t.Errorf("stop %q, ended as %v after %d calls", c.stopped, k, w.calls())
		}
		if s := c.client.Stats(); s.Remaining == nil || *s.Remaining != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLogTellsOfEachAttemptAndNotOfTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		key := Key{`k/e"y`}
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 2 {
				return fakeResponse{status: 503, body: `{"message":"no \u001b[31m for k\/e\"y, k/e%22y"}`, after: time.Millisecond}
			}
			return fakeResponse{status: 200, body: `{"contact":{"error":"key is k\/e\u0022y"}}`}
		}}
		c := newHarness(t, 1, Options{transport: w, Key: key, Log: slog.New(slog.NewJSONHandler(&out, nil))})
		c.run(2)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines, want 3: %s", len(lines), out.String())
		}
		for _, want := range []string{`"row":2`, `"attempt":1`, `"status":503`, `"latency_ms":1`, `"result":"retry"`} {
			if !strings.Contains(lines[1], want) {
				t.Errorf("%s is not in %s", want, lines[1])
			}
		}
		if !strings.Contains(lines[2], `"waited_for":"backoff"`) {
			t.Errorf("no backoff in %s", lines[2])
		}
		all := out.String() + c.last(1).Message + string(c.last(1).Body)
		for _, bad := range []string{key.secret, `k\/e`, `k/e`, `\u001b`} {
			if strings.Contains(all, bad) {
				t.Errorf("%q is in %s", bad, all)
			}
		}
	})
}
