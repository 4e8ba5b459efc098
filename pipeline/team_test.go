package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// The fakes check the rules of a shared ledger (see teamfakes_test.go); these tests are about what the fakes cannot see.

// expectSame fails if the runs that were not killed do not write the same rows, or do not account for each.
func (t *team) expectSame(tb testing.TB, list []string) (lines string, result WriteResult) {
	tb.Helper()
	first := true
	for _, m := range t.runs {
		if m.dead {
			continue
		}
		got, r := m.write(list...)
		if !first && (got != lines || fmt.Sprint(r) != fmt.Sprint(result)) {
			tb.Errorf("run %d writes other rows: %+v and %+v", m.ask.Run, r, result)
		}
		if m.ask.Counters.Read.Load() != int64(len(list)) || r.Matched+r.NoMatch+r.Failed+r.Pending != int64(len(list)) {
			tb.Errorf("run %d has read %d rows, and written %+v", m.ask.Run, m.ask.Counters.Read.Load(), r)
		}
		first, lines, result = false, got, r
	}
	return lines, result
}

// Three runs share a list: each row is looked up by one of them, each contact is sent once, and all write the same.
func TestRunsShareTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{})
		list := addresses(9500)
		list = append(list, list[:1000]...) // in another chunk
		work := &teamWork{}
		for range 3 {
			tm.join(work, list...)
		}
		began := time.Now()
		tm.runAll(t.Context())
		took := time.Since(began)
		tm.check(t)
		for _, m := range tm.runs {
			if n := m.ask.Counters.Matched.Load(); m.result != (AskResult{}) || n < 2000 {
				t.Errorf("run %d: %+v, %d matched", m.ask.Run, m.result, n)
			}
		}
		if _, r := tm.expectSame(t, list); r.Matched != 10500 || r.Credits != 9500 || r.FromLedger != 0 || r.Deduplicated != 1000 {
			t.Errorf("%+v", r)
		}
		if tm.lookups > 10600+3*10500 { // three write passes
			t.Errorf("%d look-ups for 10,500 rows", tm.lookups)
		}
		if ideal := 9500 * 10 * time.Millisecond / 12; took > ideal*115/100 {
			t.Errorf("took %v, and all workers together %v", took, ideal)
		}
	})
}

// A contact that failed in one run is not sent again by another of the same work, wherever its other rows are.
func TestAFailureCountsForAllRunsOfAWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{})
		refused := contact.Result{Outcome: contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected, Status: 400}}
		tm.answer = func(string) contact.Result { return refused }
		chunk := addresses(ChunkRows)
		list := slices.Concat(chunk, chunk, chunk, chunk) // the same contacts are in flight in all runs
		work := &teamWork{}
		for range 3 {
			tm.join(work, list...)
		}
		tm.runAll(t.Context())
		tm.check(t)
		if _, r := tm.expectSame(t, list); r.Failed != 4000 || len(tm.calls) != ChunkRows {
			t.Errorf("%+v", r)
		}
	})
}

// A run dies in the middle: the others send what it left, and what it had in flight, within the bound for lost calls.
func TestSurvivorsSendWhatADeadRunLeft(t *testing.T) {
	for _, at := range []time.Duration{0, time.Millisecond, 7 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(4, Caps{})
			list := addresses(5500)
			work := &teamWork{}
			for range 3 {
				tm.join(work, list...)
			}
			dying := time.AfterFunc(at, tm.runs[1].kill)
			defer dying.Stop()
			tm.runAll(t.Context())
			tm.check(t)
			for _, m := range []*teamRun{tm.runs[0], tm.runs[2]} {
				if m.result != (AskResult{}) {
					t.Errorf("killed after %v: run %d: %+v", at, m.ask.Run, m.result)
				}
			}
			if _, r := tm.expectSame(t, list); r.Matched != 5500 || len(tm.lost) > 8 {
				t.Errorf("killed after %v: %+v, %d lost", at, r, len(tm.lost))
			}
		})
	}
}

// A run that is interrupted leaves at once, and the others send its rows. What it had claimed and not sent is released.
func TestOthersSendWhatAStoppedRunLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{})
		list := addresses(5500)
		work := &teamWork{}
		for range 3 {
			tm.join(work, list...)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		time.AfterFunc(3*time.Second, interrupt)
		go tm.runs[0].run(ctx)
		go tm.runs[1].run(t.Context())
		tm.runs[2].run(t.Context())
		synctest.Wait()
		tm.check(t)
		if m := tm.runs[0]; m.result.Stop != contact.StopInterrupted || m.took > 3100*time.Millisecond {
			t.Errorf("%+v after %v", m.result, m.took)
		}
		for _, m := range tm.runs[1:] {
			if m.result != (AskResult{}) {
				t.Errorf("run %d: %+v", m.ask.Run, m.result)
			}
		}
		if _, r := tm.expectSame(t, list); r.Matched != 5500 {
			t.Errorf("%+v", r)
		}
	})
}

// A run that joins late gets what is left of the round; one that joins at the end finds everything done.
func TestARunJoinsLate(t *testing.T) {
	for _, after := range []time.Duration{2 * time.Second, 9 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(4, Caps{})
			list := addresses(3500)
			work := &teamWork{}
			first := tm.join(work, list...)
			go first.run(t.Context())
			time.Sleep(after)
			late := tm.join(work, list...)
			late.run(t.Context())
			time.Sleep(time.Minute)
			tm.check(t)
			if _, r := tm.expectSame(t, list); r.Matched != 3500 || late.result != (AskResult{}) || first.result != (AskResult{}) {
				t.Errorf("joined after %v: %+v; %+v, %+v", after, r, first.result, late.result)
			}
			if n := late.ask.Counters.Matched.Load(); (n > 0) != (after < 8*time.Second) {
				t.Errorf("joined after %v: %d matched", after, n)
			}
		})
	}
}

// The caps of a work are exact over all runs, and all end with them, at once.
func TestRunsShareCaps(t *testing.T) {
	for _, caps := range []Caps{{MaxCalls: 1234}, {MaxCredits: 1234, CreditsPerCall: 1}} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(4, caps)
			list := addresses(20_000)
			work := &teamWork{}
			for range 3 {
				tm.join(work, list...)
			}
			tm.runAll(t.Context())
			tm.check(t)
			for _, m := range tm.runs {
				if m.result.Stop != contact.StopCap || !m.result.Unsent || m.took > 1234*10*time.Millisecond/12+500*time.Millisecond {
					t.Errorf("%+v: run %d: %+v after %v", caps, m.ask.Run, m.result, m.took)
				}
			}
			if _, r := tm.expectSame(t, list); r.Matched != 1234 || len(tm.calls) != 1234 {
				t.Errorf("%+v: %d calls, %+v", caps, len(tm.calls), r)
			}
		})
	}
}

// --limit is over all runs, and each knows that it left contacts unsent.
func TestALimitIsSeenByAllRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{})
		list := addresses(6000)
		work := &teamWork{}
		for range 3 {
			tm.join(work, list...).ask.Limit = 2500
		}
		tm.runAll(t.Context())
		tm.check(t)
		for _, m := range tm.runs {
			if m.result != (AskResult{Unsent: true}) {
				t.Errorf("run %d: %+v", m.ask.Run, m.result)
			}
		}
		if _, r := tm.expectSame(t, list); r.Matched != 2500 || len(tm.calls) != 2500 || tm.lookups > 2500+3*batchRows+3*6000 {
			t.Errorf("%d calls, %d look-ups, %+v", len(tm.calls), tm.lookups, r)
		}
	})
}

// A key that the API refuses costs one call over all runs, and all end with the same cause.
func TestABadKeyCostsOneCallOverAllRuns(t *testing.T) {
	for _, shared := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(4, Caps{})
			tm.answer = func(string) contact.Result { return stops(contact.StopUnauthorized) }
			work := &teamWork{}
			for i := range 4 {
				if m := tm.join(work, addresses(50)...); !shared {
					m.work, m.ask.Work = nil, nil
				}
				tm.runs[i].ask.Workers = 1 // as the client, which makes its first calls one at a time
			}
			tm.runAll(t.Context())
			tm.check(t)
			if len(tm.calls) != 1 {
				t.Errorf("%d calls", len(tm.calls))
			}
			for _, m := range tm.runs {
				if m.result.Stop != contact.StopUnauthorized || m.took > time.Second {
					t.Errorf("run %d: %+v after %v", m.ask.Run, m.result, m.took)
				}
			}
		})
	}
}

// A run whose first calls proved nothing does not keep the turn while it waits for the others: they need it for their first calls.
func TestARunThatProvedNothingGivesItsTurnBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(1, Caps{})
		others := addresses(ChunkRows + 10)
		conflicts := others[:10]
		list := append(slices.Repeat(conflicts, ChunkRows/10), others[10:]...)
		tm.answer = func(email string) contact.Result {
			if slices.Contains(conflicts, email) {
				return contact.Result{Outcome: contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected, Status: 409}}
			}
			return charged()
		}
		work := &teamWork{}
		for range 2 {
			tm.join(work, list...)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		tm.runAll(ctx)
		tm.check(t)
		for _, m := range tm.runs {
			if m.result != (AskResult{}) {
				t.Errorf("run %d: %+v after %v", m.ask.Run, m.result, m.took)
			}
		}
		if _, r := tm.expectSame(t, list); r.Matched != ChunkRows || r.Failed != ChunkRows {
			t.Errorf("%+v", r)
		}
	})
}

// Runs that find the cap reached before their first call do not wait for each other's turn.
func TestRunsBeyondTheCapEndAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{MaxCalls: 1})
		tm.budget.Calls(1)
		work := &teamWork{}
		for range 3 {
			tm.join(work, addresses(5500)...)
		}
		tm.runAll(t.Context())
		tm.check(t)
		for _, m := range tm.runs {
			if m.result.Stop != contact.StopCap || m.took > 500*time.Millisecond {
				t.Errorf("run %d: %+v after %v", m.ask.Run, m.result, m.took)
			}
		}
	})
}

// A stop that concerns the account ends all runs at once, with the same cause, and none waits for another.
func TestAStopOfOneRunEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(4, Caps{})
		tm.answer = func(email string) contact.Result {
			if email == "p777@x.example" {
				return stops(contact.StopNoCredits)
			}
			return charged()
		}
		work := &teamWork{}
		for range 2 {
			tm.join(work, addresses(5000)...)
		}
		tm.join(nil, addresses(9000)[5000:]...)
		tm.runAll(t.Context())
		tm.check(t)
		for _, m := range tm.runs {
			if m.result.Stop != contact.StopNoCredits || m.took > 3*time.Second {
				t.Errorf("run %d: %+v after %v", m.ask.Run, m.result, m.took)
			}
		}
	})
}

// Runs that share the work send their chunks in jobs, and a survivor records the results of a dead one's.
func TestRunsShareTheWorkInJobs(t *testing.T) {
	for _, kill := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tm := newTeam(2, Caps{})
			tm.call = func(string) time.Duration { return 30 * time.Second }
			list := addresses(3000)
			work := &teamWork{}
			for range 2 {
				tm.join(work, list...).ask.Jobs.Size = 500
			}
			if kill {
				time.AfterFunc(45*time.Second, tm.runs[0].kill)
			}
			tm.runAll(t.Context())
			tm.check(t)
			if m := tm.runs[1]; m.result != (AskResult{}) {
				t.Errorf("%+v", m.result)
			}
			if _, r := tm.expectSame(t, list); r.Matched != 3000 {
				t.Errorf("killed %t: %+v", kill, r)
			}
			by := map[*teamRun]int{}
			for _, j := range tm.jobs {
				by[j.by]++
				if !j.state.IsEnd() {
					t.Errorf("job %d is %s", j.Number, j.state)
				}
			}
			if len(by) != 2 {
				t.Errorf("only one run has submitted jobs")
			}
		})
	}
}

// A work that hands out rows that were read already would leave them unsent: the run ends with an error.
func TestAChunkThatIsTooLateIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, Caps{}, addresses(3000)...)
		r.Work = backwards{}
		_, err := r.Do(t.Context(), t.Context())
		if err == nil || !strings.Contains(err.Error(), "chunk 0 was handed out at row 1000") {
			t.Errorf("got %v", err)
		}
	})
}

type backwards struct{}

func (backwards) Take(context.Context) (int64, error)           { return 0, nil }
func (backwards) EndRound(context.Context, bool, bool) error    { return nil }
func (backwards) Again(context.Context) (again bool, err error) { return false, nil }
