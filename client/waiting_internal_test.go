package client

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Whatever delays the next call is reported with its end.
func TestWaitingHasReasonAndEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		o      Options
		answer func(fakeRequest) fakeResponse
		at     time.Duration // when it is asked
		want   string
		until  time.Duration // of the wait, about
	}{
		"pause": {Options{}, func(in fakeRequest) fakeResponse {
			if in.n == 2 {
				return throttled("40")
			}
			return ok()
		}, 10 * time.Second, WaitingPause, 30 * time.Second},
		"rate": {Options{Rate: Rate{calls: 1, per: time.Minute}}, func(fakeRequest) fakeResponse { return ok() }, 10 * time.Second, WaitingRate, 51 * time.Second},
		"down": {Options{MaxElapsed: time.Hour}, func(fakeRequest) fakeResponse { return notConnected() }, 5 * time.Minute, WaitingAPIDown, 9 * time.Second},
		"backoff": {Options{MaxAttempts: 9, MaxElapsed: time.Hour}, func(in fakeRequest) fakeResponse {
			if in.email == email(1) {
				return status(500)
			}
			return ok()
		}, 50 * time.Second, WaitingBackoff, 25 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				tt.o.transport = &fakeNetwork{answer: tt.answer}
				h := newHarness(t, workers, tt.o)
				defer time.AfterFunc(tt.at, func() {
					w, waits := h.client.Waiting()
					if left := time.Until(w.Until); !waits || w.Reason != tt.want || !w.Until.IsZero() && (left < 0 || left > 2*tt.until) {
						t.Errorf("waits %v: %+v, for %v", waits, w, left)
					}
					if down := tt.want == WaitingAPIDown; down != !w.GiveUp.IsZero() || down && w.Detail == "" {
						t.Errorf("%+v", w)
					}
					h.stopSoft()
				}).Stop()
				h.run(3)
				if _, waits := h.client.Waiting(); waits && tt.want == WaitingBackoff {
					t.Error("it reports a wait for contacts that have ended")
				}
			})
		})
	}
}

// An attempt that waited says in the log what for, also if it only waited behind others.
func TestEachWaitInTheLogHasAReason(t *testing.T) {
	for name, tt := range map[string]struct {
		o      Options
		answer fakeResponse // to the third call
	}{
		"first call": {Options{}, ok()},
		"pause":      {Options{}, throttled("4")},
		"rate":       {Options{Rate: Rate{calls: 2, per: time.Second}}, ok()},
		"api down":   {Options{}, notConnected()},
	} {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				var out bytes.Buffer
				tt.o.Log = slog.New(slog.NewTextHandler(&out, nil))
				tt.o.transport = &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n == 3 {
						return tt.answer
					}
					return fakeResponse{status: 200, body: ok().body, after: time.Second}
				}}
				h := newHarness(t, workers, tt.o)
				h.run(40)
				for line := range strings.Lines(out.String()) {
					if strings.Contains(line, "wait_ms=") && strings.Contains(line, `waited_for=""`) {
						t.Errorf("no reason: %s", line)
					}
				}
				if workers > 1 && !strings.Contains(out.String(), "wait_ms=") {
					t.Errorf("no attempt waited: %s", out.String())
				}
			})
		})
	}
}
