package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
)

// A world is what an interleaving of admission, workers and commits depends on.
type world struct {
	seed                   uint64
	workers, persons, rows int
	caps                   Caps
	limit                  int64
	retries                int
	maxCall, maxCommit     time.Duration
	unclaimed, backoff     int // percent of contacts
	stopAfter              time.Duration
	failCommit, panicCall  int // 0: never
	// percent of calls; the rest is matched and charged
	lost, noMatch, refused, undecided, stops int

	panicked bool
}

func drawWorld(t *rapid.T) world {
	percent := rapid.SampledFrom([]int{0, 0, 10, 50})
	millis := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.SampledFrom([]int{1, 100, 3_000, 20_000}).Draw(t, "µs")) * time.Microsecond
	})
	return world{
		seed: rapid.Uint64().Draw(t, "seed"), workers: rapid.IntRange(1, 5).Draw(t, "workers"),
		persons: rapid.IntRange(1, 60).Draw(t, "persons"), rows: rapid.SampledFrom([]int{1, 20, 120, 600}).Draw(t, "rows"),
		caps: Caps{
			MaxCalls:   int64(rapid.SampledFrom([]int{0, 0, 1, 7, 30}).Draw(t, "max calls")),
			MaxCredits: int64(rapid.SampledFrom([]int{0, 0, 2, 9, 31}).Draw(t, "max credits")), CreditsPerCall: int64(rapid.IntRange(1, 2).Draw(t, "per call")),
		},
		limit: int64(rapid.SampledFrom([]int{0, 0, 15}).Draw(t, "limit")), retries: rapid.IntRange(0, 3).Draw(t, "retries"),
		maxCall: millis.Draw(t, "calls"), maxCommit: millis.Draw(t, "commits"),
		unclaimed: percent.Draw(t, "unclaimed"), backoff: percent.Draw(t, "backoff"),
		stopAfter:  time.Duration(rapid.SampledFrom([]int{0, 0, 1, 15, 80}).Draw(t, "stop")) * time.Millisecond,
		failCommit: rapid.SampledFrom([]int{0, 0, 0, 1, 4}).Draw(t, "failing commit"), panicCall: rapid.SampledFrom([]int{0, 0, 0, 3, 20}).Draw(t, "panic"),
		lost: percent.Draw(t, "lost"), noMatch: percent.Draw(t, "no match"), refused: percent.Draw(t, "refused"), undecided: percent.Draw(t, "undecided"),
		stops: rapid.SampledFrom([]int{0, 0, 0, 3}).Draw(t, "stops"),
	}
}

var errDisk = errors.New("disk full")

// rig makes the fakes behave as the world says. Their calls are made under the journal's lock.
func (w *world) rig() *rig {
	random := rand.New(rand.NewPCG(w.seed, 1))
	list := make([]string, w.rows)
	for i := range list {
		list[i] = fmt.Sprintf("p%d@x.example", random.IntN(w.persons))
	}
	r := newRig(w.workers, w.caps, list...)
	r.Limit, r.LostRetries = w.limit, w.retries
	hit := func(percent int) bool { return random.IntN(100) < percent }
	some := func(most time.Duration) func() time.Duration {
		return func() time.Duration {
			r.mu.Lock()
			defer r.mu.Unlock()
			return time.Duration(random.Int64N(int64(most)))
		}
	}
	r.api.duration, r.ledger.duration = some(w.maxCall), some(w.maxCommit)
	r.ledger.claim = func(string) bool { return !hit(w.unclaimed) }
	r.ledger.fault = func(commit int) error {
		if commit == w.failCommit {
			return errDisk
		}
		return nil
	}
	r.api.backoff = func(email string) time.Duration {
		if int(email[1])%100 < w.backoff/2 {
			return 5 * time.Millisecond
		}
		return 0
	}
	r.api.answer = func(string, int) contact.Result {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case w.panicCall > 0 && r.api.calls >= w.panicCall:
			w.panicked = true
			panic("a bug in the client")
		case hit(w.stops):
			return stops(contact.StopNoCredits)
		case hit(w.lost):
			return lost()
		case hit(w.noMatch):
			return contact.Result{Outcome: contact.Outcome{Kind: contact.NoMatch, Body: []byte("{}")}}
		case hit(w.refused):
			return contact.Result{Outcome: contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected}}
		case hit(w.undecided) && !r.api.answered:
			return contact.Result{Outcome: contact.Outcome{Kind: contact.Released, Status: 404}, Undecided: true}
		}
		return charged()
	}
	return r
}

// Under any interleaving the order is kept (the fakes check it), caps are never exceeded, an answered contact is never sent again,
// and at the end nothing is left open, reserved or unaccounted for.
func TestTheOrderHoldsUnderAnyInterleaving(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		var broken []string
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), longest)
			defer cancel()
			if w.stopAfter > 0 {
				defer time.AfterFunc(w.stopAfter, cancel).Stop()
			}
			r := w.rig()
			result, err := r.Do(ctx, context.Background())
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				r.report("it took %v", longest)
			}
			w.check(r, result, err)
			broken = r.broken
		})
		for _, what := range broken {
			rt.Error(what)
		}
	})
}

func (w *world) check(r *rig, result AskResult, err error) {
	c, l := r.Counters, r.ledger
	if failed := l.failed != "" || w.panicked; (err != nil) != failed {
		r.report("it ended with %v", err)
	}
	spent := (l.charged + l.lost) * w.caps.CreditsPerCall
	if w.caps.MaxCalls > 0 && int64(r.api.calls) > w.caps.MaxCalls || w.caps.MaxCredits > 0 && spent > w.caps.MaxCredits {
		r.report("%d calls and %d credits, the caps are %+v", r.api.calls, spent, w.caps)
	}
	if r.api.held > 0 {
		r.report("the memory of %d answers was not given back", r.api.held)
	}
	lost := map[string]int{}
	answered := map[string]bool{}
	for _, o := range l.outcomes {
		if answered[o.Contact.Email] {
			r.report("%s has an outcome after its answer", o.Contact.Email)
		}
		answered[o.Contact.Email] = o.Kind.Answered()
		if o.Kind == contact.Lost {
			lost[o.Contact.Email]++
		}
	}
	for email, n := range r.api.sends {
		if n > 1+w.retries || err == nil && n > 1+lost[email] {
			r.report("%s was sent %d times after %d lost calls, with %d retries", email, n, lost[email], w.retries)
		}
	}
	if err != nil {
		return
	}
	if len(l.open) > 0 || r.budget.open != 0 || r.budget.reserved != 0 {
		r.report("%d intents and %d reservations are left open", len(l.open), r.budget.open)
	}
	if c.Matched.Load() != l.matched || c.Lost.Load() != l.lost || c.Charged.Load() != l.charged {
		r.report("%d matched, %d lost, %d charged are counted; %d, %d, %d are durable",
			c.Matched.Load(), c.Lost.Load(), c.Charged.Load(), l.matched, l.lost, l.charged)
	}
	if result.Stop == "" && !result.Unsent && w.limit == 0 {
		for _, row := range r.rows {
			if s := l.states[r.Identity.Keys(row.Contact).Request]; s.Kind == 0 {
				r.report("%s was not sent, and nobody says so", row.Contact.Email)
			}
		}
	}
}
