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
				w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return down }}
				c := newHarness(t, workers, Options{transport: w})
				began := time.Now()
				c.run(1000)
				took := time.Since(began)
				if c.stopped != contact.StopAPIDown || took > defaultMaxElapsed+time.Second || took < defaultMaxElapsed/2 {
					t.Errorf("stop %q after %v", c.stopped, took)
				}
				if n := w.calls(); n > 40 {
					t.Errorf("%d calls", n)
				}
				// With fewer workers than that, up to two rows use up their attempts before a third shows that no row is at fault.
				if k := c.kinds(); k[contact.Refused] > 2 || workers >= breakerRows && k[contact.Refused] > 0 {
					t.Errorf("ended as %v", k)
				}
				if s := c.client.Stats(); down.err != nil && s.Sent != 0 {
					t.Errorf("%d sent", s.Sent)
				}
			})
		})
	}
}

func TestOutageInTheMiddleHarmsNoRow(t *testing.T) {
	for name, down := range outages {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				w := &fakeNetwork{}
				began := time.Now()
				from, to := began.Add(time.Second), began.Add(61*time.Second)
				w.answer = func(fakeRequest) fakeResponse {
					if now := time.Now(); !now.Before(from) && now.Before(to) {
						return down
					}
					return ok()
				}
				c := newHarness(t, workers, Options{transport: w})
				rows := int64(150 * workers)
				c.run(rows)
				k := c.kinds()
				if c.stopped != "" || k[contact.Refused] > 2 || workers >= breakerRows && k[contact.Matched] != int(rows) {
					t.Errorf("stop %q, ended as %v of %d", c.stopped, k, rows)
				}
				if n := w.arrivedBetween(from, to); n > 30+2*workers {
					t.Errorf("%d calls while it was down", n)
				}
				if n := w.arrivedBetween(to.Add(20*time.Second), to.Add(time.Hour)); n > 0 && workers > 8 {
					t.Errorf("%d calls long after it was up again", n)
				}
			})
		})
	}
}

func TestPoisonedRowsAreNoOutage(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.email == email(5) || in.email == email(6) {
				return status(500)
			}
			return ok()
		}}
		c := newHarness(t, workers, Options{transport: w})
		c.run(200)
		if k := c.kinds(); k[contact.Matched] != 198 || k[contact.Refused] != 2 || c.stopped != "" {
			t.Fatalf("ended as %v, stop %q", k, c.stopped)
		}
		if o := c.last(5); o.Failure != contact.Exhausted || o.Attempts != defaultMaxAttempts || o.Status != 500 {
			t.Errorf("row 5: %v after %d attempts", o.Failure, o.Attempts)
		}
	})
}

func TestHangingServerStopsTheRun(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { s := ok(); s.after = time.Hour; return s }}
		c := newHarness(t, workers, Options{transport: w})
		began := time.Now()
		c.run(1000)
		if c.stopped != contact.StopAPIDown || w.calls() > 5 || time.Since(began) > 6*time.Minute {
			t.Errorf("stop %q after %v and %d calls", c.stopped, time.Since(began), w.calls())
		}
	})
}

func TestShortPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return status(503) }}
		c := newHarness(t, 8, Options{transport: w, MaxElapsed: 2 * time.Second})
		began := time.Now()
		c.run(1000)
		if k := c.kinds(); c.stopped != contact.StopAPIDown || time.Since(began) > 3*time.Second || k[contact.Refused] > 2 {
			t.Errorf("stop %q after %v, ended as %v, %d calls", c.stopped, time.Since(began), k, w.calls())
		}
	})
}
