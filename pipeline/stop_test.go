package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

func TestAStopEndsTheAskingAndLaterWhatIsInFlight(t *testing.T) {
	for name, tt := range map[string]struct {
		stop func(s *stopper, interrupt func()) // after which calls in flight have d more
		d    time.Duration
	}{
		"a stop":                        {func(s *stopper, _ func()) { s.stop(contact.StopUnauthorized, "401") }, 25 * time.Second},
		"a signal":                      {func(_ *stopper, interrupt func()) { interrupt() }, 22500 * time.Millisecond},
		"a signal soon after a stop":    {func(s *stopper, interrupt func()) { s.stop("", ""); time.Sleep(time.Second); interrupt() }, 22500 * time.Millisecond},
		"a signal long after a stop":    {func(s *stopper, interrupt func()) { s.stop("", ""); time.Sleep(20 * time.Second); interrupt() }, 5 * time.Second},
		"a stop after a signal":         {func(s *stopper, interrupt func()) { interrupt(); time.Sleep(time.Second); s.stop("", "") }, 21500 * time.Millisecond},
		"an error, outcomes still kept": {func(s *stopper, _ func()) { s.abandon(errors.New("lost the lease")) }, 25 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				s := newStopper(ctx, t.Context(), 25*time.Second, 0)
				defer s.close()
				tt.stop(s, interrupt)
				synctest.Wait()
				if !s.stopped() || s.hard.Err() != nil {
					t.Error("new calls are not stopped, or calls in flight are ended")
				}
				time.Sleep(tt.d - 1)
				synctest.Wait()
				if s.hard.Err() != nil {
					t.Error("the grace ended early")
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if s.hard.Err() == nil {
					t.Error("the grace does not end")
				}
			})
		})
	}
}

func TestTheFirstCauseOfAStopIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		s := newStopper(ctx, t.Context(), time.Second, 0)
		defer s.close()
		interrupt()
		synctest.Wait()
		s.stop(contact.StopUnauthorized, "later")
		if cause, detail, err := s.result(); cause != contact.StopInterrupted || detail != "" || err != nil {
			t.Errorf("%q, %q, %v", cause, detail, err)
		}
	})
}

func TestTheMaxDurationIsACap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStopper(t.Context(), t.Context(), time.Second, time.Minute)
		defer s.close()
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		if s.stopped() {
			t.Error("it stops early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if cause, _, _ := s.result(); !s.stopped() || cause != contact.StopCap {
			t.Errorf("stopped %t, by %q", s.stopped(), cause)
		}
	})
}

func TestACapLetsWhatIsAdmittedFinishAndAnErrorOfOursDoesNot(t *testing.T) {
	s := newStopper(t.Context(), t.Context(), time.Second, 0)
	defer s.close()
	s.note(contact.StopCap, "reached --max-calls (5)")
	if s.stopped() {
		t.Error("a cap ends what was admitted")
	}
	ours := errors.New("disk full")
	s.fail(ours)
	if !s.stopped() || !s.failed() || s.hard.Err() == nil {
		t.Error("after an internal error something continues")
	}
	if _, _, err := s.result(); !errors.Is(err, ours) {
		t.Errorf("got %v", err)
	}
}

func TestAgesAndHolds(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		kind            contact.Kind
		age             time.Duration
		maxAge, noMatch time.Duration
		fresh, stale    bool
	}{
		"any age":                     {contact.Matched, 9999 * day, -1, 30 * day, true, false},
		"exactly as old as it may be": {contact.Matched, 90 * day, 90 * day, -1, true, false},
		"a moment older":              {contact.Matched, 90*day + time.Millisecond, 90 * day, -1, false, true},
		"a no match has its own age":  {contact.NoMatch, 31 * day, -1, 30 * day, false, true},
		"the shorter one counts":      {contact.NoMatch, 10 * day, 7 * day, 30 * day, false, true},
		"no age for no match":         {contact.NoMatch, 10 * day, 7 * day, -1, false, true},
		"a refusal is not an answer":  {contact.Refused, 0, -1, -1, false, false},
		"nothing is not an answer":    {0, 0, 0, 0, false, false},
		"an answer of this run":       {contact.Matched, -time.Second, 0, 0, true, false},
	} {
		r := Rules{Started: noon, MaxAge: tt.maxAge, NoMatchAge: tt.noMatch}
		s := ledger.State{Kind: tt.kind, At: noon.Add(-tt.age)}
		if r.isFresh(s) != tt.fresh || r.isStale(s) != tt.stale {
			t.Errorf("%s: fresh %t, stale %t", name, r.isFresh(s), r.isStale(s))
		}
	}
	for retries, holds := range map[int]int{0: 1, 1: 2, 2: 3} {
		r := Rules{LostRetries: retries}
		if r.isUncertain(holds-1) || !r.isUncertain(holds) {
			t.Errorf("with %d retries a contact is not held after exactly %d lost calls", retries, holds)
		}
	}
}
