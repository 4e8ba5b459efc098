package client

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

var workerCounts = []int{1, 2, 8, 64}

// withWorkers runs a test in fake time once for each number of workers.
func withWorkers(t *testing.T, f func(t *testing.T, workers int)) {
	t.Helper()
	for _, workers := range workerCounts {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, workers) })
		})
	}
}

func TestBadKeyCostsOneCall(t *testing.T) {
	for code, stop := range map[int]contact.Stop{401: contact.StopUnauthorized, 403: contact.StopForbidden, 402: contact.StopNoCredits} {
		withWorkers(t, func(t *testing.T, workers int) {
			w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return status(code) }}
			c := newHarness(t, workers, Options{transport: w})
			c.run(200)
			if w.calls() != 1 || c.stopped != stop {
				t.Fatalf("%d calls, stop %q", w.calls(), c.stopped)
			}
			if k := c.kinds(); len(k) != 1 || k[contact.Released] == 0 {
				t.Fatalf("ended as %v, want all released", k)
			}
		})
	}
}

func TestKeyRevokedCostsWhatIsInFlight(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{}
		var revoked time.Time
		w.answer = func(in fakeRequest) fakeResponse {
			if in.n > 100 {
				return status(401)
			}
			return ok()
		}
		c := newHarness(t, workers, Options{transport: w})
		c.run(1000)
		_ = revoked
		if n := w.calls(); n > 100+workers {
			t.Fatalf("%d calls, want at most %d", n, 100+workers)
		}
		if k := c.kinds(); k[contact.Matched] != 100 || k[contact.Refused]+k[contact.Lost] != 0 || c.stopped != contact.StopUnauthorized {
			t.Fatalf("ended as %v, stop %q", k, c.stopped)
		}
	})
}

func TestFirstCallsGoAloneInOrder(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{}
		w.answer = func(in fakeRequest) fakeResponse {
			if in.n <= 5 {
				if w.maxInFlight > 1 {
					t.Errorf("%d calls in flight before the key was proved", w.maxInFlight)
				}
				return status(400)
			}
			return ok()
		}
		c := newHarness(t, workers, Options{transport: w})
		c.run(100)
		for i := range 6 {
			if w.arrivals[i].email != email(int64(i+1)) {
				t.Errorf("call %d is of %s", i+1, w.arrivals[i].email)
			}
		}
		if k := c.kinds(); k[contact.Matched] != 95 || k[contact.Refused] != 5 {
			t.Fatalf("ended as %v", k)
		}
		if w.maxInFlight > workers || w.maxInFlight < min(workers, 90) {
			t.Errorf("%d in flight at most with %d workers", w.maxInFlight, workers)
		}
	})
}

func TestPassingFailureLetsTheNextTry(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 1 {
				return status(503)
			}
			return ok()
		}}
		c := newHarness(t, workers, Options{transport: w})
		c.run(10)
		if k := c.kinds(); k[contact.Matched] != 10 || w.calls() != 11 {
			t.Fatalf("ended as %v after %d calls", k, w.calls())
		}
		if workers > 1 && (w.arrivals[1].email != email(2) || w.arrivals[1].at.Sub(w.arrivals[0].at) > 20*time.Millisecond) {
			t.Errorf("the second call is of %s, %v later", w.arrivals[1].email, w.arrivals[1].at.Sub(w.arrivals[0].at))
		}
	})
}
