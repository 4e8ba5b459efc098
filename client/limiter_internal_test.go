package client

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// checkRate checks that no window of the rate's length has more calls than the rate, and that at least 95 % of the rate was
// used.
func checkRate(t *testing.T, network *fakeNetwork, r Rate) {
	t.Helper()
	a := network.arrivals
	for i := range a {
		if n := i + r.calls; n < len(a) {
			if gap := a[n].at.Sub(a[i].at); gap < r.per {
				t.Fatalf("calls %d to %d are within %v of each other: above %d in %v", i+1, n+1, gap, r.calls, r.per)
			}
		}
	}
	span := a[len(a)-1].at.Sub(a[0].at)
	if got, want := float64(len(a)-1)/span.Seconds(), 0.95*r.PerSecond(); got < want {
		t.Errorf("%.3f calls per second, expected at least %.3f", got, want)
	}
}

func TestRateIsKept(t *testing.T) {
	for _, text := range []string{"10/m", "51/m", "300/m", "10/s", "200/s", "5000/h"} {
		r, err := ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(text, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := ok(); s.after = time.Millisecond; return s }}
				h := newHarness(t, workers, Options{transport: network, Rate: r})
				h.run(int64(min(3*r.calls, 1000)))
				checkRate(t, network, r)
			})
		})
	}
}

func TestTheStatedRateIsAdoptedAndFollowed(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{}
		network.answer = func(in fakeRequest) fakeResponse {
			s := ok()
			s.header = http.Header{"Rate_limit": {"600"}}
			if in.n > 300 {
				s.header = http.Header{"Rate_limit": {"120"}}
			}
			return s
		}
		h := newHarness(t, workers, Options{transport: network})
		h.run(600)
		all := network.arrivals
		network.arrivals = all[:300]
		checkRate(t, network, Rate{600, time.Minute})
		network.arrivals = all[302:] // at most one was sent between the answer and the change
		checkRate(t, network, Rate{120, time.Minute})
		if waited := h.client.Stats().Waited; waited < 160*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestRateIsFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return ok() }}
		h := newHarness(t, 16, Options{transport: network, Rate: Rate{60, time.Minute}})
		h.run(100)
		place := map[string]int{}
		for i, a := range network.arrivals {
			place[a.email] = i
		}
		for row := int64(1); row <= 100; row++ {
			if d := place[email(row)] - int(row-1); d > 16 || d < -16 {
				t.Errorf("row %d was call %d", row, place[email(row)]+1)
			}
		}
	})
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]float64{"": 0, "10/s": 10, "300/m": 5, "3600/h": 1, "1/m": 1.0 / 60} {
		if r, err := ParseRate(text); err != nil || r.PerSecond() != want {
			t.Errorf("%q: %v, %v", text, r.PerSecond(), err)
		}
	}
	for _, text := range []string{"10", "/s", "0/s", "-1/s", "1.5/s", "10/d", "10/S", "s/10", "99999999999/s", "10/s ", " 10/s", "10//s", "1e3/s"} {
		if r, err := ParseRate(text); err == nil {
			t.Errorf("%q is accepted as %v", text, r)
		}
	}
}

// A rate_limit that is not understood never slows a run down.
func TestParseRateLimit(t *testing.T) {
	minute := func(n int) Rate { return Rate{n, time.Minute} }
	for text, want := range map[string]Rate{
		"300": minute(300), " 300 ": minute(300), "300;w=60": minute(300), "300, 300;window=60": minute(300), "60/min": minute(60), "1": minute(1),
		"1,000": minute(1000), "1 000": minute(1000), "1'000": minute(1000), "1_000": minute(1000), "12,345,678": minute(12345678),
		"1\u00a0000": minute(1000), "1\u202f000": minute(1000), "1’000": minute(1000), "1,000/min": minute(1000), "60.0": minute(60),
		"1000/min": minute(1000), "1000/m": minute(1000), "1000 per minute": minute(1000), "1000 requests per minute": minute(1000),
		"10/s": {10, time.Second}, "10/second": {10, time.Second}, "5000/h": {5000, time.Hour}, "5000 / Hour": {5000, time.Hour},
		"1000;w=1": {1000, time.Second}, "100; w=10; burst=20": {100, 10 * time.Second}, "100, 100;w=10, 5000;w=3600": {100, 10 * time.Second},
		"100, 5000;w=3600": minute(100), "300;comment=\"1 a minute\"": minute(300),
		"": {}, "0": {}, "-5": {}, "many": {}, "1e9": {}, "99999999999999999999": {}, "3.5": {}, "NaN": {}, "1.000": {}, "1,00": {}, "1,0000": {},
		"1, 000": {}, "1 a minute": {}, "1/fortnight": {}, "1 000,5": {}, "1-1000": {}, "1000;w=0": {}, "1;w=99999999": {}, "1 of 300": {}, "0x10": {},
		"limit=1": {}, "unlimited": {}, "1k": {}, "1/1000": {}, "١٠": {},
	} {
		if got := parseRateLimit(text); got != want {
			t.Errorf("%q: %v, expected %v", text, got, want)
		}
	}
}
