package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Different commands have contacts in common: each is sent once, and the run that does not send it waits for its answer.
func TestAContactInFlightElsewhereIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{})
		tm.call = func(string) time.Duration { return 10 * time.Second }
		list := addresses(6)
		slow, quick := tm.join(nil, list...), tm.join(nil, list[1:3]...)
		go slow.run(t.Context())
		go func() {
			time.Sleep(2 * time.Second)
			quick.run(t.Context())
		}()
		time.Sleep(5 * time.Second)
		if w := quick.ask.Counters.OthersWait.Load(); w == nil || w.Reason != WaitClaims || w.Contacts != 2 || time.Until(w.End) < 90*time.Second {
			t.Errorf("shown is %+v", w)
		}
		time.Sleep(25 * time.Second)
		tm.check(t)
		if quick.result != (AskResult{}) || slow.result != (AskResult{}) || quick.took < 8*time.Second || quick.took > 10*time.Second {
			t.Errorf("%+v, %+v after %v", slow.result, quick.result, quick.took)
		}
		if lines, r := quick.write(list[1:3]...); r.Matched != 2 || r.FromLedger != 2 || len(tm.calls) != 6 {
			t.Errorf("%s: %+v", lines, r)
		}
		if w := quick.ask.Counters.OthersWait.Load(); w != nil {
			t.Errorf("shown at the end is %+v", w)
		}
	})
}

// What another run has claimed, and never sends, is sent by this run once the claim is taken over or released.
func TestAContactThatAnotherRunLeavesIsSent(t *testing.T) {
	for _, how := range []string{"killed", "interrupted"} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(2, Caps{})
			tm.call = func(string) time.Duration { return 40 * time.Second }
			list := addresses(300)
			tm.proved = true
			other, m := tm.join(nil, list[:4]...), tm.join(nil, list...)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			go other.run(ctx)
			time.Sleep(time.Second)
			tm.mu.Lock()
			tm.call = func(string) time.Duration { return time.Millisecond }
			tm.mu.Unlock()
			time.AfterFunc(5*time.Second, func() {
				if how == "killed" {
					other.kill()
				} else {
					interrupt()
				}
			})
			m.run(t.Context())
			synctest.Wait()
			tm.check(t)
			if _, r := m.write(list...); m.result != (AskResult{}) || r.Matched != 300 || m.ask.Counters.Passes.Load() != 2 || m.ask.Counters.Read.Load() != 300 {
				t.Errorf("%s: %+v, %+v, %d passes", how, m.result, r, m.ask.Counters.Passes.Load())
			}
			if late := 97 * time.Second; how == "killed" && (m.took < tm.takeover || m.took > late) {
				t.Errorf("took %v", m.took)
			}
		})
	}
}

// A contact that stays in flight elsewhere is waited for as long as the run may, counted from the last progress. Then it is pending.
func TestTheWaitForOthersIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(2, Caps{})
		tm.proved = true
		tm.call = func(email string) time.Duration {
			if email == "p000@x.example" {
				return time.Minute
			}
			return 24 * time.Hour
		}
		list := addresses(4)
		other, m := tm.join(nil, list...), tm.join(nil, list[:2]...)
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		go other.run(ctx)
		time.Sleep(time.Second)
		m.run(t.Context())
		if m.result != (AskResult{Unsent: true}) || m.took < 158*time.Second || m.took > 161*time.Second {
			t.Errorf("%+v after %v", m.result, m.took)
		}
		if lines, _ := m.write(list[:2]...); lines != "2 matched credit=true {}\n3 pending" {
			t.Errorf("written: %q", lines)
		}
		interrupt()
		time.Sleep(time.Minute)
		tm.check(t)
	})
}

// Jobs of live runs are waited for, and those of dead runs are adopted by one run, also without --bulk.
func TestJobsOfOtherRuns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		killed bool
		ready  time.Duration
		unsent bool
		least  time.Duration
	}{
		{"a live run", false, 100 * time.Second, false, 95 * time.Second},
		{"a live run, for too long", false, 10 * time.Minute, true, 115 * time.Second},
		{"a dead run", true, 100 * time.Second, false, 5 * time.Second},
		{"a run that dies later", true, 200 * time.Second, false, 100 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(2, Caps{})
			list := addresses(8)
			bulk := tm.join(nil, list...)
			bulk.ask.Jobs.Size = 20
			single, stranger := tm.join(nil, list[5:]...), tm.join(nil, "stranger@x.example")
			tm.call = func(email string) time.Duration {
				switch email {
				case "job":
					return tt.ready
				case "stranger@x.example":
					return 30 * time.Minute
				}
				return time.Millisecond
			}
			go bulk.run(t.Context())
			time.Sleep(time.Second)
			if tt.killed {
				bulk.kill()
			}
			if tt.ready == 100*time.Second && tt.killed {
				time.Sleep(tm.takeover + time.Second) // the job can be adopted at once
			}
			go stranger.run(t.Context()) // which finds the job first, does not need it, and lives on
			time.Sleep(500 * time.Millisecond)
			single.run(t.Context())
			time.Sleep(time.Hour)
			tm.check(t)
			if single.result != (AskResult{Unsent: tt.unsent}) || single.took < tt.least || stranger.result != (AskResult{}) || stranger.took > 31*time.Minute {
				t.Errorf("%s: %+v after %v; %+v after %v", tt.name, single.result, single.took, stranger.result, stranger.took)
			}
			if tm.jobs[0].state != ledger.JobDone || len(tm.jobs) != 1 || len(tm.calls) != 9 {
				t.Errorf("%s: %d jobs, %+v, %d calls", tt.name, len(tm.jobs), tm.jobs[0], len(tm.calls))
			}
		})
	}
}

// A contact that another run releases is sent, also if meanwhile a job is adopted in which another contact is.
func TestAReleasedContactIsSentAfterAJobIsAdopted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(2, Caps{})
		tm.proved = true
		tm.call = func(email string) time.Duration {
			switch email {
			case "job":
				return 100 * time.Second
			case "p001@x.example":
				return time.Hour
			}
			return time.Millisecond
		}
		list := addresses(3)
		bulk, other, m := tm.join(nil, list[0]), tm.join(nil, list[1]), tm.join(nil, list...)
		bulk.ask.Jobs.Size = 10
		other.ask.Grace = time.Millisecond
		tm.answer = func(string) contact.Result { return charged() }
		ctx, interrupt := context.WithCancel(t.Context())
		go bulk.run(t.Context())
		go other.run(ctx)
		time.Sleep(time.Second)
		bulk.kill()
		time.AfterFunc(3*time.Second, func() {
			tm.mu.Lock()
			tm.call = func(string) time.Duration { return time.Second }
			tm.mu.Unlock()
			interrupt()
		})
		m.run(t.Context())
		time.Sleep(time.Minute)
		tm.check(t)
		if _, r := m.write(list...); m.result != (AskResult{}) || r.Matched != 3 {
			t.Errorf("%+v, %+v", m.result, r)
		}
	})
}

// A ledger that refuses a claim for ever does not keep the run from ending: the contact is unsent.
func TestAClaimThatIsRefusedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(10)
		r := newRig(2, Caps{}, list...)
		r.TakeoverTime = time.Minute
		r.ledger.claim = func(email string) bool { return email != "p003@x.example" }
		r.Reopen = func() (Source, error) { return &fakeSource{rows: r.rows}, nil }
		result, err := r.run(t.Context(), t)
		if err != nil || result != (AskResult{Unsent: true}) || r.api.calls != 9 || r.Counters.Passes.Load() != 1+maxIdlePasses {
			t.Errorf("%+v, %v, %d calls, %d passes", result, err, r.api.calls, r.Counters.Passes.Load())
		}
	})
}

// If a shared ledger fails for good, the outcomes of the calls that end later are handed to it too: it may keep them elsewhere. None
// is sent any more, and nothing is counted.
func TestOutcomesAfterAFailureAreHandedOver(t *testing.T) {
	for _, shared := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(4, Caps{}, addresses(100)...)
			l := &failingLedger{fakeLedger: r.ledger, after: 3}
			if r.Ledger = l; shared {
				r.TakeoverTime = time.Minute
			}
			r.ledger.counters = r.Counters
			_, err := r.Do(t.Context(), context.Background())
			for _, what := range r.broken {
				t.Error(what)
			}
			open := int64(r.api.calls) - r.Counters.Matched.Load()
			if err == nil || shared && int64(len(l.kept)) != open || shared != (l.failures > 1) {
				t.Errorf("shared %t: %v, %d calls without an outcome, %d outcomes kept by %d commits", shared, err, open, len(l.kept), l.failures)
			}
		})
	}
}

// A failingLedger fails after some commits, and keeps what it is given then.
type failingLedger struct {
	*fakeLedger
	after    int
	failures int
	kept     []contact.Outcome
}

func (l *failingLedger) Commit(ctx context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) ([]bool, error) {
	if l.after--; l.after >= 0 {
		return l.fakeLedger.Commit(ctx, run, intents, outcomes)
	}
	if l.failures++; l.failures > 1 && len(intents) > 0 {
		l.report("an intent after a failure")
	}
	l.kept = append(l.kept, outcomes...)
	return nil, errDisk
}
