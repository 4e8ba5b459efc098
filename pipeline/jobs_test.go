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
	"enrich/ledger"
)

// The fakes check the order of each operation (see jobfakes_test.go); these tests are about what the fakes cannot see.

func refusal(status int) contact.Acceptance {
	return contact.Acceptance{Outcome: contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected, Status: status, Message: "no"}}
}

func lostJob() contact.Acceptance {
	return contact.Acceptance{Outcome: contact.Outcome{Kind: contact.Lost, Failure: contact.Exhausted}}
}

// tally counts the latest outcome of each contact by kind.
func (r *rig) tally(list []string) string {
	var counts [6]int
	for _, email := range list {
		counts[r.ledger.states[r.Identity.Keys(contact.Contact{Email: email}).Request].Kind]++
	}
	return fmt.Sprintf("%d matched, %d no match, %d refused, %d lost, %d released, %d unknown", counts[1], counts[2], counts[3], counts[4], counts[5], counts[0])
}

func TestAListIsSentInJobsAfterASmallOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(1210)
		r := newBulkRig(500, Caps{}, append(slices.Clone(list), list...)...) // each contact twice
		durations := []time.Duration{3 * time.Second, time.Minute, 8 * time.Second, 20 * time.Second}
		r.jobs.ready = func(n int) time.Duration { return durations[n-1] }
		r.jobs.matches = func(email string) bool { return email[3] != '7' }
		r.jobs.results = func(j *apiJob) *fakeResults {
			all := r.jobs.allResults(j)
			slices.Reverse(all.list)
			return all
		}
		result, err := r.run(t.Context(), t)
		if err != nil || result != (AskResult{}) || !slices.Equal(r.jobs.sizes, []int{10, 500, 500, 200}) || r.api.calls != 0 {
			t.Errorf("%+v, %v, jobs of %v, %d single calls", result, err, r.jobs.sizes, r.api.calls)
		}
		if got := r.ledger.jobStates(); got != "done 10, done 500, done 500, done 200" {
			t.Error(got)
		}
		c := r.Counters
		if c.Matched.Load()+c.NoMatch.Load() != 1210 || c.Charged.Load() != int64(len(r.jobs.charged)) || c.JobsSubmitted.Load() != 4 || c.Admitted.Load() != 1210 {
			t.Errorf("%d matched, %d no match, %d jobs", c.Matched.Load(), c.NoMatch.Load(), c.JobsSubmitted.Load())
		}
		for _, o := range r.ledger.outcomes {
			if !strings.Contains(string(o.Body), `"contact"`) || o.Kind == contact.Matched && !strings.Contains(string(o.Body), o.Contact.Email) || o.Attempts != 1 || o.Status != 200 || o.At.IsZero() {
				t.Fatalf("%s was answered %q: %+v", o.Contact.Email, o.Body, o)
			}
		}
		if r.budget.open != 0 || r.budget.reserved != 0 || r.budget.calls != int64(r.jobs.requests) {
			t.Errorf("%d requests, the budget has %+v", r.jobs.requests, r.budget)
		}
	})
}

// Until the results of the first job were read nothing else is submitted; what cannot be understood stops the run, and is kept.
func TestTheFirstJobProvesTheResults(t *testing.T) {
	withoutIDs := func(list []contact.JobResult) []contact.JobResult {
		for i := range list {
			list[i].Identified = false
		}
		return list
	}
	for _, tt := range []struct {
		name    string
		results func(all *fakeResults) *fakeResults
		raw     string
		polls   int
	}{
		{"our ids are missing", func(r *fakeResults) *fakeResults { return &fakeResults{list: withoutIDs(r.list)} }, "<p000@x.example><p001@x.example>", 2},
		{"the results are cut off", func(r *fakeResults) *fakeResults {
			return &fakeResults{list: r.list[:4], end: fmt.Errorf("%w: cut", contact.ErrResults)}
		}, "<p000@x.example><p001@x.example>", 2},
		{"there are none", func(*fakeResults) *fakeResults { return &fakeResults{} }, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := addresses(100)
				r := newBulkRig(50, Caps{}, list...)
				r.jobs.results = func(j *apiJob) *fakeResults { return tt.results(r.jobs.allResults(j)) }
				result, err := r.run(t.Context(), t)
				if err != nil || result.Stop != contact.StopAPIDown || !strings.Contains(result.Detail, "job-1") || !slices.Equal(r.jobs.sizes, []int{10}) {
					t.Errorf("%+v, %v, %v", result, err, r.jobs.sizes)
				}
				if got := r.tally(list); got != "0 matched, 0 no match, 0 refused, 10 lost, 0 released, 90 unknown" {
					t.Error(got)
				}
				if got := r.ledger.jobStates(); got != "unreadable 10" || !strings.HasPrefix(string(r.ledger.jobs[0].raw), tt.raw) {
					t.Errorf("%s, %q", got, r.ledger.jobs[0].raw)
				}
			})
		})
	}
}

// Results that cannot be read once are fetched again.
func TestUnreadableResultsAreFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(40)
		r := newBulkRig(50, Caps{}, list...)
		r.jobs.results = func(j *apiJob) *fakeResults {
			all := r.jobs.allResults(j)
			if j.polls < 3 { // the first is a 202
				all.list, all.end = all.list[:1], contact.ErrResults
			}
			return all
		}
		result, err := r.run(t.Context(), t)
		if got := r.tally(list); err != nil || result != (AskResult{}) || !strings.HasPrefix(got, "40 matched") {
			t.Errorf("%+v, %v: %s", result, err, got)
		}
		if len(r.ledger.jobs[0].raw) > 0 {
			t.Errorf("kept %q", r.ledger.jobs[0].raw)
		}
	})
}

// A disk that fails while results are read ends the run with an error, and the job stays open.
func TestADiskThatFailsLeavesTheJobOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(40)
		r := newBulkRig(50, Caps{}, list...)
		r.jobs.results = func(j *apiJob) *fakeResults {
			all := r.jobs.allResults(j)
			all.list, all.end = all.list[:4], errDiskOfResults
			return all
		}
		_, err := r.run(t.Context(), t)
		if err == nil || !strings.Contains(err.Error(), errDiskOfResults.Error()) || r.ledger.jobStates() != "open 10" {
			t.Errorf("%v, %s", err, r.ledger.jobStates())
		}
		next := r.again(50, Caps{}, list...)
		next.jobs.results = nil
		if result, err := next.run(t.Context(), t); err != nil || result != (AskResult{}) || !strings.HasPrefix(next.tally(list), "40 matched") {
			t.Errorf("%+v, %v: %s", result, err, next.tally(list))
		}
	})
}

func TestARefusedJobIsHalved(t *testing.T) {
	fits := func(limit int, bad ...string) func(int, []*contact.Question) (contact.Acceptance, bool) {
		return func(_ int, contacts []*contact.Question) (contact.Acceptance, bool) {
			at := slices.ContainsFunc(contacts, func(q *contact.Question) bool { return slices.Contains(bad, q.Contact.Email) })
			if len(contacts) > limit || at {
				return refusal(400), false
			}
			return contact.Acceptance{}, true
		}
	}
	list := addresses(600)
	for _, tt := range []struct {
		name    string
		submit  func(int, []*contact.Question) (contact.Acceptance, bool)
		outcome string
		size    int64 // that fits
		stop    contact.Stop
		most    int // submissions
	}{
		{"a limit on the size", fits(100), "600 matched, 0 no match, 0 refused, 0 lost, 0 released, 0 unknown", 75, "", 12},
		{"one contact is at fault", fits(1000, list[300]), "599 matched, 0 no match, 1 refused, 0 lost, 0 released, 0 unknown", 0, "", 21},
		{"both", fits(100, list[333], list[334], list[599]), "597 matched, 0 no match, 3 refused, 0 lost, 0 released, 0 unknown", 75, "", 50},
		{"one of the first job", fits(1000, list[4]), "599 matched, 0 no match, 1 refused, 0 lost, 0 released, 0 unknown", 0, "", 15},
		{"less than the first job", fits(3), "600 matched, 0 no match, 0 refused, 0 lost, 0 released, 0 unknown", 3, "", 210},
		{"each contact", fits(0), "0 matched, 0 no match, 10 refused, 0 lost, 0 released, 590 unknown", 0, contact.StopRejectedAll, 19},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBulkRig(300, Caps{}, list...)
				r.jobs.submit = tt.submit
				result, err := r.run(t.Context(), t)
				if err != nil || result.Stop != tt.stop || r.Counters.JobSize.Load() != tt.size || len(r.jobs.sizes) > tt.most {
					t.Errorf("%+v, %v, a size of %d, %d jobs: %v", result, err, r.Counters.JobSize.Load(), len(r.jobs.sizes), r.jobs.sizes)
				}
				if got := r.tally(list); got != tt.outcome {
					t.Error(got)
				}
				if r.budget.open != 0 || r.budget.calls != int64(r.jobs.requests) {
					t.Errorf("%d requests, the budget has %+v", r.jobs.requests, r.budget)
				}
			})
		})
	}
}

// Contacts that an earlier run saw refused say nothing about this run's requests.
func TestKnownRefusalsDoNotStopABulkRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(30)
		r := newBulkRig(500, Caps{}, list...)
		for _, email := range list[:10] {
			r.ledger.states[r.Identity.Keys(contact.Contact{Email: email}).Request] = ledger.State{Kind: contact.Refused}
		}
		r.jobs.submit = func(_ int, contacts []*contact.Question) (contact.Acceptance, bool) {
			if contacts[0].Refused {
				return refusal(422), false
			}
			return contact.Acceptance{}, true
		}
		result, err := r.run(t.Context(), t)
		if got := r.tally(list); err != nil || result != (AskResult{}) || got != "20 matched, 0 no match, 10 refused, 0 lost, 0 released, 0 unknown" {
			t.Errorf("%+v, %v: %s", result, err, got)
		}
	})
}

// After a lost submission the next one is small. Its contacts are sent again within --lost-retries.
func TestALostSubmissionIsRepeatedInASmallJob(t *testing.T) {
	for _, retries := range []int{0, 2} {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(70)
			r := newBulkRig(50, Caps{}, list...)
			r.LostRetries = retries
			r.jobs.submit = func(n int, _ []*contact.Question) (contact.Acceptance, bool) {
				if n == 2 {
					return lostJob(), true
				}
				return contact.Acceptance{}, true
			}
			result, err := r.run(t.Context(), t)
			sizes, outcome := []int{10, 50, 10, 40, 10}, "70 matched, 0 no match, 0 refused, 0 lost, 0 released, 0 unknown"
			if retries == 0 {
				sizes, outcome = []int{10, 50, 10}, "20 matched, 0 no match, 0 refused, 50 lost, 0 released, 0 unknown"
			}
			if got := r.tally(list); err != nil || result != (AskResult{}) || got != outcome || !slices.Equal(r.jobs.sizes, sizes) || r.Counters.Lost.Load() != 50 {
				t.Errorf("%+v, %v, %v: %s", result, err, r.jobs.sizes, got)
			}
		})
	}
}

// Lost submissions use up --lost-retries, and no more; three in a row stop the run.
func TestLostSubmissionsEnd(t *testing.T) {
	for _, tt := range []struct {
		everyThird bool // is accepted
		retries    int
		submitted  int // of the first contact
		stop       contact.Stop
	}{{false, 5, 3, contact.StopAPIDown}, {false, 1, 2, contact.StopAPIDown}, {true, 5, 3, ""}, {true, 1, 2, ""}} {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(35)
			r := newBulkRig(50, Caps{}, list...)
			r.LostRetries = tt.retries
			r.jobs.submit = func(n int, _ []*contact.Question) (contact.Acceptance, bool) {
				if tt.everyThird && n%3 == 0 {
					return contact.Acceptance{}, true
				}
				return lostJob(), true
			}
			result, err := r.run(t.Context(), t)
			if err != nil || result.Stop != tt.stop || r.jobs.submitted[list[0]] != tt.submitted || slices.Max(values(r.jobs.submitted)) > 1+tt.retries || tt.stop != "" && len(r.jobs.sizes) != 3 {
				t.Errorf("%+v: %+v, %v, %v: %s", tt, result, err, r.jobs.submitted, r.tally(list))
			}
		})
	}
}

// An API that is restarted answers 502 for a moment. After a lost submission the next one waits: 2 s, then 4 s; an accepted job ends
// this. The wait is shown, and a stop ends it.
func TestALostSubmissionIsNotRepeatedAtOnce(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(10)
			r := newBulkRig(50, Caps{}, list...)
			r.LostRetries = 2
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			began := time.Now()
			var at []time.Duration
			r.jobs.submit = func(n int, _ []*contact.Question) (contact.Acceptance, bool) {
				at = append(at, time.Since(began).Truncate(time.Second))
				if n == 3 {
					return contact.Acceptance{}, true
				}
				time.AfterFunc(time.Second, func() {
					if w := r.Counters.JobWait.Load(); w == nil || w.Jobs != 0 || time.Until(w.Next) <= 0 {
						t.Errorf("after submission %d the wait shown is %+v", n, w)
					}
					if stopped {
						stop()
					}
				})
				return lostJob(), true
			}
			result, err := r.run(ctx, t)
			if expected := []time.Duration{0, 2 * time.Second, 6 * time.Second}; stopped {
				if err != nil || result.Stop != contact.StopInterrupted || len(at) != 1 || time.Since(began) > 2*time.Second {
					t.Errorf("%+v, %v, submitted at %v, ended after %v", result, err, at, time.Since(began))
				}
			} else if err != nil || result != (AskResult{}) || !slices.Equal(at, expected) {
				t.Errorf("%+v, %v, submitted at %v", result, err, at)
			}
		})
	}
}

// What the results leave out, repeat, or have besides.
func TestResultsThatAreNotThoseOfTheJob(t *testing.T) {
	for _, tt := range []struct {
		name    string
		results func(all *fakeResults)
		outcome string
		raw     string
		stop    contact.Stop
	}{
		{"a contact is missing, all others matched", func(r *fakeResults) { r.list = r.list[1:] }, "9 matched, 1 no match, 0 refused, 0 lost", "", ""},
		{"a contact is missing, another is a no match", func(r *fakeResults) {
			r.list = r.list[1:]
			r.list[3].Outcome = contact.Outcome{Kind: contact.NoMatch, Body: []byte("{}")}
		}, "8 matched, 1 no match, 0 refused, 1 lost", "", ""},
		{"a contact is missing, and an element has no id", func(r *fakeResults) { r.list[0].Identified = false }, "9 matched, 0 no match, 0 refused, 1 lost", "<p000@x.example>", ""},
		{"a contact is missing, and an element says that there are no credits", func(r *fakeResults) {
			r.list = r.list[1:]
			r.list[3].OutOfCredits = true
		}, "9 matched, 0 no match, 0 refused, 1 lost", "", ""},
		{"twice, with different answers", func(r *fakeResults) {
			again := r.list[2]
			again.Outcome, again.Raw = contact.Outcome{Kind: contact.NoMatch, Body: []byte("{}")}, []byte("<again>")
			r.list = append(r.list, again)
		}, "10 matched, 0 no match, 0 refused, 0 lost", "<again>", ""},
		{"an id that is not ours, and one without", func(r *fakeResults) {
			r.list = append(r.list, contact.JobResult{Key: contact.Key{1}, Identified: true, Raw: []byte("<foreign>")}, contact.JobResult{Raw: []byte("<none>")})
		}, "10 matched, 0 no match, 0 refused, 0 lost", "<foreign><none>", ""},
		{"the credits run out", func(r *fakeResults) {
			for i := 7; i < 10; i++ {
				r.list[i].Outcome, r.list[i].OutOfCredits = contact.Outcome{Kind: contact.Released, Message: "no credits"}, true
			}
		}, "7 matched, 0 no match, 0 refused, 0 lost, 3 released", "", contact.StopNoCredits},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := addresses(10)
				r := newBulkRig(50, Caps{}, list...)
				r.jobs.results = func(j *apiJob) *fakeResults {
					all := r.jobs.allResults(j)
					tt.results(all)
					return all
				}
				result, err := r.run(t.Context(), t)
				if got := r.tally(list); err != nil || result.Stop != tt.stop || !strings.HasPrefix(got, tt.outcome) || string(r.ledger.jobs[0].raw) != tt.raw {
					t.Errorf("%+v, %v: %s; kept %q", result, err, got, r.ledger.jobs[0].raw)
				}
			})
		})
	}
}

// A job that the API does not know any more is lost. Only if it has expired is that as it should be.
func TestAJobThatIsGone(t *testing.T) {
	gone := &contact.JobPoll{State: contact.PollGone, Status: 404, Message: "unknown job"}
	for _, tt := range []struct {
		name    string
		expires time.Duration // 0: never
		poll    func(j *apiJob, n int) *contact.JobPoll
		states  string
		stop    contact.Stop
		expired int64
	}{
		{"the first job", time.Second, func(*apiJob, int) *contact.JobPoll { return gone }, "expired 10", contact.StopAPIDown, 1},
		{"before it expires", time.Hour, func(j *apiJob, _ int) *contact.JobPoll {
			if j.id == "job-2" {
				return gone
			}
			return nil
		}, "done 10, lost 50, open 40", contact.StopAPIDown, 0},
		{"it does not expire", 0, func(j *apiJob, _ int) *contact.JobPoll {
			if j.id == "job-2" {
				return gone
			}
			return nil
		}, "done 10, lost 50, open 40", contact.StopAPIDown, 0},
		{"after it has expired", time.Second, func(j *apiJob, _ int) *contact.JobPoll {
			if j.id == "job-2" {
				return gone
			}
			return nil
		}, "done 10, expired 50, done 40", "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := addresses(100)
				r := newBulkRig(50, Caps{}, list...)
				r.jobs.poll = tt.poll
				r.jobs.submit = func(int, []*contact.Question) (a contact.Acceptance, accepted bool) {
					if tt.expires > 0 {
						a.Expires = time.Now().Add(tt.expires)
					}
					return a, true
				}
				result, err := r.run(t.Context(), t)
				if err != nil || result.Stop != tt.stop || r.ledger.jobStates() != tt.states || r.Counters.JobsExpired.Load() != tt.expired {
					t.Errorf("%+v, %v: %s, %d expired", result, err, r.ledger.jobStates(), r.Counters.JobsExpired.Load())
				}
			})
		})
	}
}

// A job that does not end is left open after --bulk-wait. The rest of the list is sent, unless it was the first job.
func TestAJobThatDoesNotEndIsLeftOpen(t *testing.T) {
	for _, tt := range []struct {
		endless []int // submissions
		states  string
	}{
		{[]int{1}, "open 10"},
		{[]int{3}, "done 10, done 20, open 20, done 20, done 20, done 10"},
		{[]int{2, 3, 4, 5, 6, 7, 8, 9, 10}, "done 10, open 20, open 20, open 20, open 20, open 10"},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := addresses(100)
			r := newBulkRig(20, Caps{}, list...)
			r.Jobs.Wait = 10 * time.Minute
			r.jobs.ready = func(n int) time.Duration {
				if slices.Contains(tt.endless, n) {
					return 10 * time.Hour
				}
				return 5 * time.Second
			}
			begun := time.Now()
			result, err := r.run(t.Context(), t)
			took := time.Since(begun)
			if err != nil || result.Stop != contact.StopCap || !strings.Contains(result.Detail, "--bulk-wait") || r.ledger.jobStates() != tt.states || took < 10*time.Minute || took > 11*time.Minute {
				t.Errorf("%+v, %v, %s after %s", result, err, r.ledger.jobStates(), took)
			}
			if r.budget.open != 0 || r.budget.calls != int64(r.jobs.requests) {
				t.Errorf("%d requests, the budget has %+v", r.jobs.requests, r.budget)
			}
		})
	}
}

func TestAtMostEightJobsAreOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(400)
		r := newBulkRig(20, Caps{}, list...)
		r.Jobs.Wait = 10 * time.Minute
		r.jobs.ready = func(n int) time.Duration {
			if n == 1 {
				return 0
			}
			return 10 * time.Hour
		}
		result, err := r.run(t.Context(), t) // the fake checks it with each submission
		if open := strings.Count(r.ledger.jobStates(), "open"); err != nil || result.Stop != contact.StopCap || open != maxOpenJobs {
			t.Errorf("%+v, %v, %d open", result, err, open)
		}
	})
}

// Polls are made 2 s after the submission, then in growing intervals of at most 30 s, or when the API asks for it.
func TestWhenAJobIsPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBulkRig(20, Caps{}, addresses(5)...)
		r.jobs.took = func() time.Duration { return 0 }
		r.ledger.duration = func() time.Duration { return 0 }
		var at []time.Duration
		begun := time.Now()
		r.jobs.poll = func(_ *apiJob, n int) *contact.JobPoll {
			at = append(at, time.Since(begun)/time.Second)
			if n == 3 {
				return &contact.JobPoll{State: contact.PollRunning, Retry: 100 * time.Second}
			}
			return nil
		}
		r.jobs.ready = func(int) time.Duration { return 200 * time.Second }
		if result, err := r.run(t.Context(), t); err != nil || result != (AskResult{}) || !slices.Equal(at, []time.Duration{2, 6, 14, 114, 130, 160, 190, 220}) {
			t.Errorf("%+v, %v: polled after %v s", result, err, at)
		}
	})
}

// Whatever stops the run, at a submission or a poll, jobs that are open stay so, and the next run ends them.
func TestAStopLeavesJobsOpen(t *testing.T) {
	for _, cause := range []contact.Stop{contact.StopUnauthorized, contact.StopForbidden, contact.StopNoCredits, contact.StopAPIDown} {
		for _, at := range []string{"a submission", "a poll"} {
			t.Run(string(cause)+" at "+at, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					list := addresses(60)
					r := newBulkRig(20, Caps{}, list...)
					account := &fakeAccount{}
					r.Account = account
					r.jobs.submit = func(n int, _ []*contact.Question) (contact.Acceptance, bool) {
						if n == 3 && at == "a submission" {
							return contact.Acceptance{Outcome: contact.Outcome{Kind: contact.Released}, Stop: cause, StopDetail: "says the API"}, false
						}
						return contact.Acceptance{}, true
					}
					r.jobs.poll = func(j *apiJob, _ int) *contact.JobPoll {
						if j.id == "job-3" && at == "a poll" {
							return &contact.JobPoll{Stop: cause, StopDetail: "says the API"}
						}
						return nil
					}
					result, err := r.run(t.Context(), t)
					if err != nil || result.Stop != cause || result.Detail != "says the API" || (len(account.told) > 0) != cause.OfAccount() {
						t.Errorf("%+v, %v", result, err)
					}
					if r.ledger.lost > 0 || r.budget.open != 0 {
						t.Errorf("%d lost, %d reservations are left", r.ledger.lost, r.budget.open)
					}
					next := r.again(20, Caps{}, list...)
					next.jobs.submit, next.jobs.poll = newFakeJobs(r.ledger).submit, newFakeJobs(r.ledger).poll
					result, err = next.run(t.Context(), t)
					if got := next.tally(list); err != nil || result != (AskResult{}) || !strings.HasPrefix(got, "60 matched") || next.Counters.JobsResumed.Load() == 0 {
						t.Errorf("%+v, %v: %s, %d resumed", result, err, got, next.Counters.JobsResumed.Load())
					}
					for email, n := range next.jobs.submitted {
						if n != 1 {
							t.Errorf("%s was submitted %d times", email, n)
						}
					}
				})
			})
		}
	}
}

// A signal, and --max-duration, at any time: nothing is lost, and each contact is submitted once over both runs.
func TestAnInterruptionLeavesJobsOpen(t *testing.T) {
	for _, how := range []string{"a signal", "--max-duration"} {
		for after := time.Duration(1); after < 12*time.Second; after = after*3/2 + 700*time.Microsecond {
			synctest.Test(t, func(t *testing.T) {
				list := addresses(60)
				r := newBulkRig(20, Caps{}, list...)
				ctx, cause := t.Context(), contact.StopCap
				if r.MaxDuration = after; how == "a signal" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, after)
					defer cancel()
					r.MaxDuration, cause = 0, contact.StopInterrupted
				}
				result, err := r.run(ctx, t)
				if err != nil || result.Stop != cause && r.tally(list) != "60 matched, 0 no match, 0 refused, 0 lost, 0 released, 0 unknown" || r.ledger.lost > 0 || r.jobs.lastRequest.Sub(r.Started) > after {
					t.Errorf("%s: %+v, %v, %d lost", after, result, err, r.ledger.lost)
				}
				requests := r.jobs.requests
				next := r.again(20, Caps{}, list...)
				if result, err := next.run(t.Context(), t); err != nil || result != (AskResult{}) || !strings.HasPrefix(next.tally(list), "60 matched") {
					t.Errorf("%s: %+v, %v, %s", after, result, err, next.tally(list))
				}
				if r.budget.calls != int64(requests) || r.budget.open != 0 {
					t.Errorf("%s: %d requests, the budget has %+v", after, requests, r.budget)
				}
				if len(next.jobs.charged) != 60 || slices.Max(values(next.jobs.submitted)) != 1 {
					t.Errorf("%s: %v", after, next.jobs.submitted)
				}
			})
		}
	}
}

func values(m map[string]int) (list []int) {
	for _, n := range m {
		list = append(list, n)
	}
	return list
}

// A poll that was not sent returns its call, and a contact with an outcome is not kept as one in flight.
func TestWhatAJobReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBulkRig(20, Caps{}, "a@x.example")
		stop := newStopper(t.Context(), t.Context(), 0, 0)
		defer stop.close()
		p := &askPass{Ask: &r.Ask, stop: stop, uncancelled: t.Context()}
		d := newJobDispatcher(p)
		d.admit(contact.Question{Contact: r.rows[0].Contact, Keys: r.Identity.Keys(r.rows[0].Contact)}, &ledger.State{})
		if reached := r.budget.Reserve(t.Context(), 0); reached != "" {
			t.Fatal(reached)
		}
		d.queue.close()
		d.submit(d.nextGroup())
		r.jobs.poll = func(*apiJob, int) *contact.JobPoll { return &contact.JobPoll{Stop: contact.StopCap, Sent: -1} }
		d.poll(d.jobs[0])
		if r.budget.calls != 1 || len(p.unfinished.finished) != 0 {
			t.Errorf("%d calls, %d finished", r.budget.calls, len(p.unfinished.finished))
		}
		r.jobs.poll = func(*apiJob, int) *contact.JobPoll { return nil }
		d.jobs[0].own = false // its reservation was kept when it was left
		time.Sleep(time.Minute)
		d.poll(d.jobs[0])
		if r.budget.calls != 2 || len(p.unfinished.finished) != 1 {
			t.Errorf("%d calls, %d finished", r.budget.calls, len(p.unfinished.finished))
		}
	})
}
