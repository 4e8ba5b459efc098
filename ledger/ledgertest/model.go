package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
)

// testModel compares random lives of a ledger with a list of what happened.
func testModel(t *testing.T, newBackend func(testing.TB) Backend) {
	rapid.Check(t, func(rt *rapid.T) {
		m := model{T: rt, backend: newBackend(t), open: map[int]bool{}}
		m.reopen()
		defer func() { _ = m.store.Close() }()
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			m.step()
			m.check(m.store, m.byEmail, true)
		}
	})
}

// A model is what a ledger should contain. There are few persons, and two share an address.
type model struct {
	*rapid.T
	backend Backend
	store   ledger.Store
	byEmail bool
	run     int64 // 0: none
	events  []event
	before  int   // events before the store was opened
	intents []int // the open ones, in order
	open    map[int]bool
	found   []int
	clock   int
	last    int // the clock at the run's last outcome, or at its start
	jobs    []*modelJob
	gone    int64 // calls that may have been charged and whose outcomes were removed
}

// An event is an outcome.
type event struct {
	person int
	kind   contact.Kind
	at     time.Time
	run    int64
	body   string
	job    *modelJob // nil: it was sent alone
}

// maybeCharged reports whether the outcome may have been charged: no answer of the model says that it was not.
func (e *event) maybeCharged() bool { return e.kind == contact.Lost || e.kind == contact.NoMatch }

const persons = 12

// twin returns the n-th person; 2k and 2k+1 have one address.
func twin(n int) ledger.Intent {
	c := contact.Contact{Email: fmt.Sprintf("twin.%d@northwind.example", n/2), FirstName: fmt.Sprint("Ann", n)}
	return ledger.Intent{Contact: c, Keys: Identity.Keys(c)}
}

func at(clock int) time.Time { return Noon.Add(time.Duration(clock) * time.Second) }

func (m *model) step() {
	m.clock++
	switch rapid.SampledFrom([]string{"send", "send", "end", "end", "end", "both", "submit", "open job", "results", "results", "finish", "reopen", "read", "forget", "prune"}).Draw(m.T, "step") {
	case "submit":
		m.submit()
	case "open job":
		m.openJob()
	case "results":
		m.results()
	case "send":
		m.commit(m.send(), nil)
	case "end":
		m.commit(nil, m.end())
	case "both":
		outcomes := m.end()
		m.commit(m.send(), outcomes)
	case "finish":
		if m.run != 0 && len(m.intents) == 0 && !m.hasSubmitted() {
			check(m, m.store.Finish(m.Context(), m.run, "", 0))
			m.run = 0
		}
	case "reopen":
		m.reopen()
	case "read":
		m.read()
	case "forget":
		m.erase(func() (ledger.Erased, error) {
			who := rapid.IntRange(0, persons/2-1).Draw(m.T, "who")
			m.remove(func(e *event) bool { return e.person/2 == who })
			m.forgetJobs(who)
			return m.store.Forget(m.Context(), contact.Contact{Email: fmt.Sprintf(" TWIN.%d@northwind.example", who)})
		})
	case "prune":
		m.erase(func() (ledger.Erased, error) {
			before := at(rapid.IntRange(0, m.clock).Draw(m.T, "before"))
			m.remove(func(e *event) bool { return e.at.Before(before) && (e.job == nil || e.job.state.IsEnd()) })
			return m.store.Prune(m.Context(), before)
		})
	}
}

// send returns some persons that have no open intent. Those that are in a job will not be claimed.
func (m *model) send() (sent []int) {
	for range rapid.IntRange(1, 4).Draw(m.T, "sent") {
		if n := rapid.IntRange(0, persons-1).Draw(m.T, "person"); !m.open[n] && !slices.Contains(sent, n) {
			sent = append(sent, n)
		}
	}
	return sent
}

// end returns outcomes of some of the open intents.
func (m *model) end() (outcomes []contact.Outcome) {
	for range rapid.IntRange(0, len(m.intents)).Draw(m.T, "ended") {
		i := rapid.IntRange(0, len(m.intents)-1).Draw(m.T, "which")
		n := m.intents[i]
		m.intents = slices.Delete(m.intents, i, i+1)
		delete(m.open, n)
		kind := contact.Kind(rapid.IntRange(1, 5).Draw(m.T, "kind"))
		clock := m.clock - rapid.IntRange(0, 3).Draw(m.T, "late")
		m.last = max(m.last, clock)
		outcomes = append(outcomes, m.outcome(n, kind, clock, nil))
	}
	return outcomes
}

// outcome adds an event and returns its outcome.
func (m *model) outcome(n int, kind contact.Kind, clock int, job *modelJob) contact.Outcome {
	e := event{person: n, kind: kind, at: at(clock), job: job}
	p := twin(n)
	o := contact.Outcome{Contact: p.Contact, Keys: p.Keys, Kind: kind, At: e.at, Attempts: 1}
	if kind.Answered() {
		e.body = fmt.Sprintf(`{"contact":{"n":%d}}`, len(m.events))
		o.Body = []byte(e.body)
	}
	m.events = append(m.events, e)
	return o
}

// begin begins a run if there is none, and says that the last events are the run's.
func (m *model) begin(outcomes int) {
	if m.run == 0 {
		m.run = begin(m, m.store, ledger.Run{Started: at(m.clock), URL: URL, Input: "x", Version: "test"})
		m.last = max(m.clock, m.last)
		if outcomes == 0 {
			m.last = m.clock
		}
	}
	for i := len(m.events) - outcomes; i < len(m.events); i++ {
		m.events[i].run = m.run
	}
}

// remove removes events; their cost stays.
func (m *model) remove(which func(*event) bool) {
	m.events = slices.DeleteFunc(m.events, func(e event) bool {
		removed := which(&e)
		if removed && e.maybeCharged() {
			m.gone++
		}
		return removed
	})
}

func (m *model) commit(sent []int, outcomes []contact.Outcome) {
	m.begin(len(outcomes))
	intents := make([]ledger.Intent, 0, len(sent))
	expected := make([]bool, 0, len(sent))
	for _, n := range sent {
		claimed := !m.inJob(n, m.byEmail)
		if claimed {
			m.open[n] = true
			m.intents = append(m.intents, n)
		}
		intents, expected = append(intents, twin(n)), append(expected, claimed)
	}
	claimed, err := m.store.Commit(m.Context(), m.run, intents, outcomes)
	if err != nil || !slices.Equal(claimed, expected) {
		m.Fatalf("claimed %v, expected %v; %v", claimed, expected, err)
	}
}

// reopen closes the store or kills it, and opens it for writing: open intents are lost then.
func (m *model) reopen() {
	if m.store != nil {
		if rapid.Bool().Draw(m.T, "kill") {
			check(m, m.backend.Kill(m.store))
		} else {
			check(m, m.store.Close())
		}
	}
	m.byEmail = rapid.Bool().Draw(m.T, "by email")
	m.store = open(m, m.backend, Options{ByEmail: m.byEmail})
	m.found = m.intents
	for _, n := range m.intents {
		m.events = append(m.events, event{person: n, kind: contact.Lost, at: at(m.last), run: m.run})
	}
	m.loseJobs()
	m.run, m.intents, m.open, m.before = 0, nil, map[int]bool{}, len(m.events)
}

// read opens the ledger for reading, beside the store that writes.
func (m *model) read() {
	byEmail := rapid.Bool().Draw(m.T, "by email")
	s := open(m, m.backend, Options{ReadOnly: true, ByEmail: byEmail})
	found := m.found
	m.found = nil // there is a living run
	m.check(s, byEmail, false)
	m.found = found
	check(m, s.Close())
}

// erase opens the store before and after: no run may be in progress, and nothing is accepted afterwards.
func (m *model) erase(do func() (ledger.Erased, error)) {
	m.reopen()
	before, waiting := len(m.events), m.pending()
	n, err := do()
	check(m, err)
	gone, left := before-len(m.events), waiting-m.pending()
	if n.Answers+n.Others != int64(gone) || n.InJobs != left || gone == 0 && left == 0 && n != (ledger.Erased{}) {
		m.Fatalf("removed %+v, expected %d outcomes and %d contacts of jobs", n, gone, left)
	}
	m.reopen()
}

// expected returns the state of a person and the body of its answer, by the rules. writer says whether the state is that of the
// store that writes.
func (m *model) expected(n int, byEmail, writer bool) (s ledger.State, body string) {
	for i, e := range m.events {
		sameAddress := e.person/2 == n/2
		if e.person != n && !(byEmail && sameAddress) {
			continue
		}
		s.DoneThisRun = s.DoneThisRun || writer && i >= m.before
		switch {
		case e.kind.Answered():
			s.Kind, s.At, s.Lost, body = e.kind, e.at, 0, e.body
		case e.kind == contact.Lost && s.Kind.Answered():
			s.Lost++
		case !s.Kind.Answered():
			s.Kind, s.At = e.kind, e.at
			if e.kind == contact.Lost {
				s.Lost++
			}
		}
	}
	s.Lost = min(s.Lost, 15)
	s.InJob = m.inJob(n, byEmail)
	return s, body
}

// claimed reports whether a person has an open intent, or another person of the address if contacts are addresses.
func (m *model) claimed(n int, byEmail bool) bool { return m.open[n] || byEmail && m.open[n^1] }

func (m *model) check(s ledger.Store, byEmail, writer bool) {
	answered := map[int]bool{}
	for n := range persons {
		expected, body := m.expected(n, byEmail, writer)
		got := State(m, s, twin(n).Keys)
		ref := got.Ref
		if !writer && m.claimed(n, byEmail) { // by the store that writes, if the reader can tell
			got.ClaimedElsewhere = false
		}
		if got.Ref = 0; got != expected {
			m.Fatalf("person %d is %+v, expected %+v; %+v", n, got, expected, m.events)
		}
		if expected.Kind.Answered() {
			answered[n/map[bool]int{true: 2, false: 1}[byEmail]] = true
		}
		if expected.Kind == 0 {
			continue
		}
		out := make([]contact.Outcome, 2)
		check(m, s.Outcomes(m.Context(), []ledger.Ref{ref, ref}, out))
		for _, o := range out {
			if o.Kind != expected.Kind || !o.At.Equal(expected.At) || string(o.Body) != body {
				m.Fatalf("person %d reads %+v, expected %+v %s", n, o, expected, body)
			}
		}
	}
	if got := s.Answers(); got != int64(len(answered)) {
		m.Fatalf("%d answers, expected %d", got, len(answered))
	}
	var found, expected []string
	for _, o := range s.InterruptedCalls() {
		found = append(found, o.Contact.FirstName)
	}
	for _, n := range m.found {
		expected = append(expected, twin(n).Contact.FirstName)
	}
	if !slices.Equal(found, expected) {
		m.Fatalf("found %v, expected %v", found, expected)
	}
	m.checkAddresses(s, writer)
	m.checkJobs(s)
	m.checkRecords(s)
}

// checkRecords reads the whole ledger.
func (m *model) checkRecords(s ledger.Store) {
	i, last := 0, int64(0)
	err := s.Each(m.Context(), func(r *ledger.Record) error {
		if i >= len(m.events) {
			return fmt.Errorf("outcome %d is too many", r.ID)
		}
		e := m.events[i]
		if r.ID <= last || r.Kind != e.kind || r.Run != e.run || !r.At.Equal(e.at) || r.Contact != twin(e.person).Contact || string(r.Body) != e.body {
			return fmt.Errorf("outcome %d is %+v, expected %+v", r.ID, r, e)
		}
		i, last = i+1, r.ID
		return nil
	})
	if err != nil || i != len(m.events) {
		m.Fatalf("%d outcomes, expected %d; %v", i, len(m.events), err)
	}
	if v := Valid(m, s); v.Outcomes != int64(i) {
		m.Fatalf("verify: %+v", v)
	}
}
