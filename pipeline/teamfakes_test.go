package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing/synctest"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// A team is several runs in one synctest bubble that share a ledger, an account, caps and an API. The fakes check the rules of a
// shared ledger; what breaks them is in broken.
type team struct {
	*journal
	random     *rand.Rand // under mu
	identity   contact.Identity
	budget     *localBudget
	workers    int
	takeover   time.Duration // from a kill until the claims of the run are recorded as lost
	lookupTime time.Duration // of a batch of contacts
	commit     func() time.Duration
	call       func(email string) time.Duration
	answer     func(email string) contact.Result // under mu

	contacts map[contact.Key]*teamContact
	outcomes []contact.Outcome
	jobs     []*teamJob
	runs     []*teamRun
	stopped  contact.Stop // of the account
	alone    *teamRun     // makes the first calls
	proved   bool

	calls    map[string]int // at the API, by address
	answered map[string]int
	refused  map[string][]*teamRun // the runs that were refused, by address
	lost     map[string]int        // lost outcomes, by address
	charged  map[string]int
	lookups  int   // contacts that were looked up
	released int64 // calls that are known not to be charged
}

// A teamContact is what the ledger knows of a contact.
type teamContact struct {
	email    string
	state    ledger.State
	claim    *teamRun // nil: it is not claimed
	last     *teamRun // whose outcome is the latest
	lastKind contact.Kind
}

func newTeam(workers int, caps Caps) *team {
	return &team{
		journal: &journal{}, random: rand.New(rand.NewPCG(1, 1)), identity: contact.NewIdentity("http://api.example", nil),
		budget: newLocalBudget(caps), workers: workers, takeover: 90 * time.Second, lookupTime: time.Millisecond,
		commit:   func() time.Duration { return time.Millisecond },
		call:     func(string) time.Duration { return 10 * time.Millisecond },
		answer:   func(string) contact.Result { return charged() },
		contacts: map[contact.Key]*teamContact{}, calls: map[string]int{}, lost: map[string]int{}, charged: map[string]int{},
		answered: map[string]int{}, refused: map[string][]*teamRun{},
	}
}

// A teamRun is one run of a team: its end of the ledger, the account, the budget, the API and the work.
type teamRun struct {
	*team
	ask      Ask
	work     *teamWork // nil: it works alone
	dead     bool
	gone     bool // it has ended, or was taken over
	reserved int  // reservations that were not settled
	// round is the round of the work in which it is; ended: it has reached its end; done: it takes part in no further one.
	round       int
	ended, done bool

	list   []string // of a run that ended by itself
	lines  string   // what it has written
	result AskResult
	err    error
	took   time.Duration
}

// join adds a run over a list of addresses. work is nil, or the work on this list.
func (t *team) join(work *teamWork, list ...string) *teamRun {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &teamRun{team: t, work: work}
	t.runs = append(t.runs, m)
	open := func() (Source, error) {
		source := &fakeSource{}
		for i, address := range list {
			source.rows = append(source.rows, reader.Row{Number: int64(i + 1), Line: int64(i + 2), Contact: contact.Contact{Email: address}})
		}
		return source, nil
	}
	source, _ := open()
	m.ask = Ask{
		Rules:  Rules{Identity: t.identity, Started: time.Now(), MaxAge: -1, NoMatchAge: -1, LostRetries: 2},
		Source: source, Reopen: open, API: m, Ledger: m, Budget: m, Account: m, Run: int64(len(t.runs)), Workers: t.workers,
		Grace: time.Second, Counters: new(Counters), TakeoverTime: t.takeover + 10*time.Second, JobTakeover: 2 * time.Minute,
		Jobs: Jobs{API: m, Ledger: m, URL: "http://api.example", Wait: time.Hour},
	}
	if work != nil {
		m.ask.Work = m
		m.round = work.round
		work.runs = append(work.runs, m)
	}
	return m
}

// run runs the pass. A run that was not killed has ended afterwards.
func (m *teamRun) run(ctx context.Context) {
	began := time.Now()
	m.result, m.err = m.ask.Do(ctx, context.Background())
	m.took = time.Since(began)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return
	}
	m.gone = true
	if m.err != nil {
		m.report("run %d ended with %v", m.ask.Run, m.err)
	}
	for _, c := range m.contacts {
		if c.claim == m {
			m.report("run %d left its claim of %s open", m.ask.Run, c.email)
		}
	}
	if m.reserved != 0 {
		m.report("run %d left %d reservations", m.ask.Run, m.reserved)
	}
}

// runAll runs all passes at once, and waits for them.
func (t *team) runAll(ctx context.Context) {
	var all sync.WaitGroup
	for _, m := range t.runs {
		all.Go(func() { m.run(ctx) })
	}
	all.Wait()
}

var errKilled = errors.New("the process is dead")

// kill ends a run at once: nothing that it does from now on has an effect. Its claims are taken over later.
func (m *teamRun) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead || m.gone {
		return
	}
	m.dead = true
	if m.alone == m {
		m.alone = nil
	}
	time.AfterFunc(m.takeover, m.takeOver)
}

// takeOver records the open claims of a dead run as lost, and returns what it had reserved otherwise.
func (m *teamRun) takeOver() {
	m.mu.Lock()
	defer m.mu.Unlock()
	claims := 0
	for k, c := range m.contacts {
		if c.claim == m {
			claims++
			m.reserved--
			m.budget.Settle(&contact.Outcome{Kind: contact.Lost}, 0)
			m.record(nil, k, contact.Outcome{Contact: contact.Contact{Email: c.email}, Kind: contact.Lost})
		}
	}
	if claims > 2*m.workers {
		m.report("run %d died with %d contacts in doubt", m.ask.Run, claims)
	}
	calls := int64(1) // of each reservation
	if m.ask.Jobs.Size > 0 {
		calls = 0
	}
	for ; m.reserved > 0; m.reserved-- {
		m.budget.Settle(&contact.Outcome{Kind: contact.Released}, calls)
	}
	m.leaveJobs()
	m.gone = true
	if m.work != nil && !m.done {
		m.work.left = true
	}
}

// The API.

func (m *teamRun) Queue(*contact.Question) {}

func (m *teamRun) Answered() bool { return true }

func (m *teamRun) Ask(soft, hard context.Context, q *contact.Question) (contact.Result, time.Duration) {
	r := contact.Result{Outcome: contact.Outcome{Kind: contact.Released}}
	if soft.Err() == nil && m.begin(q) {
		r = lost()
		r.Outcome.Attempts = 1
		m.mu.Lock()
		call := m.call
		m.mu.Unlock()
		timer := time.NewTimer(call(q.Contact.Email))
		select {
		case <-timer.C:
			r = m.end(q)
		case <-hard.Done():
			m.mu.Lock()
			m.charged[q.Contact.Email]++
			m.mu.Unlock()
		}
		timer.Stop()
	}
	o := &r.Outcome
	o.Contact, o.Keys, o.At = q.Contact, q.Keys, time.Now()
	o.Attempts += q.Attempts
	return r, 0
}

// begin is where a call reaches the API, and is paid for.
func (m *teamRun) begin(q *contact.Question) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return false
	}
	email := q.Contact.Email
	if c := m.contact(q.Keys.Request); c.claim != m {
		m.report("%s is sent by run %d without a claim", email, m.ask.Run)
	}
	if m.alone != nil && m.alone != m && !m.proved {
		m.report("run %d makes a call while run %d is alone", m.ask.Run, m.alone.ask.Run)
	}
	m.calls[email]++
	return true
}

func (m *teamRun) end(q *contact.Question) contact.Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.answer(q.Contact.Email)
	r.Outcome.Attempts = 1
	countIf(&m.released, r.Outcome.Kind == contact.Released)
	if r.Outcome.Charged || r.Outcome.Kind == contact.Lost {
		m.charged[q.Contact.Email]++
	}
	return r
}

// check fails the test for each rule that was broken, and for each contact that was paid for too often.
func (t *team) check(tb interface{ Error(args ...any) }) {
	synctest.Wait() // for runs that the test has waited for by time alone
	for email, n := range t.calls {
		if n > t.answered[email]+len(t.refused[email])+t.lost[email] && t.released == 0 || t.answered[email] > 1 {
			t.report("%s was sent %d times: %d answers, %d refusals, %d calls recorded as lost", email, n, t.answered[email], len(t.refused[email]), t.lost[email])
		}
	}
	for _, what := range t.broken {
		tb.Error(what)
	}
}
