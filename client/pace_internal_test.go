package client

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// steady checks that no window of a rate's length holds more calls than the rate, and that at least 95 % of it was used.
func steady(t *testing.T, w *wire, r Rate) {
	t.Helper()
	a := w.arrivals
	for i := range a {
		if n := i + r.calls; n < len(a) {
			if gap := a[n].at.Sub(a[i].at); gap < r.per {
				t.Fatalf("calls %d to %d are within %v of each other: above %d in %v", i+1, n+1, gap, r.calls, r.per)
			}
		}
	}
	span := a[len(a)-1].at.Sub(a[0].at)
	if got, want := float64(len(a)-1)/span.Seconds(), 0.95*r.PerSecond(); got < want {
		t.Errorf("%.3f calls a second, want at least %.3f", got, want)
	}
}

func TestRateIsKept(t *testing.T) {
	for _, text := range []string{"10/m", "51/m", "300/m", "10/s", "200/s", "5000/h"} {
		r, err := ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(text, func(t *testing.T) {
			bubble(t, func(t *testing.T, workers int) {
				w := &wire{answer: func(incoming) said { s := ok(); s.after = time.Millisecond; return s }}
				c := newCrowd(t, workers, Options{carrier: w, Rate: r})
				c.ask(int64(min(3*r.calls, 1000)))
				steady(t, w, r)
			})
		})
	}
}

func TestHeaderRateIsAdoptedAndFollowed(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{}
		w.answer = func(in incoming) said {
			s := ok()
			s.header = http.Header{"Rate_limit": {"600"}}
			if in.n > 300 {
				s.header = http.Header{"Rate_limit": {"120"}}
			}
			return s
		}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(600)
		all := w.arrivals
		w.arrivals = all[:300]
		steady(t, w, Rate{600, time.Minute})
		w.arrivals = all[302:] // at most one was let go between the answer and the change
		steady(t, w, Rate{120, time.Minute})
		if waited := c.client.Stats().Waited; waited < 160*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestRateIsFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(incoming) said { return ok() }}
		c := newCrowd(t, 16, Options{carrier: w, Rate: Rate{60, time.Minute}})
		c.ask(100)
		place := map[string]int{}
		for i, a := range w.arrivals {
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
			t.Errorf("%q is taken as %v", text, r)
		}
	}
}

func TestHeaderRate(t *testing.T) {
	for text, want := range map[string]int{
		"300": 300, "300;w=60": 300, "300, 300;window=60": 300, "60/min": 60, "1": 1,
		"": 0, "0": 0, "-5": 0, "many": 0, "1e9": 0, "99999999999999999999": 0, "3.5": 0, "NaN": 0,
	} {
		if got := headerRate(text).calls; got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
