package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// A rig runs the first pass with a source, an API and a ledger in memory. They check, with each operation, the order that
// protects money; what breaks it is in broken. A rig is made inside a synctest bubble.
type rig struct {
	Ask
	ledger *fakeLedger
	api    *fakeAPI
	jobs   *fakeJobs // nil: there are none
	budget *localBudget
	rows   []reader.Row
	*journal
}

// newRig returns a first pass over a list of addresses. Each contact is matched and charged after 10 ms; a commit takes 1 ms.
func newRig(workers int, caps Caps, list ...string) *rig {
	j := &journal{}
	identity := contact.NewIdentity("http://api.example", nil)
	source := &fakeSource{}
	for i, address := range list {
		source.rows = append(source.rows, reader.Row{Number: int64(i + 1), Line: int64(i + 2), Contact: contact.Contact{Email: address}})
	}
	r := &rig{journal: j, budget: newLocalBudget(caps), rows: source.rows}
	r.ledger = &fakeLedger{
		journal: j, states: map[contact.Key]ledger.State{}, open: map[contact.Key]string{}, permits: 2 * workers,
		duration: func() time.Duration { return time.Millisecond }, claim: func(string) bool { return true },
		fault: func(int) error { return nil },
	}
	r.api = &fakeAPI{
		journal: j, ledger: r.ledger, workers: workers, sends: map[string]int{},
		duration: func() time.Duration { return 10 * time.Millisecond },
		answer:   func(string, int) contact.Result { return charged() },
	}
	r.Ask = Ask{
		Rules:  Rules{Identity: identity, Started: time.Now(), MaxAge: -1, NoMatchAge: -1, LostRetries: 2},
		Source: source, API: r.api, Ledger: r.ledger, Budget: r.budget, Run: 1, Workers: workers, Grace: time.Second,
		Counters: new(Counters),
	}
	r.ledger.counters = r.Counters
	return r
}

// run runs the pass, and fails the test if the order was broken.
func (r *rig) run(ctx context.Context, t *testing.T) (AskResult, error) {
	t.Helper()
	result, err := r.Do(ctx, context.Background())
	if r.jobs != nil && r.jobs.openResults > 0 {
		r.report("%d results were not closed", r.jobs.openResults)
	}
	if r.api.held > 0 {
		r.report("the memory of %d answers was not given back", r.api.held)
	}
	for _, what := range r.broken {
		t.Error(what)
	}
	return result, err
}

// addresses returns n different addresses.
func addresses(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("p%03d@x.example", i))
	}
	return list
}

func charged() contact.Result {
	return contact.Result{Outcome: contact.Outcome{Kind: contact.Matched, Charged: true, Status: 200, Body: []byte("{}")}}
}

func lost() contact.Result {
	return contact.Result{Outcome: contact.Outcome{Kind: contact.Lost, Failure: contact.Exhausted}, Again: true}
}

func stops(cause contact.Stop) contact.Result {
	return contact.Result{Outcome: contact.Outcome{Kind: contact.Released}, Stop: cause, StopDetail: "says the API"}
}

// A journal records what broke the order.
type journal struct {
	mu     sync.Mutex
	broken []string
}

func (j *journal) report(format string, args ...any) {
	j.broken = append(j.broken, fmt.Sprintf(format, args...))
}

// A fakeSource reads rows from memory, and then ends with end; nil: io.EOF.
type fakeSource struct {
	rows []reader.Row
	end  error
}

func (s *fakeSource) Read(rows []reader.Row) (int, error) {
	n := copy(rows, s.rows)
	s.rows = s.rows[n:]
	if len(s.rows) > 0 {
		return n, nil
	}
	if s.end != nil {
		return n, s.end
	}
	return n, io.EOF
}

// A fakeLedger keeps intents and outcomes in memory. open are the durable intents that have no outcome.
type fakeLedger struct {
	*journal
	counters *Counters
	permits  int
	duration func() time.Duration    // of a commit
	claim    func(email string) bool // false: another run has the contact
	fault    func(commit int) error  // of a commit
	lookups  error                   // of States

	states        map[contact.Key]ledger.State
	outcomes      []contact.Outcome
	open          map[contact.Key]string // addresses
	maxOpen       int
	commits       int
	failed        string   // who made the commit that failed; "": none did
	intents       []string // addresses, in the order of commits
	matched, lost int64    // durable outcomes
	charged       int64
	jobs          []*ledgerJob
	interrupted   int64 // lost calls of runs that died
}

func (l *fakeLedger) States(_ context.Context, keys []contact.Keys, states []ledger.State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, k := range keys {
		states[i] = l.states[k.Request]
		states[i].InJob = states[i].InJob || l.inJob(k.Request)
	}
	return l.lookups
}

func (l *fakeLedger) Commit(_ context.Context, _ int64, intents []ledger.Intent, outcomes []contact.Outcome) ([]bool, error) {
	unlock, err := l.begin("calls", outcomes)
	defer unlock()
	if err != nil {
		return nil, err
	}
	for i := range outcomes {
		l.record(outcomes[i])
	}
	claimed := make([]bool, len(intents))
	for i := range intents {
		in := &intents[i]
		claimed[i] = l.claim(in.Contact.Email)
		if !claimed[i] {
			continue
		}
		if _, open := l.open[in.Keys.Request]; open {
			l.report("%s has two open intents", in.Contact.Email)
		}
		if l.inJob(in.Keys.Request) {
			l.report("%s is sent, and is in an open job", in.Contact.Email)
		}
		l.open[in.Keys.Request] = in.Contact.Email
		l.intents = append(l.intents, in.Contact.Email)
	}
	if l.maxOpen = max(l.maxOpen, len(l.open)); len(l.open) > l.permits {
		l.report("%d intents are durable without an outcome, at most %d may be", len(l.open), l.permits)
	}
	return claimed, nil
}

// begin is what each commit does first. by is who commits: calls and jobs do so at the same time.
func (l *fakeLedger) begin(by string, outcomes []contact.Outcome) (unlock func(), err error) {
	l.check(by, outcomes)
	time.Sleep(l.duration()) // what is being committed is not durable yet
	l.mu.Lock()
	done := false
	defer func() {
		if !done { // the fault is a panic
			l.mu.Unlock()
		}
	}()
	if l.commits++; l.failed == "" {
		if err = l.fault(l.commits); err != nil {
			l.failed = by
		}
	}
	if l.failed != "" { // a store accepts nothing more
		err = errDisk
	}
	done = true
	return l.mu.Unlock, err
}

// check is called before a commit: nothing may be counted that is not durable.
func (l *fakeLedger) check(by string, outcomes []contact.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == by {
		l.report("a commit after one that failed")
	}
	c := l.counters
	if c.Matched.Load() > l.matched || c.Lost.Load() > l.lost || c.Charged.Load() > l.charged {
		l.report("%d matched, %d lost and %d charged are counted, but %d, %d and %d durable",
			c.Matched.Load(), c.Lost.Load(), c.Charged.Load(), l.matched, l.lost, l.charged)
	}
	for i := range outcomes {
		if outcomes[i].Kind == 0 {
			l.report("an outcome without a kind")
		}
	}
}

// record makes an outcome durable. A 404 that is decided later has no intent any more.
func (l *fakeLedger) record(o contact.Outcome) {
	delete(l.open, o.Keys.Request)
	l.outcomes = append(l.outcomes, o)
	countIf(&l.matched, o.Kind == contact.Matched)
	countIf(&l.lost, o.Kind == contact.Lost)
	countIf(&l.charged, o.Charged)
	s := l.states[o.Keys.Request]
	s.DoneThisRun = true
	if o.Kind == contact.Lost {
		s.Lost++
	}
	if o.Kind.Answered() || !s.Kind.Answered() {
		s.Kind, s.Ref, s.At = o.Kind, ledger.Ref(len(l.outcomes)), o.At
	}
	if o.Kind.Answered() {
		s.Lost = 0
	}
	l.states[o.Keys.Request] = s
}

func (l *fakeLedger) AnsweredAddresses(_ context.Context, addresses []contact.Key, fresh ledger.Fresh) (n int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	latest := map[contact.Key]bool{}
	for i := range l.outcomes {
		if o := &l.outcomes[i]; o.Kind.Answered() {
			latest[o.Keys.Email] = fresh.Includes(o.Kind, o.At)
		}
	}
	for _, a := range addresses {
		countIf(&n, latest[a])
	}
	return n, l.lookups
}

func (l *fakeLedger) Outcomes(_ context.Context, refs []ledger.Ref, out []contact.Outcome) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, ref := range refs {
		if ref < 1 || int(ref) > len(l.outcomes) {
			return errors.New("no such outcome")
		}
		out[i] = l.outcomes[ref-1]
	}
	return nil
}

// A fakeAPI answers after a while. It checks that what it is sent may be sent.
type fakeAPI struct {
	*journal
	ledger   *fakeLedger
	workers  int
	duration func() time.Duration
	// answer returns the result of the nth call for an address, from 1.
	answer func(email string, call int) contact.Result
	// backoff is a time to wait before a contact's first call; nil: none.
	backoff func(email string) time.Duration

	queued                []int64 // rows, as they were announced
	sends                 map[string]int
	calls                 int
	inFlight, maxInFlight int
	lastSend              time.Time
	answered              bool
	held                  int // answers whose memory was not given back
}

// A fakeMemory is the memory of one answer.
type fakeMemory struct{ api *fakeAPI }

func (m fakeMemory) Release() {
	m.api.mu.Lock()
	defer m.api.mu.Unlock()
	if m.api.held--; m.api.held < 0 {
		m.api.report("memory was given back twice")
	}
}

func (a *fakeAPI) Queue(q *contact.Question) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queued = append(a.queued, q.Row)
}

func (a *fakeAPI) Answered() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.answered
}

func (a *fakeAPI) Ask(soft, hard context.Context, q *contact.Question) (contact.Result, time.Duration) {
	if a.backoff != nil && q.Progress == nil {
		if q.Progress = "waited"; a.backoff(q.Contact.Email) > 0 {
			return contact.Result{}, a.backoff(q.Contact.Email)
		}
	}
	r := contact.Result{Outcome: contact.Outcome{Kind: contact.Released}}
	if soft.Err() == nil {
		r = a.send(hard, q)
	}
	o := &r.Outcome
	o.Contact, o.Keys, o.At = q.Contact, q.Keys, time.Now()
	o.Attempts += q.Attempts
	return r, 0
}

func (a *fakeAPI) send(hard context.Context, q *contact.Question) contact.Result {
	email := q.Contact.Email
	call := a.begin(email, q)
	defer a.end()
	select {
	case <-time.After(a.duration()):
	case <-hard.Done():
		r := lost()
		r.Outcome.Attempts = 1
		return r
	}
	r := a.answer(email, call)
	r.Outcome.Attempts = cmp.Or(r.Outcome.Attempts, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answered = a.answered || r.Outcome.Kind.Answered()
	a.held++
	r.Memory = fakeMemory{a}
	return r
}

func (a *fakeAPI) begin(email string, q *contact.Question) (call int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch _, open := a.ledger.open[q.Keys.Request]; {
	case a.ledger.failed != "":
		a.report("%s is sent after a commit failed", email)
	case !open:
		a.report("%s is sent without a durable intent", email)
	case !slices.Contains(a.queued, q.Row):
		a.report("%s is sent before it was announced", email)
	}
	a.calls++
	a.sends[email]++
	a.lastSend = time.Now()
	a.inFlight++
	if a.maxInFlight = max(a.maxInFlight, a.inFlight); a.inFlight > a.workers {
		a.report("%d calls in flight with %d workers", a.inFlight, a.workers)
	}
	return a.sends[email]
}

func (a *fakeAPI) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inFlight--
}
