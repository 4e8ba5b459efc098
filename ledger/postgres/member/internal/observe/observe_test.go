package observe_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/ledger/postgres/member/internal/observe"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func newObserver() *observe.Observer {
	return &observe.Observer{Patience: 30 * time.Second, MaxGap: 2 * time.Second}
}

func TestARunIsDeadAfterItsTimeoutAndThePatience(t *testing.T) {
	o := newObserver()
	still := observe.Beat{Run: 7, Beat: 3, Timeout: 10 * time.Second}
	for ms := 0; ; ms += 250 {
		now := noon.Add(time.Duration(ms) * time.Millisecond)
		alive := observe.Beat{Run: 8, Beat: int64(ms), Timeout: time.Second}
		dead := o.Observe(now, now.Add(time.Millisecond), []observe.Beat{still, alive})
		if len(dead) > 0 {
			if dead[0] != still || len(dead) > 1 || ms != 40250 { // the first reading may be later than it was sent
				t.Errorf("%+v dead after %d ms", dead, ms)
			}
			break
		}
	}
	if o.SeenAlive(7) || !o.SeenAlive(8) {
		t.Error("the wrong run was seen alive")
	}
	if at := o.DeadAt(still); at.Sub(noon) != 40*time.Second+time.Millisecond {
		t.Errorf("dead at %v", at)
	}
}

// A gap in the observation makes it begin again: by the monotonic clock or, if this machine slept, by the other one.
func TestAnInterruptionBeginsAnew(t *testing.T) {
	o := newObserver()
	beats := []observe.Beat{{Run: 7, Beat: 3}}
	look := func(second int) int {
		n := noon.Add(time.Duration(second) * time.Second)
		return len(o.Observe(n, n, beats))
	}
	for s := range 29 {
		look(s)
	}
	for s := 40; s < 70; s++ {
		if look(s) > 0 {
			t.Fatalf("declared dead at %d s, after an interruption until 40 s", s)
		}
	}
	if look(70) == 0 {
		t.Error("never declared dead")
	}
	from := time.Now()
	to := from.Add(time.Second)
	if d := observe.Elapsed(from, to); d != time.Second {
		t.Errorf("elapsed %v", d)
	}
	slept := to.Round(0).Add(time.Hour) // the monotonic clock stood still
	if d := observe.Elapsed(from, slept); d != time.Hour+time.Second {
		t.Errorf("elapsed %v", d)
	}
}

// A run that renews within its time is never declared dead, whatever gaps the observation has. A gap of both, as in an outage of the
// database, does no harm, however long it is.
func TestNoLiveRunIsDead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newObserver()
		now, beat, written := noon, int64(0), noon
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			gap := time.Duration(rapid.SampledFrom([]int{250, 1000, 1990, 2500, 20000, 3600_000}).Draw(t, "gap")) * time.Millisecond
			now = now.Add(gap)
			if gap <= o.MaxGap && rapid.Bool().Draw(t, "late") && now.Sub(written) < 29*time.Second {
				// the run is slow, but not for longer than the patience
			} else {
				beat, written = beat+1, now
			}
			if dead := o.Observe(now, now, []observe.Beat{{Run: 1, Beat: beat, Timeout: time.Second}}); len(dead) > 0 {
				t.Fatal("a live run was declared dead")
			}
		}
	})
}
