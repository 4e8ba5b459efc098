package pipeline

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// failing lets the requests for the results of a job fail until a time; zero: for ever.
func failing(id string, until time.Time) func(j *apiJob, _ int) *contact.JobPoll {
	return func(j *apiJob, _ int) *contact.JobPoll {
		if j.id == id && (until.IsZero() || time.Now().Before(until)) {
			return &contact.JobPoll{State: contact.PollFailed, Status: 500, Message: "broken", Retry: 50 * time.Second}
		}
		return nil
	}
}

// A job whose results cannot be fetched stays open, and everything else goes on: the other jobs, and the submissions.
func TestAJobWhoseResultsFail(t *testing.T) {
	for _, tt := range []struct {
		failsFor time.Duration
		states   string
		stop     contact.Stop
	}{
		{90 * time.Second, "done 10, done 20, done 20, done 20, done 20, done 10", ""},
		{time.Hour, "done 10, open 20, done 20, done 20, done 20, done 10", contact.StopAPIDown},
	} {
		t.Run(tt.failsFor.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBulkRig(20, Caps{}, addresses(100)...)
				r.Jobs.GiveUp = 2 * time.Minute
				r.jobs.poll = failing("job-2", time.Now().Add(tt.failsFor))
				began := time.Now()
				time.AfterFunc(time.Minute, func() {
					if w := r.Counters.JobWait.Load(); w == nil || w.Failure != `500 ("broken")` || w.End.After(began.Add(150*time.Second)) {
						t.Errorf("the wait shown is %+v", w)
					}
				})
				result, err := r.run(t.Context(), t)
				took := time.Since(began)
				if got := r.ledger.jobStates(); err != nil || result.Stop != tt.stop || got != tt.states || took > 3*time.Minute {
					t.Errorf("%+v, %v after %v: %s", result, err, took, got)
				}
				if want := `the results of bulk job "job-2" cannot be fetched: 500 ("broken")`; tt.stop != "" && result.Detail != want {
					t.Errorf("detail %s", result.Detail)
				}
				if r.ledger.lost > 0 || r.budget.open != 0 {
					t.Errorf("%d lost, %d reservations are left", r.ledger.lost, r.budget.open)
				}
				if polls := r.jobs.jobs[1].polls; polls > 4 { // after 50 s, 100 s and at the end
					t.Errorf("%d requests for the results", polls)
				}
			})
		})
	}
}

// An open job whose results cannot be fetched keeps no later run from its work. Only a run that needs its results ends with 6, after it
// has done everything else.
func TestAFailingJobOfAnEarlierRun(t *testing.T) {
	for _, tt := range []struct {
		name, row string
		matched   int
		stop      contact.Stop
	}{{"of another input", "other@x.example", 3, ""}, {"of this input", "p011@x.example", 2, contact.StopAPIDown}} {
		for _, size := range []int{0, 20} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := interrupted(t, 20, addresses(50)...)
					time.Sleep(time.Hour)
					list := []string{"first@x.example", tt.row, "p045@x.example"}
					next := r.again(size, Caps{}, list...)
					next.Jobs.GiveUp = 2 * time.Minute
					next.jobs.poll = failing("job-2", time.Time{})
					result, err := next.run(t.Context(), t)
					if got := next.ledger.jobStates(); err != nil || result.Stop != tt.stop || !strings.HasPrefix(got, "done 10, open 20, done 20") {
						t.Errorf("%+v, %v: %s", result, err, got)
					}
					if got := next.tally(list); !strings.HasPrefix(got, fmt.Sprintf("%d matched", tt.matched)) {
						t.Error(got)
					}
				})
			})
		}
	}
}

// Contacts that are missing in the first results of a job are lost only if they are missing in the second, too: the API may have
// answered too early, and they may have been charged.
func TestMissingContactsAreFetchedAgain(t *testing.T) {
	for _, tt := range []struct {
		name       string
		incomplete int // how often
		lost       int64
		change     func(*fakeResults)
	}{
		{"no results yet", 1, 0, func(r *fakeResults) { r.list = nil }},
		{"some results", 1, 0, func(r *fakeResults) { r.list[0].Outcome.Kind, r.list = contact.NoMatch, r.list[:5] }},
		{"never any results", 9, 20, func(r *fakeResults) { r.list = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBulkRig(20, Caps{}, addresses(50)...)
				r.LostRetries = 0
				fetched := 0
				r.jobs.results = func(j *apiJob) *fakeResults {
					all := r.jobs.allResults(j)
					if j.id == "job-2" {
						if fetched++; fetched <= tt.incomplete {
							tt.change(all)
						}
					}
					return all
				}
				result, err := r.run(t.Context(), t)
				if err != nil || result != (AskResult{}) || r.Counters.Lost.Load() != tt.lost || r.Counters.Matched.Load() != 50-tt.lost || fetched != 2 {
					t.Errorf("%+v, %v: %d lost, fetched %d times", result, err, r.Counters.Lost.Load(), fetched)
				}
			})
		})
	}
}

// The same is true for a job of an earlier run whose results come while this run waits for them.
func TestMissingContactsOfAnEarlierRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(50)
		r := interrupted(t, 20, list...)
		next := r.again(0, Caps{}, list...)
		fetched := map[string]int{}
		next.jobs.results = func(j *apiJob) *fakeResults {
			all := next.jobs.allResults(j)
			if fetched[j.id]++; fetched[j.id] == 1 {
				all.list = nil
			}
			return all
		}
		result, err := next.run(t.Context(), t)
		if got := next.tally(list); err != nil || result != (AskResult{}) || !strings.HasPrefix(got, "50 matched") || next.Counters.Lost.Load() != 0 {
			t.Errorf("%+v, %v: %s", result, err, got)
		}
	})
}
