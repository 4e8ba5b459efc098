package client

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

var manyWorkers = []int{1, 2, 8, 64}

// bubble runs a test in fake time once for each number of workers.
func bubble(t *testing.T, f func(t *testing.T, workers int)) {
	t.Helper()
	for _, workers := range manyWorkers {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, workers) })
		})
	}
}

func TestBadKeyCostsOneCall(t *testing.T) {
	for code, stop := range map[int]Stop{401: StopUnauthorized, 403: StopForbidden, 402: StopNoCredits} {
		bubble(t, func(t *testing.T, workers int) {
			w := &wire{answer: func(incoming) said { return status(code) }}
			c := newCrowd(t, workers, Options{carrier: w})
			c.ask(200)
			if w.calls() != 1 || c.stop != stop {
				t.Fatalf("%d calls, stop %q", w.calls(), c.stop)
			}
			if k := c.kinds(); len(k) != 1 || k[contact.Released] == 0 {
				t.Fatalf("ended as %v, want all released", k)
			}
		})
	}
}

func TestKeyRevokedCostsWhatIsInFlight(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{}
		var revoked time.Time
		w.answer = func(in incoming) said {
			if in.n > 100 {
				return status(401)
			}
			return ok()
		}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(1000)
		_ = revoked
		if n := w.calls(); n > 100+workers {
			t.Fatalf("%d calls, want at most %d", n, 100+workers)
		}
		if k := c.kinds(); k[contact.Matched] != 100 || k[contact.Refused]+k[contact.Lost] != 0 || c.stop != StopUnauthorized {
			t.Fatalf("ended as %v, stop %q", k, c.stop)
		}
	})
}

func TestFirstCallsGoAloneInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{}
		w.answer = func(in incoming) said {
			if in.n <= 5 {
				if w.most > 1 {
					t.Errorf("%d calls in flight before the key was proved", w.most)
				}
				return status(400)
			}
			return ok()
		}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(100)
		for i := range 6 {
			if w.arrivals[i].email != email(int64(i+1)) {
				t.Errorf("call %d is of %s", i+1, w.arrivals[i].email)
			}
		}
		if k := c.kinds(); k[contact.Matched] != 95 || k[contact.Refused] != 5 {
			t.Fatalf("ended as %v", k)
		}
		if w.most > workers || w.most < min(workers, 90) {
			t.Errorf("%d in flight at most with %d workers", w.most, workers)
		}
	})
}

func TestPassingFailureLetsTheNextTry(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{answer: func(in incoming) said {
			if in.n == 1 {
				return status(503)
			}
			return ok()
		}}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(10)
		if k := c.kinds(); k[contact.Matched] != 10 || w.calls() != 11 {
			t.Fatalf("ended as %v after %d calls", k, w.calls())
		}
		if workers > 1 && (w.arrivals[1].email != email(2) || w.arrivals[1].at.Sub(w.arrivals[0].at) > 20*time.Millisecond) {
			t.Errorf("the second call is of %s, %v later", w.arrivals[1].email, w.arrivals[1].at.Sub(w.arrivals[0].at))
		}
	})
}
