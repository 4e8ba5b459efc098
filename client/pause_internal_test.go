package client

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"enrich/contact"
)

func TestA429PausesEveryWorker(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{}
		var paused time.Time
		network.answer = func(in fakeRequest) fakeResponse {
			if in.n == 50 {
				paused = time.Now().Add(10 * time.Millisecond)
				return throttled("20")
			}
			s := ok()
			s.after += time.Duration(in.n) * time.Microsecond
			return s
		}
		h := newHarness(t, workers, Options{transport: network})
		h.run(300)
		if n := network.arrivedBetween(paused.Add(time.Millisecond), paused.Add(20*time.Second)); n != 0 {
			t.Errorf("%d calls during the pause", n)
		}
		if n := network.arrivedBetween(paused.Add(20*time.Second), paused.Add(20*time.Second+5*time.Millisecond)); n != 1 {
			t.Errorf("%d calls at once when the pause ended, expected 1", n)
		}
		if k := h.kinds(); k[contact.Matched] != 300 || network.calls() != 301 {
			t.Fatalf("ended as %v after %d calls", k, network.calls())
		}
		if s := h.client.Stats(); s.Retried["rate_limited"] != 1 || s.Waited < 19*time.Second || s.Waited > 22*time.Second {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestA429IsNotAnAttempt(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(3) && in.ofRow <= 12 {
				return throttled("1")
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network, MaxAttempts: 2, MaxElapsed: 30 * time.Second})
		h.run(40)
		if o := h.last(3); o.Kind != contact.Matched || o.Attempts != 13 {
			t.Errorf("row 3 ended as %v after %d attempts", o.Kind, o.Attempts)
		}
	})
}

func TestARowWithOnly429sIsExhausted(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(3) {
				return throttled("1")
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(100 + 40*int64(workers))
		if o := h.last(3); workers > 1 && (o.Kind != contact.Refused || o.Failure != contact.Exhausted || o.Attempts != maxThrottled) {
			t.Errorf("row 3 ended as %v after %d attempts", o.Kind, o.Attempts)
		}
	})
}

func TestEndlessPauseStopsTheRun(t *testing.T) {
	for name, c := range map[string]struct {
		answer fakeResponse
		says   string
	}{
		"longer than may be":      {throttled("3600"), "the API asks to wait 1h (429), longer than --max-elapsed (1m)"},
		"again and again":         {throttled(""), "the pauses since the last answer add up to 1m"},
		"again and again, hinted": {throttled("7"), "the pauses since the last answer add up to 1m"},
	} {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n > 10 {
						return c.answer
					}
					return ok()
				}}
				h := newHarness(t, workers, Options{transport: network, MaxElapsed: time.Minute})
				began := time.Now()
				h.run(500)
				if k := h.kinds(); h.stopped != contact.StopAPIDown || k[contact.Refused]+k[contact.Lost] != 0 {
					t.Errorf("stop %q, ended as %v", h.stopped, k)
				}
				if !strings.Contains(h.detail, c.says) {
					t.Errorf("stopped with %q; expected %q", h.detail, c.says)
				}
				if took := time.Since(began); took > 61*time.Second || network.calls() > 30+2*workers {
					t.Errorf("took %v and %d calls", took, network.calls())
				}
			})
		})
	}
}

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		header, date string
		want         time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{" 7 ", "", 7 * time.Second},
		{"0.5", "", 500 * time.Millisecond},
		{"0", "", 0},
		{"-3", "", 0},
		{"soon", "", 0},
		{"NaN", "", 0},
		{"+Inf", "", 0},
		{"1764000000", "", 0},
		{"99999999999999999999999", "", 0},
		{date(90 * time.Second), "", 90 * time.Second},
		{date(-time.Hour), "", 0},
		{date(48 * time.Hour), "", 0},
		{date(90*time.Second + time.Hour), date(time.Hour), 90 * time.Second}, // a server whose clock is an hour ahead
		{date(90 * time.Second), "nonsense", 90 * time.Second},
	} {
		h := http.Header{"Retry-After": {c.header}, "Date": {c.date}}
		if got := parseRetryAfter(h, now); got != c.want {
			t.Errorf("%q at %q: %v, expected %v", c.header, c.date, got, c.want)
		}
	}
}
