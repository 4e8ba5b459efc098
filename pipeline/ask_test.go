package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// The fakes check each operation (see rig); these tests are about what the fakes cannot see.

func TestEveryContactIsSentOnceInInputOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(100)
		r := newRig(4, Caps{}, append(slices.Clone(list), list...)...) // each contact twice
		result, err := r.run(t.Context(), t)
		if err != nil || result != (AskResult{}) || r.Counters.Matched.Load() != 100 || r.Counters.Read.Load() != 200 {
			t.Errorf("%+v, %v, %d matched", result, err, r.Counters.Matched.Load())
		}
		if r.api.calls != 100 || !slices.IsSorted(r.api.queued) || !slices.Equal(r.ledger.intents, list) {
			t.Errorf("%d calls, in the order %v", r.api.calls, r.api.queued)
		}
		if r.ledger.maxOpen != 8 || r.api.maxInFlight != 4 || len(r.ledger.open) != 0 {
			t.Errorf("at most %d in doubt and %d in flight; %d left open", r.ledger.maxOpen, r.api.maxInFlight, len(r.ledger.open))
		}
	})
}

// A contact that finishes between the look-up of a batch and a later row of that batch is not sent again.
func TestADuplicateInABatchIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := append(addresses(50), addresses(50)...)
		r := newRig(1, Caps{}, list...)
		r.api.duration = func() time.Duration { return time.Microsecond }
		if _, err := r.run(t.Context(), t); err != nil || r.api.calls != 50 {
			t.Errorf("%d calls, %v", r.api.calls, err)
		}
	})
}

// A contact that this run saw refused is not sent again by a later batch; one that an earlier run saw refused is sent once.
func TestARefusedContactIsSentOnceInARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(300) // more than a batch
		r := newRig(4, Caps{}, append(slices.Clone(list), list...)...)
		for _, email := range list[:10] {
			r.ledger.states[r.Identity.Keys(contact.Contact{Email: email}).Request] = ledger.State{Kind: contact.Refused}
		}
		r.api.answer = func(string, int) contact.Result {
			return contact.Result{Outcome: contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected}}
		}
		if _, err := r.run(t.Context(), t); err != nil || r.api.calls != 300 {
			t.Errorf("%d calls, %v", r.api.calls, err)
		}
	})
}

// A no match returns its credit, so the next contact waits for it instead of ending the run.
func TestACreditThatIsReturnedIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(4, Caps{MaxCredits: 2, CreditsPerCall: 1}, addresses(30)...)
		r.api.answer = func(string, int) contact.Result {
			return contact.Result{Outcome: contact.Outcome{Kind: contact.NoMatch}}
		}
		if result, err := r.run(t.Context(), t); err != nil || result != (AskResult{}) || r.api.calls != 30 {
			t.Errorf("%+v, %v, %d calls", result, err, r.api.calls)
		}
	})
}

func TestNothingIsSentAfterAFailedCommit(t *testing.T) {
	for _, how := range []string{"an error", "a panic"} {
		for _, at := range []int{1, 2, 7} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(2, Caps{}, addresses(40)...)
				r.ledger.fault = func(commit int) error {
					switch {
					case commit < at:
						return nil
					case how == "a panic":
						r.ledger.failed = "calls"
						panic("disk full")
					}
					return errors.New("disk full")
				}
				_, err := r.run(t.Context(), t)
				if err == nil || !strings.Contains(err.Error(), "disk full") {
					t.Errorf("%s at commit %d: %v", how, at, err)
				}
				if at == 1 && r.api.calls > 0 {
					t.Errorf("%d calls", r.api.calls)
				}
			})
		}
	}
}

func TestAFailedLookupEndsTheRunAndKeepsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, Caps{}, addresses(300)...) // more than one batch
		time.AfterFunc(50*time.Millisecond, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ledger.lookups = errors.New("the database is gone")
		})
		_, err := r.run(t.Context(), t)
		if err == nil || !strings.Contains(err.Error(), "the database is gone") {
			t.Errorf("got %v", err)
		}
		if int64(r.api.calls) != r.ledger.matched || len(r.ledger.open) > 0 {
			t.Errorf("%d calls, %d answers, %d left open", r.api.calls, r.ledger.matched, len(r.ledger.open))
		}
	})
}

// Another run has every third contact: it is not sent, its reservation is returned, and the others are finished.
func TestAnUnclaimedContactIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := addresses(30)
		r := newRig(2, Caps{MaxCalls: 20, MaxCredits: 20, CreditsPerCall: 1}, list...)
		elsewhere := func(email string) bool { return slices.Index(list, email)%3 == 0 }
		r.ledger.claim = func(email string) bool { return !elsewhere(email) }
		result, err := r.run(t.Context(), t)
		for email := range r.api.sends {
			if elsewhere(email) {
				t.Errorf("%s was sent", email)
			}
		}
		if err != nil || result.Stop != "" || !result.Unsent || r.api.calls != 20 || r.budget.open != 0 || r.Counters.Admitted.Load() != 20 {
			t.Errorf("%+v, %v, %d calls, %d reservations left", result, err, r.api.calls, r.budget.open)
		}
	})
}

// What the ledger says is elsewhere is not even claimed, and makes the run incomplete.
func TestAContactThatAnotherRunHasIsNotClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, Caps{}, addresses(3)...)
		keys := r.Identity.Keys(contact.Contact{Email: "p001@x.example"})
		r.ledger.states[keys.Request] = ledger.State{ClaimedElsewhere: true}
		result, err := r.run(t.Context(), t)
		if err != nil || !result.Unsent || result.Stop != "" || !slices.Equal(r.ledger.intents, []string{"p000@x.example", "p002@x.example"}) {
			t.Errorf("%+v, %v, %v", result, err, r.ledger.intents)
		}
	})
}

func TestCapsAreExact(t *testing.T) {
	for name, caps := range map[string]Caps{
		"calls": {MaxCalls: 13}, "credits": {MaxCredits: 13, CreditsPerCall: 1}, "dear calls": {MaxCredits: 41, CreditsPerCall: 3},
		"a budget": {MaxCredits: 20, CreditsPerCall: 1, SpentCredits: 7},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(5, caps, addresses(40)...)
			result, err := r.run(t.Context(), t)
			if err != nil || result.Stop != contact.StopCap || !result.Unsent || r.api.calls != 13 {
				t.Errorf("%s: %+v, %v, %d calls, expected 13", name, result, err, r.api.calls)
			}
		})
	}
}

func TestAStopEndsNewCallsAtOnce(t *testing.T) {
	for name, stop := range map[string]func(r *rig, cancel func()){
		"a signal":       func(_ *rig, cancel func()) { time.AfterFunc(35*time.Millisecond, cancel) },
		"a max duration": func(r *rig, _ func()) { r.MaxDuration = 35 * time.Millisecond },
		"another run": func(r *rig, _ func()) {
			r.Account = &fakeAccount{after: 35 * time.Millisecond, cause: contact.StopUnauthorized}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := newRig(4, Caps{}, addresses(100)...)
			stop(r, cancel)
			result, err := r.run(ctx, t)
			if err != nil || result.Stop == "" || r.api.lastSend.Sub(began) > 35*time.Millisecond {
				t.Errorf("%s: %+v, %v, a call %v after the start", name, result, err, r.api.lastSend.Sub(began))
			}
			if admitted := r.Counters.Admitted.Load(); admitted > int64(r.api.calls+3*r.Workers) {
				t.Errorf("%s: %d contacts were admitted for %d calls", name, admitted, r.api.calls)
			}
			if int64(r.api.calls) != r.ledger.matched || len(r.ledger.open) > 0 || r.Counters.Read.Load() != 100 {
				t.Errorf("%s: %d calls, %d answers, %d left open, %d rows read", name, r.api.calls, r.ledger.matched, len(r.ledger.open), r.Counters.Read.Load())
			}
		})
	}
}

func TestTheGraceBoundsCallsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := newRig(4, Caps{}, addresses(100)...)
		r.api.duration = func() time.Duration { return time.Hour }
		time.AfterFunc(time.Minute, cancel)
		result, err := r.run(ctx, t)
		if took := time.Since(began).Round(time.Second); err != nil || result.Stop != contact.StopInterrupted || took != time.Minute+r.Grace || r.ledger.lost != 4 {
			t.Errorf("%+v, %v, took %v, %d lost", result, err, took, r.ledger.lost)
		}
		if again := slices.Sorted(slices.Values(r.ledger.intents)); len(slices.Compact(again)) != len(r.ledger.intents) {
			t.Errorf("a lost contact was admitted again after the stop: %v", r.ledger.intents)
		}
	})
}

// A stop that concerns the account is broadcast to other runs; any other is not.
func TestOtherRunsLearnOfAStop(t *testing.T) {
	for cause, told := range map[contact.Stop]bool{
		contact.StopUnauthorized: true, contact.StopForbidden: true, contact.StopNoCredits: true,
		contact.StopAPIDown: false, contact.StopRejectedAll: false, contact.StopCap: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			account := &fakeAccount{}
			r := newRig(1, Caps{}, addresses(3)...)
			r.Account = account
			r.api.answer = func(string, int) contact.Result { return stops(cause) }
			result, err := r.run(t.Context(), t)
			if err != nil || result.Stop != cause || result.Detail != "says the API" || (len(account.told) > 0) != told {
				t.Errorf("%s: %+v, %v, told %v", cause, result, err, account.told)
			}
		})
	}
}

// A fakeAccount reports a stop of another run after a time; 0: there is none.
type fakeAccount struct {
	after time.Duration
	cause contact.Stop
	told  []contact.Stop
}

func (a *fakeAccount) Alone(context.Context) (func(bool), error) { return func(bool) {}, nil }

func (a *fakeAccount) Stop(cause contact.Stop, _ string) { a.told = append(a.told, cause) }

func (a *fakeAccount) Stopped(ctx context.Context) (contact.Stop, string) {
	var over <-chan time.Time
	if a.after > 0 {
		over = time.After(a.after)
	}
	select {
	case <-over:
		return a.cause, "another run saw it"
	case <-ctx.Done():
		return "", ""
	}
}

// Nothing is known of a call that panics: its intent stays open, and the next run takes it as lost.
func TestAPanicInTheAPILeavesTheIntentOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2, Caps{}, addresses(30)...)
		r.api.answer = func(email string, _ int) contact.Result {
			if email == "p011@x.example" {
				panic("a bug in the client")
			}
			return charged()
		}
		_, err := r.run(t.Context(), t)
		if err == nil || !strings.Contains(err.Error(), "a bug in the client") {
			t.Errorf("got %v", err)
		}
		open := r.ledger.open[r.Identity.Keys(contact.Contact{Email: "p011@x.example"}).Request]
		if open == "" || len(r.ledger.open) > 1 {
			t.Errorf("%v are open", r.ledger.open)
		}
	})
}

// If contacts wait for their backoff, others are sent meanwhile. A stop ends their wait.
func TestAContactInBackoffTakesNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := newRig(3, Caps{}, addresses(6)...)
		r.api.backoff = func(email string) time.Duration {
			if email < "p003" {
				return time.Hour
			}
			return 0
		}
		time.AfterFunc(time.Minute, cancel)
		result, err := r.run(ctx, t)
		if err != nil || result.Stop != contact.StopInterrupted || r.Counters.Matched.Load() != 3 || r.Counters.Released.Load() != 3 {
			t.Errorf("%+v, %v, %d matched, %d released", result, err, r.Counters.Matched.Load(), r.Counters.Released.Load())
		}
		if r.api.lastSend.Sub(began) > time.Second || time.Since(began) > time.Minute+time.Second {
			t.Errorf("the last call was sent after %v; all took %v", r.api.lastSend.Sub(began), time.Since(began))
		}
	})
}

func TestALostContactIsSentAgainWithinItsLimits(t *testing.T) {
	for _, tt := range []struct {
		retries, before, calls int
		maxCalls               int64
	}{
		{retries: 2, calls: 3},
		{retries: 0, calls: 1},
		{retries: 2, before: 2, calls: 1},
		{retries: 2, before: 1, calls: 2},
		{retries: 2, before: 3},
		{retries: 9, calls: 4, maxCalls: 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(2, Caps{MaxCalls: tt.maxCalls}, "p000@x.example")
			r.LostRetries = tt.retries
			r.api.answer = func(string, int) contact.Result { return lost() }
			if tt.before > 0 {
				key := r.Identity.Keys(contact.Contact{Email: "p000@x.example"}).Request
				r.ledger.states[key] = ledger.State{Kind: contact.Lost, Lost: tt.before}
			}
			if _, err := r.run(t.Context(), t); err != nil || r.api.calls != tt.calls || r.budget.open != 0 || len(r.ledger.open) > 0 {
				t.Errorf("%+v: %d calls, %v, %d reservations left", tt, r.api.calls, err, r.budget.open)
			}
		})
	}
}

// 404s that come before any answer are released until it is known what they mean.
func TestEarly404sAreDecidedLater(t *testing.T) {
	undecided := contact.Result{Outcome: contact.Outcome{Kind: contact.Released, Status: 404}, Undecided: true}
	for name, tt := range map[string]struct {
		last    contact.Result
		noMatch int64
		stop    contact.Stop
	}{
		"an answer comes":      {charged(), 5, ""},
		"none comes":           {undecided, 0, contact.StopRejectedAll},
		"the run stops before": {stops(contact.StopUnauthorized), 0, contact.StopUnauthorized},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(1, Caps{}, addresses(6)...)
			r.api.answer = func(email string, _ int) contact.Result {
				if email == "p005@x.example" {
					return tt.last
				}
				return undecided
			}
			result, err := r.run(t.Context(), t)
			if c := r.Counters; err != nil || c.NoMatch.Load() != tt.noMatch || c.FailedOutcomes.Load() != 0 || result.Stop != tt.stop {
				t.Errorf("%s: %d no match, %d rejected, %+v, %v", name, c.NoMatch.Load(), c.FailedOutcomes.Load(), result, err)
			}
		})
	}
}

// However many 404s wait for the first answer, only so many are kept. The others are failures, which a later run sends again.
func TestTheEarly404sAreBounded(t *testing.T) {
	const beyond = 50
	synctest.Test(t, func(t *testing.T) {
		list := append(addresses(maxUndecided+beyond), "z@x.example")
		r := newRig(8, Caps{}, list...)
		r.api.answer = func(email string, _ int) contact.Result {
			if email == "z@x.example" {
				return charged()
			}
			return contact.Result{Outcome: contact.Outcome{Kind: contact.Released, Status: 404}, Undecided: true}
		}
		result, err := r.run(t.Context(), t)
		if c := r.Counters; err != nil || result.Stop != "" || c.NoMatch.Load() < maxUndecided || c.FailedOutcomes.Load() == 0 ||
			c.NoMatch.Load()+c.FailedOutcomes.Load() != maxUndecided+beyond || c.Matched.Load() != 1 || c.Released.Load() != 0 {
			t.Errorf("%+v, %v, %d no match, %d failed, %d matched", result, err, c.NoMatch.Load(), c.FailedOutcomes.Load(), c.Matched.Load())
		}
	})
}

func TestHowTheInputEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		end    error
		stop   contact.Stop
		failed bool
	}{
		"at its end":  {nil, "", false},
		"early":       {reader.ErrBroken, contact.StopInput, false},
		"by an error": {errors.New("no memory"), "", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(2, Caps{}, addresses(10)...)
			r.Source.(*fakeSource).end = tt.end
			result, err := r.run(t.Context(), t)
			if result.Stop != tt.stop || errors.Is(result.ReadErr, reader.ErrBroken) != (tt.stop != "") || (err != nil) != tt.failed {
				t.Errorf("%s: %+v, %v", name, result, err)
			}
			if int64(r.api.calls) != r.ledger.matched || len(r.ledger.open) > 0 {
				t.Errorf("%s: %d calls, %d answers", name, r.api.calls, r.ledger.matched)
			}
		})
	}
}

// If the API cannot bound its memory any more, the run ends with the error, and the answers that came are kept.
func TestAnErrorWithAGoodOutcomeKeepsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("temporary file: disk full")
		r := newRig(2, Caps{}, addresses(50)...)
		r.api.answer = func(string, int) contact.Result {
			result := charged()
			result.Err = full
			return result
		}
		if _, err := r.run(t.Context(), t); !errors.Is(err, full) || int64(r.api.calls) != r.ledger.matched || r.api.calls > 4 {
			t.Errorf("%v, %d calls, %d answers", err, r.api.calls, r.ledger.matched)
		}
	})
}
