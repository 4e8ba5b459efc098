package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
)

// A teamWorld is several runs at once on one ledger, most of them on one list. Each may join late, be interrupted or die.
type teamWorld struct {
	seed                   uint64
	workers, persons, rows int
	caps                   Caps
	lost, refused, noMatch int // percent
	maxCall, maxCommit     time.Duration
	takeover               time.Duration
	runs                   []teamMember
}

type teamMember struct {
	alone bool // on a list of its own, with contacts in common
	size  int  // of its bulk jobs; 0: single calls
	// after are the times of its start and, from then on, of its interruption and its death; 0: none.
	start, interrupt, kill time.Duration
	fate                   string
}

func drawTeamWorld(t *rapid.T) teamWorld {
	percent := rapid.SampledFrom([]int{0, 0, 10, 40})
	millis := func(name string, of ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(of).Draw(t, name)) * time.Millisecond
	}
	w := teamWorld{
		seed: rapid.Uint64().Draw(t, "seed"), workers: rapid.IntRange(1, 4).Draw(t, "workers"),
		persons: rapid.SampledFrom([]int{5, 60, 999}).Draw(t, "persons"), rows: rapid.SampledFrom([]int{20, 1001, 2700}).Draw(t, "rows"),
		caps: Caps{
			MaxCalls: int64(rapid.SampledFrom([]int{0, 0, 0, 1, 200}).Draw(t, "calls")), MaxCredits: int64(rapid.SampledFrom([]int{0, 0, 0, 3, 150}).Draw(t, "credits")),
			CreditsPerCall: 1,
		},
		lost: percent.Draw(t, "lost"), refused: percent.Draw(t, "refused"), noMatch: percent.Draw(t, "no match"),
		maxCall: millis("call", 1, 20, 300), maxCommit: millis("commit", 1, 5), takeover: millis("takeover", 500, 5000),
	}
	for i := range rapid.IntRange(2, 5).Draw(t, "runs") {
		m := teamMember{
			alone: i >= 2 && rapid.Bool().Draw(t, "alone"), size: rapid.SampledFrom([]int{0, 0, 0, 7, 100}).Draw(t, "size"), start: millis("start", 0, 0, 3, 200, 2000),
			fate: rapid.SampledFrom([]string{"lives", "lives", "dies", "is interrupted"}).Draw(t, "fate"),
		}
		switch after := millis("after", 1, 10, 50, 200, 1000, 3000); m.fate {
		case "dies":
			m.kill = after + time.Duration(rapid.IntRange(0, 5000).Draw(t, "µs"))*time.Microsecond
		case "is interrupted":
			m.interrupt = after
		}
		w.runs = append(w.runs, m)
	}
	inJobs := slices.ContainsFunc(w.runs, func(m teamMember) bool { return m.size > 0 })
	alone := slices.ContainsFunc(w.runs, func(m teamMember) bool { return m.alone })
	end := slices.ContainsFunc(w.runs, func(m teamMember) bool { return m.fate != "lives" })
	if inJobs || alone && end { // results have no refusals; what another command loses or releases is the state of a refused contact
		w.refused = 0
	}
	return w
}

// Whatever runs share a ledger, and whenever they join, are interrupted or die: no contact is paid again unless a call of it is
// recorded as lost, caps are exact, nobody waits for ever, and every run that ends by itself writes what a later run of the same
// command writes.
func TestRunsThatShareALedgerAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawTeamWorld(rt)
		var broken []string
		synctest.Test(t, func(t *testing.T) { broken = w.play() })
		for _, what := range broken {
			rt.Error(what)
		}
	})
}

func (w *teamWorld) play() []string {
	tm := newTeam(w.workers, w.caps)
	w.behave(tm)
	list := make([]string, w.rows)
	for i := range list {
		list[i] = fmt.Sprintf("p%d@x.example", tm.random.IntN(w.persons))
	}
	work := &teamWork{}
	lists := make([][]string, len(w.runs))
	for i, member := range w.runs {
		if lists[i] = slices.Clone(list); member.alone {
			tm.random.Shuffle(len(list), func(a, b int) { lists[i][a], lists[i][b] = lists[i][b], lists[i][a] })
			lists[i] = append(lists[i][:len(list)/2], "stranger@x.example")
		}
	}
	var all sync.WaitGroup
	for i, member := range w.runs {
		all.Go(func() { w.run(tm, work, member, lists[i]) })
	}
	all.Wait()
	time.Sleep(w.takeover + time.Minute)
	w.settleAll(tm, list)
	return tm.broken
}

// behave makes the API and the ledger of a team behave as the world says. What an address comes to does not depend on chance, so
// that it is the same for each sender.
func (w *teamWorld) behave(tm *team) {
	tm.random = rand.New(rand.NewPCG(w.seed, 1))
	tm.takeover, tm.proved = w.takeover, true
	some := func(most time.Duration) time.Duration { return time.Duration(tm.random.Int64N(int64(most))) }
	tm.commit = func() time.Duration { return some(w.maxCommit) }
	tm.call = func(email string) time.Duration {
		if email == "job" {
			return 4 * time.Second
		}
		tm.mu.Lock()
		defer tm.mu.Unlock()
		return some(w.maxCall)
	}
	tm.answer = func(email string) contact.Result {
		person := 0
		_, _ = fmt.Sscanf(email, "p%d@", &person)
		switch kind := person * 37 % 100; {
		case kind < w.refused: // and never lost, because a later run sends it again
			return contact.Result{Outcome: contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected, Status: 400}}
		case tm.random.IntN(100) < w.lost:
			return lost()
		case kind < w.refused+w.noMatch:
			return contact.Result{Outcome: contact.Outcome{Kind: contact.NoMatch, Status: 200, Body: []byte("{}")}}
		}
		return charged()
	}
}

// No run of a random world takes longest: what never ends is interrupted then, and reported, before it keeps the tests busy for ever.
const longest = time.Hour

// run plays one run.
func (w *teamWorld) run(tm *team, work *teamWork, member teamMember, list []string) {
	time.Sleep(member.start)
	if member.alone {
		work = nil
	}
	m := tm.join(work, list...)
	m.ask.Jobs.Size = member.size
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	if member.interrupt > 0 {
		defer time.AfterFunc(member.interrupt, cancel).Stop()
	}
	if member.kill > 0 {
		defer time.AfterFunc(member.kill, m.kill).Stop()
	}
	m.run(ctx)
	tm.mu.Lock()
	ok := !m.dead && m.result.Stop == ""
	tm.mu.Unlock()
	if m.took >= longest {
		tm.report("run %d took %v", m.ask.Run, m.took)
	}
	if !ok {
		return
	}
	var r WriteResult
	m.lines, r = m.write(list...)
	m.list = list
	if m.result.Unsent || r.Pending > 0 || r.Read != int64(len(list)) || r.Read != m.ask.Counters.Read.Load() || r.Matched+r.NoMatch+r.Failed != r.Read {
		tm.report("run %d: %+v, %+v", m.ask.Run, m.result, r)
	}
}

// settleAll checks the spending, and then lets two later runs finish everything.
func (w *teamWorld) settleAll(tm *team, list []string) {
	tm.mu.Lock()
	calls := total(tm.calls)
	spent := total(tm.charged)
	inJobs := len(tm.jobs) > 0
	tm.mu.Unlock()
	if c := w.caps; !inJobs && (c.MaxCalls > 0 && int64(calls) > c.MaxCalls || c.MaxCredits > 0 && int64(spent) > c.MaxCredits) {
		tm.report("%d calls and %d credits, the caps are %+v", calls, spent, w.caps)
	}
	tm.mu.Lock() // what a take-over has written is read here
	tm.budget = newLocalBudget(Caps{})
	tm.mu.Unlock()
	later := tm.join(nil, append(slices.Clone(list), "stranger@x.example")...)
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	later.run(ctx)
	if later.result != (AskResult{}) {
		tm.report("a later run: %+v", later.result)
	}
	for _, m := range tm.runs {
		if m.lines == "" {
			continue
		}
		lines, _ := later.write(m.list...)
		before, after := strings.Split(m.lines, "\n"), strings.Split(lines, "\n")
		for i := range before {
			if before[i] != after[i] {
				tm.report("run %d has written %q, and a later run %q", m.ask.Run, before[i], after[i])
				break
			}
		}
	}
	tm.check(&reporter{tm})
}

// A reporter reports nothing: what the check finds is reported already.
type reporter struct{ *team }

func (*reporter) Error(...any) {}
