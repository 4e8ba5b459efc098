package client

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// A sharedAccount is a Limiter and a Pauser whose state other machines change too.
type sharedAccount struct {
	mu     sync.Mutex
	until  time.Time     // the end of the pause
	next   time.Time     // the next free slot
	every  time.Duration // between two slots
	stated Rate
	begun  int // pauses
}

func (s *sharedAccount) SetRate(_ time.Time, calls int, per time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stated = Rate{calls, per}
}

func (s *sharedAccount) Take(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := s.next.Sub(now); wait > 0 {
		return wait
	}
	s.next = now.Add(s.every)
	return 0
}

func (s *sharedAccount) Delay(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.next.Sub(now), 0)
}

func (s *sharedAccount) Begin(now time.Time, retryAfter time.Duration) time.Duration {
	s.pauseUntil(now.Add(retryAfter))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	return retryAfter
}

func (s *sharedAccount) Extend(now time.Time, retryAfter time.Duration) time.Duration {
	s.pauseUntil(now.Add(retryAfter))
	return retryAfter
}

func (s *sharedAccount) Until() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until
}

func (s *sharedAccount) Reset() {}

func (s *sharedAccount) pauseUntil(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.After(s.until) {
		s.until = t
	}
}

// A pause that another machine began holds back this one's calls, and a pause that this machine begins is shared.
func TestASharedPauseHoldsBackTheCalls(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		shared := &sharedAccount{}
		began := time.Now()
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 200 {
				return throttled("10")
			}
			return ok()
		}}
		h := newHarness(t, workers, Options{transport: network, Pauser: shared})
		other := time.AfterFunc(50*time.Millisecond, func() { shared.pauseUntil(began.Add(time.Minute)) })
		defer other.Stop()
		h.run(400)
		if n := network.arrivedBetween(began.Add(51*time.Millisecond), began.Add(time.Minute)); n > 0 {
			t.Errorf("%d calls during the other machine's pause", n)
		}
		if shared.begun != 1 || h.kinds()[contact.Matched] != 400 || time.Since(began) < time.Minute {
			t.Errorf("%d pauses begun, ended as %v after %v", shared.begun, h.kinds(), time.Since(began))
		}
	})
}

// The slots of a shared limiter are used, and it is told the rate that the API states.
func TestASharedLimiterSpacesTheCalls(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		shared := &sharedAccount{every: 250 * time.Millisecond}
		network := &fakeNetwork{answer: func(fakeRequest) fakeResponse {
			r := ok()
			r.header = http.Header{"Rate_limit": {"600"}}
			return r
		}}
		h := newHarness(t, workers, Options{transport: network, Limiter: shared})
		began := time.Now()
		h.run(41)
		if took := time.Since(began); took < 10*time.Second || took > 11*time.Second || shared.stated != (Rate{600, time.Minute}) {
			t.Errorf("took %v, the stated rate is %v", took, shared.stated)
		}
	})
}

// A 429 to a call that was sent before a pause may come after the next answer. It does not stop the run.
func TestALate429DoesNotStopTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			switch in.n {
			case 20:
				return throttled("2")
			case 21:
				r := throttled("2")
				r.after = 20 * time.Second
				return r
			}
			return ok()
		}}
		h := newHarness(t, 8, Options{transport: network})
		h.run(200)
		if k := h.kinds(); h.stopped != "" || k[contact.Matched] != 200 {
			t.Errorf("ended as %v, stop %q: %s", k, h.stopped, h.detail)
		}
	})
}
