package pipeline

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// interrupted returns a rig whose bulk run was stopped while its jobs were open.
func interrupted(t *testing.T, size int, list ...string) *rig {
	t.Helper()
	r := newBulkRig(size, Caps{}, list...)
	r.MaxDuration = 5500 * time.Millisecond // the first job is done, the others are submitted
	r.jobs.took = func() time.Duration { return time.Millisecond }
	r.jobs.ready = func(n int) time.Duration {
		if n == 1 {
			return time.Second
		}
		return time.Minute
	}
	if result, err := r.run(t.Context(), t); err != nil || result.Stop != contact.StopCap {
		t.Fatalf("%+v, %v", result, err)
	}
	return r
}

// A run without --bulk polls the jobs of earlier runs beside its calls, sends none of the contacts in them, and waits for those that its
// input needs.
func TestARunWithoutBulkEndsOpenJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(50)
		r := interrupted(t, 20, list...)
		if got := r.ledger.jobStates(); got != "done 10, open 20, open 20" {
			t.Fatal(got)
		}
		others := []string{"other1@x.example", "other2@x.example"}
		all := append(slices.Clone(list), others...)
		next := r.again(0, Caps{}, append(all, list[:30]...)...)
		result, err := next.run(t.Context(), t)
		c := next.Counters
		if err != nil || result != (AskResult{}) || !strings.HasPrefix(next.tally(all), "52 matched") || next.api.calls != 2 {
			t.Errorf("%+v, %v: %s, %d calls", result, err, next.tally(all), next.api.calls)
		}
		if c.JobsResumed.Load() != 2 || c.JobsSubmitted.Load() != 0 || c.Charged.Load() != 42 || c.Admitted.Load() != 2 {
			t.Errorf("%d resumed, %d submitted, %d charged", c.JobsResumed.Load(), c.JobsSubmitted.Load(), c.Charged.Load())
		}
	})
}

// Results that are there when the run begins are recorded before the first row is looked up: a lost contact is sent again.
func TestResultsComeBeforeTheFirstRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(50)
		r := interrupted(t, 20, list...)
		time.Sleep(time.Hour)
		next := r.again(0, Caps{}, list...)
		next.jobs.results = func(j *apiJob) *fakeResults {
			all := next.jobs.allResults(j)
			all.list[5].Outcome.Kind, all.list = contact.NoMatch, all.list[1:] // so the first is lost
			return all
		}
		result, err := next.run(t.Context(), t)
		if err != nil || result != (AskResult{}) || next.api.calls != 2 || len(next.jobs.sizes) != 3 {
			t.Errorf("%+v, %v: %s, %d calls", result, err, next.tally(list), next.api.calls)
		}
	})
}

// A run does not wait for a job without a contact of its input, and does not fail because of it. It waits if there is one.
func TestARunWaitsOnlyForJobsOfItsInput(t *testing.T) {
	for _, tt := range []struct {
		name string
		row  string
		stop contact.Stop
	}{
		{"of another input", "other@x.example", ""},
		{"of this input", "p030@x.example", contact.StopCap},
		{"a contact that is done", "p003@x.example", ""},
	} {
		for _, size := range []int{0, 20} {
			synctest.Test(t, func(t *testing.T) {
				r := interrupted(t, 20, addresses(50)...)
				for _, j := range r.jobs.jobs {
					j.ready = time.Now().Add(100 * time.Hour)
				}
				next := r.again(size, Caps{}, "first@x.example", tt.row)
				begun := time.Now()
				result, err := next.run(t.Context(), t)
				took := time.Since(begun)
				if waited := took > 30*time.Minute; err != nil || result.Stop != tt.stop || waited != (tt.stop != "") || !strings.Contains(result.Detail, "--bulk-wait") && waited {
					t.Errorf("%s, size %d: %+v, %v after %s", tt.name, size, result, err, took)
				}
				if polls := next.jobs.jobs[1].polls; polls < 1 {
					t.Errorf("%s, size %d: %d polls", tt.name, size, polls)
				}
			})
		}
	}
}

// A run that is killed while it records results leaves the job open. The next one records the rest, and takes no element twice.
func TestResultsThatArePartlyRecorded(t *testing.T) {
	for _, at := range []int{5, 6, 7} { // of the commits: each of 1,000 results
		synctest.Test(t, func(t *testing.T) {
			list := addresses(2300)
			r := newBulkRig(3000, Caps{}, list...)
			foreign := func(j *apiJob) *fakeResults {
				all := r.jobs.allResults(j)
				if j.id == "job-2" {
					all.list = append([]contact.JobResult{{Key: contact.Key{1}, Identified: true, Raw: []byte("<foreign>")}}, all.list...)
				}
				return all
			}
			r.jobs.results = foreign
			r.ledger.fault = func(commit int) error {
				if commit == at+1 {
					return errDisk
				}
				return nil
			}
			if _, err := r.run(t.Context(), t); err == nil {
				t.Fatal("no error")
			}
			next := r.again(3000, Caps{}, list...)
			next.jobs.results = foreign
			result, err := next.run(t.Context(), t)
			if err != nil || result != (AskResult{}) || !strings.HasPrefix(next.tally(list), "2300 matched") || len(r.ledger.outcomes) != 2300 {
				t.Errorf("commit %d: %+v, %v: %s, %d outcomes", at, result, err, next.tally(list), len(r.ledger.outcomes))
			}
			if raw := string(r.ledger.jobs[1].raw); !strings.HasPrefix(raw, "<foreign>") {
				t.Errorf("kept %q", raw)
			}
		})
	}
}

// A contact that was forgotten while its job was open leaves nothing: neither an answer nor a raw element. That only foreign
// elements are left does not make the results unreadable.
func TestTheResultOfAForgottenContactIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(31)
		r := interrupted(t, 20, list...)
		job := r.ledger.jobs[2] // it has one contact
		forgotten := job.contacts[0]
		job.contacts = []ledger.JobContact{{Intent: ledger.Intent{Keys: contact.Keys{Request: contact.Key{9}}}, ID: contact.Key{9}}}
		job.Forgotten = 1
		next := r.again(0, Caps{}, list[:30]...)
		result, err := next.run(t.Context(), t)
		if err != nil || result.Stop != "" || job.state != ledger.JobOpen && job.state != ledger.JobDone {
			t.Errorf("%+v, %v, %s", result, err, job.state)
		}
		next = next.again(0, Caps{}, list[:30]...)
		time.Sleep(time.Hour)
		result, err = next.run(t.Context(), t)
		if s := next.ledger.states[forgotten.Keys.Request]; err != nil || result.Stop != "" || job.state != ledger.JobDone || s.Kind != 0 {
			t.Errorf("%+v, %v, %s, %+v", result, err, job.state, s)
		}
	})
}

// Each request of a job is a call. A job is submitted only if its results can be asked for too; a poll that no call is left for
// leaves the job open.
func TestCallsOfJobsAreCapped(t *testing.T) {
	for most := int64(1); most <= 9; most++ {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(50)
			r := newBulkRig(20, Caps{MaxCalls: most}, list...)
			r.jobs.ready = func(n int) time.Duration { return time.Duration(n) * time.Second }
			result, err := r.run(t.Context(), t)
			if err != nil || (result.Stop != contact.StopCap) != (most >= 7) || int64(r.jobs.requests) > most || r.budget.open != 0 || r.ledger.lost > 0 {
				t.Errorf("%d calls: %+v, %v, %d requests", most, result, err, r.jobs.requests)
			}
			next := r.again(20, Caps{}, list...)
			if result, err := next.run(t.Context(), t); err != nil || result != (AskResult{}) || !strings.HasPrefix(next.tally(list), "50 matched") || slices.Max(values(next.jobs.submitted)) != 1 {
				t.Errorf("%d calls: %+v, %v, %s", most, result, err, next.tally(list))
			}
		})
	}
}

// Retries of a submission and of a poll are calls too.
func TestRetriesOfJobsAreCapped(t *testing.T) {
	for most := int64(1); most <= 14; most++ {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(30)
			r := newBulkRig(20, Caps{MaxCalls: most}, list...)
			r.jobs.retries = func() int { return 2 }
			r.jobs.ready = func(int) time.Duration { return 0 }
			result, err := r.run(t.Context(), t)
			if complete := most >= 12; err != nil || complete != (result == AskResult{}) || !complete && result.Stop != contact.StopCap || int64(r.jobs.requests) > most || r.budget.calls != int64(r.jobs.requests) {
				t.Errorf("%d calls: %+v, %v, %d requests, %+v", most, result, err, r.jobs.requests, r.budget)
			}
		})
	}
}

// Credits are reserved for each contact before its job is submitted, so a cap is exact. A no match returns its credit, and the
// rest of the list is submitted in smaller jobs.
func TestCreditsOfJobsAreExact(t *testing.T) {
	for _, tt := range []struct {
		most, perCall int64
		matches       func(email string) bool
		spent         int
		stop          contact.Stop
	}{
		{30, 1, func(string) bool { return true }, 30, contact.StopCap},
		{31, 2, func(string) bool { return true }, 15, contact.StopCap},
		{5, 1, func(string) bool { return true }, 5, contact.StopCap},
		{5, 1, func(string) bool { return false }, 0, ""},
		{25, 1, func(email string) bool { return email[3] == '5' }, 20, ""},
		{12, 1, func(email string) bool { return email[3] == '5' }, 12, contact.StopCap},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(200)
			r := newBulkRig(40, Caps{MaxCredits: tt.most, CreditsPerCall: tt.perCall}, list...)
			r.jobs.matches = tt.matches
			r.jobs.submit = func(int, []*contact.Question) (contact.Acceptance, bool) {
				if spent := int64(len(r.jobs.charged)); spent*tt.perCall > tt.most {
					t.Errorf("%d credits were spent", spent)
				}
				return contact.Acceptance{}, true
			}
			result, err := r.run(t.Context(), t)
			if err != nil || result.Stop != tt.stop || len(r.jobs.charged) != tt.spent || r.budget.open != 0 {
				t.Errorf("at most %d: %+v, %v, %d spent, jobs of %v", tt.most, result, err, len(r.jobs.charged), r.jobs.sizes)
			}
		})
	}
}

// A lost submission keeps its credits, and is repeated only if there are others.
func TestALostSubmissionKeepsItsCredits(t *testing.T) {
	for most, sent := range map[int64]int{10: 1, 15: 2, 20: 2} {
		synctest.Test(t, func(t *testing.T) {
			r := newBulkRig(40, Caps{MaxCredits: most, CreditsPerCall: 1}, addresses(10)...)
			r.jobs.submit = func(n int, _ []*contact.Question) (contact.Acceptance, bool) {
				if n == 1 {
					return lostJob(), true
				}
				return contact.Acceptance{}, true
			}
			result, err := r.run(t.Context(), t)
			total := 0
			for _, n := range r.jobs.charged {
				total += n
			}
			if complete := most == 20; err != nil || int64(total) > most || r.jobs.submitted["p000@x.example"] != sent || complete != (result == AskResult{}) || !complete && result.Stop != contact.StopCap {
				t.Errorf("%d: %+v, %v, %d charged, jobs of %v", most, result, err, total, r.jobs.sizes)
			}
		})
	}
}

// The balance that the results state counts if it falls faster than the answers say.
func TestTheBalanceOfResultsCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBulkRig(10, Caps{MaxCredits: 150, CreditsPerCall: 1}, addresses(200)...)
		balance := int64(1000)
		r.jobs.results = func(j *apiJob) *fakeResults {
			all := r.jobs.allResults(j)
			balance -= 30 // and not 10
			left := balance
			all.remaining = &left
			return all
		}
		r.jobs.ready = func(n int) time.Duration { return 0 }
		result, err := r.run(t.Context(), t)
		if err != nil || result.Stop != contact.StopCap || !strings.Contains(result.Detail, "the balance fell by") {
			t.Errorf("%+v, %v", result, err)
		}
	})
}

// Stale answers are sent again in jobs, and stay if the job has none.
func TestStaleContactsAndDuplicatesInJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(15)
		r := newBulkRig(40, Caps{}, append(slices.Clone(list), list...)...)
		r.MaxAge = time.Hour
		for i, email := range list {
			k := r.Identity.Keys(contact.Contact{Email: email})
			r.ledger.outcomes = append(r.ledger.outcomes, contact.Outcome{Kind: contact.Matched, Body: []byte("{}")})
			r.ledger.states[k.Request] = ledger.State{Kind: contact.Matched, Ref: ledger.Ref(i + 1), At: time.Now().Add(-time.Duration(i%2) * 2 * time.Hour)}
		}
		result, err := r.run(t.Context(), t)
		if err != nil || result != (AskResult{}) || len(r.jobs.submitted) != 7 || slices.Max(values(r.jobs.submitted)) != 1 {
			t.Errorf("%+v, %v, %v", result, err, r.jobs.submitted)
		}
	})
}

// --limit applies to rows, and a contact that another run has is not submitted.
func TestLimitAndClaimsOfJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(50)
		r := newBulkRig(20, Caps{MaxCredits: 30, CreditsPerCall: 1}, list...)
		r.Limit = 30
		r.ledger.claim = func(email string) bool { return !slices.Contains(list[3:18], email) }
		result, err := r.run(t.Context(), t)
		if err != nil || result != (AskResult{Unsent: true}) || len(r.jobs.submitted) != 15 || r.budget.open != 0 {
			t.Errorf("%+v, %v, jobs of %v", result, err, r.jobs.sizes)
		}
	})
}

// The balance falls from one job to the next. If an earlier run submitted them, that does not count for the cap of this run.
func TestTheBalanceOfEarlierJobsIsNotSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(60)
		r := interrupted(t, 20, list[:50]...)
		time.Sleep(time.Hour)
		next := r.again(20, Caps{MaxCredits: 10, CreditsPerCall: 1}, list...)
		balance := int64(1000)
		next.jobs.results = func(j *apiJob) *fakeResults {
			all := next.jobs.allResults(j)
			balance -= int64(len(all.list))
			left := balance
			all.remaining = &left
			return all
		}
		result, err := next.run(t.Context(), t)
		if got := next.tally(list); err != nil || result != (AskResult{}) || !strings.HasPrefix(got, "60 matched") || next.Counters.JobsResumed.Load() != 2 {
			t.Errorf("%+v, %v: %s", result, err, got)
		}
	})
}
