package client

import (
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// outages are the ways in which an API can be down.
var outages = map[string]fakeResponse{
	"500": status(500), "404": status(404), "503": status(503), "refused": notConnected(),
}

func TestAPIDownFromTheStart(t *testing.T) {
	for name, down := range outages {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return down }}
				h := newHarness(t, workers, Options{transport: network})
				began := time.Now()
				h.run(1000)
				took := time.Since(began)
				if h.stopped != contact.StopAPIDown || took > defaultMaxElapsed+time.Second || took < defaultMaxElapsed/2 {
					t.Errorf("stop %q after %v", h.stopped, took)
				}
				if n := network.calls(); n > 40 {
					t.Errorf("%d calls", n)
				}
				// With fewer workers than that, up to two rows use up their attempts before a third shows that the API is down.
				if k := h.kinds(); k[contact.Refused] > 2 || workers >= breakerRows && k[contact.Refused] > 0 {
					t.Errorf("ended as %v", k)
				}
				if s := h.client.Stats(); down.err != nil && s.Sent != 0 {
					t.Errorf("%d sent", s.Sent)
				}
			})
		})
	}
}

func TestNoRowFailsInAnOutage(t *testing.T) {
	for name, down := range outages {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				if testing.Short() && workers > 8 && name != "refused" {
					t.Skip("-short leaves out the 9,600 rows of 64 workers for all but one of the outages")
				}
				network := &fakeNetwork{}
				began := time.Now()
				from, to := began.Add(time.Second), began.Add(61*time.Second)
				network.answer = func(fakeRequest) fakeResponse {
					if now := time.Now(); !now.Before(from) && now.Before(to) {
						return down
					}
					return ok()
				}
				h := newHarness(t, workers, Options{transport: network})
				rows := int64(150 * workers)
				h.run(rows)
				k := h.kinds()
				if h.stopped != "" || k[contact.Refused] > 2 || workers >= breakerRows && k[contact.Matched] != int(rows) {
					t.Errorf("stop %q, ended as %v of %d", h.stopped, k, rows)
				}
				if n := network.arrivedBetween(from, to); n > 30+2*workers {
					t.Errorf("%d calls while it was down", n)
				}
				if n := network.arrivedBetween(to.Add(20*time.Second), to.Add(time.Hour)); n > 0 && workers > 8 {
					t.Errorf("%d calls long after it was up again", n)
				}
			})
		})
	}
}

func TestFailingRowsAreNotAnOutage(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(5) || in.email == email(6) {
				return status(500)
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network})
		h.run(200)
		if k := h.kinds(); k[contact.Matched] != 198 || k[contact.Refused] != 2 || h.stopped != "" {
			t.Fatalf("ended as %v, stop %q", k, h.stopped)
		}
		if o := h.last(5); o.Failure != contact.Exhausted || o.Attempts != defaultMaxAttempts || o.Status != 500 {
			t.Errorf("row 5: %v after %d attempts", o.Failure, o.Attempts)
		}
	})
}

func TestHangingServerStopsTheRun(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := ok(); s.after = time.Hour; return s }}
		h := newHarness(t, workers, Options{transport: network})
		began := time.Now()
		h.run(1000)
		if h.stopped != contact.StopAPIDown || network.calls() > 5 || time.Since(began) > 6*time.Minute {
			t.Errorf("stop %q after %v and %d calls", h.stopped, time.Since(began), network.calls())
		}
	})
}

func TestAShortMaxElapsedStopsTheRunSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return status(503) }}
		h := newHarness(t, 8, Options{transport: network, MaxElapsed: 2 * time.Second})
		began := time.Now()
		h.run(1000)
		if k := h.kinds(); h.stopped != contact.StopAPIDown || time.Since(began) > 3*time.Second || k[contact.Refused] > 2 {
			t.Errorf("stop %q after %v, ended as %v, %d calls", h.stopped, time.Since(began), k, network.calls())
		}
	})
}
