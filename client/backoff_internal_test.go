package client

import (
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
)

func TestDelaysDoubleWithinTheirBounds(t *testing.T) {
	o := &Options{MaxAttempts: 12, MaxElapsed: time.Hour}
	s := &retryState{o: o}
	want := minBackoff
	for attempt := 1; attempt < o.MaxAttempts; attempt++ {
		s.attempts = attempt
		if d := s.nextDelay(0); d < want/2 || d > want*3/2 {
			t.Errorf("delay %d is %v, expected about %v", attempt, d, want)
		}
		want = min(2*want, maxBackoff)
	}
	s.attempts = o.MaxAttempts
	if d := s.nextDelay(0); d != backoff.Stop {
		t.Errorf("a delay of %v after the last attempt", d)
	}
}

func TestRetryAfterOnlyLengthensADelay(t *testing.T) {
	for _, tt := range []struct {
		elapsed, retryAfter time.Duration
		least, most         time.Duration // least Stop: no attempt follows
	}{
		{0, 0, minBackoff / 2, minBackoff * 3 / 2},
		{0, time.Millisecond, minBackoff / 2, minBackoff * 3 / 2},
		{0, 17 * time.Second, 17 * time.Second, 17 * time.Second},
		{0, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute},
		{0, 2*time.Minute + 1, backoff.Stop, backoff.Stop},
		{110 * time.Second, 17 * time.Second, backoff.Stop, backoff.Stop},
		{2 * time.Minute, 0, backoff.Stop, backoff.Stop},
	} {
		s := &retryState{attempts: 1, elapsed: tt.elapsed, o: &Options{MaxAttempts: 5, MaxElapsed: 2 * time.Minute}}
		if d := s.nextDelay(tt.retryAfter); d < tt.least || d > tt.most {
			t.Errorf("after %v, with Retry-After %v: %v", tt.elapsed, tt.retryAfter, d)
		}
	}
}

// Time that earlier questions about the contact took counts, however late the policy is created.
func TestElapsedTimeIsOfAllQuestions(t *testing.T) {
	s := &retryState{attempts: 3, elapsed: time.Minute, o: &Options{MaxAttempts: 9, MaxElapsed: 2 * time.Minute}}
	if d := s.resumeDelay(); d < time.Second || d > 3*time.Second {
		t.Errorf("resumes after %v, expected the third delay: about 2s", d)
	}
	s.elapsed = 119 * time.Second
	s.attempts++
	if d := s.nextDelay(0); d != backoff.Stop {
		t.Errorf("a delay of %v exceeds --max-elapsed", d)
	}
}

func TestTheLastAttemptIsKnown(t *testing.T) {
	for attempts, last := range map[int]bool{0: false, 1: false, 2: true, 3: true} {
		if s := (&retryState{attempts: attempts, o: &Options{MaxAttempts: 3}}); s.isLast() != last {
			t.Errorf("after %d attempts: last %v", attempts, s.isLast())
		}
	}
}
