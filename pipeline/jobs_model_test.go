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
	"enrich/ledger"
)

// A jobWorld is several runs on one ledger and one API, each of which may be interrupted or die.
type jobWorld struct {
	seed          uint64
	persons, rows int
	retries       int
	fits, bad     int // contacts that fit into a job; contacts that the API refuses, in percent
	slow          time.Duration
	runs          []jobRun
	// percent of submissions, jobs or elements
	lostAccepted, lostRefused, gone, failing, expired, cut, missing, repeated, foreign, noMatch int
}

// A jobRun is one run of a jobWorld.
type jobRun struct {
	size       int // 0: single calls
	caps       Caps
	stopAfter  time.Duration
	failCommit int
	retries    int
	wait       time.Duration
	giveUp     time.Duration
}

func drawJobWorld(t *rapid.T) jobWorld {
	percent := rapid.SampledFrom([]int{0, 0, 0, 10, 40})
	w := jobWorld{
		seed: rapid.Uint64().Draw(t, "seed"), persons: rapid.IntRange(1, 80).Draw(t, "persons"), rows: rapid.SampledFrom([]int{1, 30, 100, 300}).Draw(t, "rows"),
		retries: rapid.IntRange(0, 2).Draw(t, "retries"), fits: rapid.SampledFrom([]int{1000, 1000, 3, 12}).Draw(t, "fits"), bad: percent.Draw(t, "bad") / 4,
		slow:         rapid.SampledFrom([]time.Duration{time.Second, time.Minute}).Draw(t, "slow"),
		lostAccepted: percent.Draw(t, "lost"), lostRefused: percent.Draw(t, "lost, not accepted"), gone: percent.Draw(t, "gone") / 2, expired: percent.Draw(t, "expired"),
		cut: percent.Draw(t, "cut") / 4, missing: percent.Draw(t, "missing"), repeated: percent.Draw(t, "repeated"), foreign: percent.Draw(t, "foreign"),
		noMatch: percent.Draw(t, "no match"), failing: percent.Draw(t, "failing"),
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "runs") {
		name := func(s string) string { return fmt.Sprintf("%s of run %d", s, i) }
		w.runs = append(w.runs, jobRun{
			size: rapid.SampledFrom([]int{0, 1, 7, 25, 500}).Draw(t, name("size")),
			caps: Caps{
				MaxCalls:   int64(rapid.SampledFrom([]int{0, 0, 1, 4, 15}).Draw(t, name("calls"))),
				MaxCredits: int64(rapid.SampledFrom([]int{0, 0, 3, 14, 40}).Draw(t, name("credits"))), CreditsPerCall: int64(rapid.IntRange(1, 2).Draw(t, name("per call"))),
			},
			stopAfter:  time.Duration(rapid.SampledFrom([]int{0, 0, 5, 900, 4000, 20000}).Draw(t, name("stop"))) * time.Millisecond,
			failCommit: rapid.SampledFrom([]int{0, 0, 1, 2, 3, 4, 7}).Draw(t, name("failing commit")),
			retries:    rapid.SampledFrom([]int{0, 0, 2}).Draw(t, name("retries")),
			wait:       rapid.SampledFrom([]time.Duration{time.Hour, 10 * time.Second}).Draw(t, name("wait")),
			giveUp:     rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, name("give up")),
		})
	}
	return w
}

// Over any runs that are interrupted or die at any commit: the order is kept (the fakes check it), caps are exact, no contact is paid
// again unless a call of it is reported as lost, and at the end every contact has its outcome.
func TestBulkJobsKeepTheOrderOverAnyRuns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawJobWorld(rt)
		var broken []string
		synctest.Test(t, func(t *testing.T) { broken = w.play() })
		for _, what := range broken {
			rt.Error(what)
		}
	})
}

func (w *jobWorld) play() (broken []string) {
	random := rand.New(rand.NewPCG(w.seed, 1))
	list := make([]string, w.rows)
	for i := range list {
		list[i] = fmt.Sprintf("p%02d@x.example", random.IntN(w.persons))
	}
	var r *rig
	for _, run := range w.runs {
		if r == nil {
			r = newBulkRig(run.size, run.caps, list...)
			w.behave(r, random)
		} else {
			r = r.again(run.size, run.caps, list...)
		}
		w.run(r, run)
	}
	calm := r.again(25, Caps{}, list...)
	w.lostRefused, w.lostAccepted, w.gone, w.failing, w.cut, w.missing = 0, 0, 0, 0, 0, 0
	if stop := w.run(calm, jobRun{size: 25, wait: time.Hour}); stop == "" {
		for _, row := range calm.rows {
			if s := calm.ledger.states[calm.Identity.Keys(row.Contact).Request]; s.Kind == 0 || s.Kind == contact.Released {
				calm.report("%s has no outcome after a complete run: %+v", row.Contact.Email, s)
			}
		}
	}
	return r.broken
}

// behave makes the API of a rig behave as the world says.
func (w *jobWorld) behave(r *rig, random *rand.Rand) {
	hit := func(percent int) bool { return random.IntN(100) < percent }
	person := func(email string) int { return int(email[1]-'0')*10 + int(email[2]-'0') }
	r.jobs.matches = func(email string) bool { return person(email)%10 >= w.noMatch/10 }
	r.jobs.ready = func(int) time.Duration { return time.Duration(random.Int64N(int64(w.slow))) }
	r.jobs.submit = func(_ int, contacts []*contact.Question) (contact.Acceptance, bool) {
		bad := len(contacts) > w.fits
		for _, q := range contacts {
			bad = bad || person(q.Contact.Email)%100 < w.bad
		}
		switch {
		case bad:
			return refusal(400), false
		case hit(w.lostAccepted):
			return lostJob(), true
		case hit(w.lostRefused):
			return lostJob(), false
		case hit(w.expired):
			return contact.Acceptance{Expires: time.Now().Add(time.Second)}, true
		}
		return contact.Acceptance{}, true
	}
	r.jobs.poll = func(*apiJob, int) *contact.JobPoll {
		if hit(w.gone) {
			return &contact.JobPoll{State: contact.PollGone, Status: 404}
		}
		if hit(w.failing) {
			return &contact.JobPoll{State: contact.PollFailed, Status: 500}
		}
		return nil
	}
	r.jobs.results = func(j *apiJob) *fakeResults {
		all := r.jobs.allResults(j)
		random.Shuffle(len(all.list), func(a, b int) { all.list[a], all.list[b] = all.list[b], all.list[a] })
		var list []contact.JobResult
		for _, e := range all.list {
			if !hit(w.missing / 4) {
				list = append(list, e)
			}
			if hit(w.repeated) {
				list = append(list, e)
			}
			if hit(w.foreign) {
				list = append(list, contact.JobResult{Key: contact.Key{1}, Identified: true, Raw: []byte("<foreign>")})
			}
		}
		if all.list = list; hit(w.cut) {
			all.list, all.end = list[:len(list)/2], contact.ErrResults
		}
		return all
	}
}

// run plays one run, and checks what must be true after it.
func (w *jobWorld) run(r *rig, run jobRun) contact.Stop {
	const longest = 24 * time.Hour // of a run, with all that it waits for
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	if run.stopAfter > 0 {
		defer time.AfterFunc(run.stopAfter, cancel).Stop()
	}
	r.LostRetries, r.Jobs.Wait, r.Jobs.GiveUp = w.retries, run.wait, run.giveUp
	r.jobs.retries = func() int { return run.retries }
	r.api.answer = func(string, int) contact.Result { return charged() }
	first := r.ledger.commits
	r.ledger.fault = func(commit int) error {
		if commit-first == run.failCommit {
			return errDisk
		}
		return nil
	}
	requests, paid := r.jobs.requests, total(r.jobs.charged)
	lost := r.ledger.interrupted + lostOutcomes(r.ledger)
	result, err := r.Do(ctx, context.Background())
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		r.report("a run took %v", longest)
	}
	w.checkRun(r, run, result, err)
	requests, paid = r.jobs.requests-requests+r.api.calls, total(r.jobs.charged)-paid+r.api.calls
	if c := run.caps; c.MaxCalls > 0 && int64(requests) > c.MaxCalls || c.MaxCredits > 0 && int64(paid)*c.CreditsPerCall > c.MaxCredits {
		r.report("%d requests and %d credits, the caps are %+v", requests, paid, c)
	}
	for email, n := range r.api.sends {
		r.jobs.submitted[email] += n
	}
	submitted := 0
	for _, j := range r.ledger.jobs {
		if j.state == ledger.JobSubmitted {
			submitted += len(j.contacts)
		}
	}
	if err == nil && submitted > 0 || submitted > run.size {
		r.report("%d contacts are in doubt in jobs of %d", submitted, run.size)
	}
	if w.lostAccepted+w.lostRefused+w.gone+w.missing+w.cut == 0 && lostOutcomes(r.ledger)+r.ledger.interrupted > lost {
		r.report("%d contacts were lost after their job was known", lostOutcomes(r.ledger)-lost)
	}
	return result.Stop
}

func (w *jobWorld) checkRun(r *rig, run jobRun, result AskResult, err error) {
	c, l := r.Counters, r.ledger
	if (err != nil) != (l.failed != "") {
		r.report("it ended with %v", err)
	}
	if r.jobs.openResults > 0 {
		r.report("%d results were not closed", r.jobs.openResults)
	}
	losses := map[string]int{}
	answered := map[string]int{}
	for _, o := range l.outcomes {
		if o.Kind == contact.Lost {
			losses[o.Contact.Email]++
		}
		if o.Kind.Answered() {
			answered[o.Contact.Email]++
		}
	}
	open := map[string]bool{}
	for _, j := range l.jobs {
		for _, jc := range j.contacts {
			if !jc.Done && !j.ended() {
				open[jc.Contact.Email] = true
			}
		}
	}
	for email, n := range r.jobs.submitted {
		if n += r.api.sends[email]; n > 1+losses[email] || n > 1+w.retries || answered[email] > 1 {
			r.report("%s was paid %d times, answered %d times, and %d calls are reported as lost", email, n, answered[email], losses[email])
		}
		if n > losses[email]+answered[email] && !open[email] && err == nil {
			r.report("%s was paid %d times, answered %d times, %d lost, and it is in no open job", email, n, answered[email], losses[email])
		}
	}
	if err != nil {
		return
	}
	if len(l.open) > 0 || r.budget.open != 0 || r.budget.reserved != 0 || r.budget.calls > 0 && run.caps.MaxCalls > 0 && r.budget.calls > run.caps.MaxCalls {
		r.report("%d intents and %d reservations are left open", len(l.open), r.budget.open)
	}
	if c.Matched.Load() != l.matched || c.Lost.Load() != l.lost || c.Charged.Load() != l.charged {
		r.report("%d matched, %d lost, %d charged are counted; %d, %d, %d are durable", c.Matched.Load(), c.Lost.Load(), c.Charged.Load(), l.matched, l.lost, l.charged)
	}
	if result.Stop == "" && !result.Unsent {
		for _, row := range r.rows {
			if s := l.states[r.Identity.Keys(row.Contact).Request]; s.Kind == 0 || s.Kind == contact.Released || open[row.Contact.Email] {
				r.report("%s was not sent, and nobody says so", row.Contact.Email)
			}
		}
	}
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// lostOutcomes counts the lost outcomes of runs that recorded them themselves.
func lostOutcomes(l *fakeLedger) (n int64) {
	for _, o := range l.outcomes {
		countIf(&n, o.Kind == contact.Lost)
	}
	return n - l.interrupted
}
