package pipeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

func (t *team) contact(k contact.Key) *teamContact {
	c := t.contacts[k]
	if c == nil {
		c = &teamContact{}
		t.contacts[k] = c
	}
	return c
}

// record makes an outcome durable. by is nil if the run died.
func (t *team) record(by *teamRun, k contact.Key, o contact.Outcome) {
	t.outcomes = append(t.outcomes, o)
	c := t.contact(k)
	c.claim, c.last, c.lastKind = nil, by, o.Kind
	switch {
	case o.Kind == contact.Lost:
		c.state.Lost++
		t.lost[c.email]++
	case o.Kind.Answered():
		t.answered[c.email]++
	case o.Kind == contact.Refused:
		t.refuse(by, c.email)
	}
	if o.Kind.Answered() || !c.state.Kind.Answered() {
		c.state.Kind, c.state.Ref, c.state.At = o.Kind, ledger.Ref(len(t.outcomes)), o.At
	}
	if o.Kind.Answered() {
		c.state.Lost = 0
	}
}

// refuse checks that a contact is refused once in a work. The ledger keeps the latest outcome of a contact: a run that begins after
// another command was refused, too, does not know that its work was refused before.
func (t *team) refuse(by *teamRun, email string) {
	hidden := false
	for _, m := range slices.Backward(t.refused[email]) {
		hidden = hidden || m.work == nil || m.work != by.work
		if m == by || !hidden {
			t.report("%s was refused again, in run %d after run %d", email, by.ask.Run, m.ask.Run)
		}
	}
	t.refused[email] = append(t.refused[email], by)
}

func (m *teamRun) States(_ context.Context, keys []contact.Keys, states []ledger.State) error {
	time.Sleep(m.lookupTime)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errKilled
	}
	m.lookups += len(keys)
	for i, k := range keys {
		c := m.contact(k.Request)
		s := c.state
		s.ClaimedElsewhere = c.claim != nil && c.claim != m
		s.InJob = m.jobOf(k.Request) != nil
		s.DoneThisRun = c.last != nil && (c.last == m || m.work != nil && c.last.work == m.work && (c.lastKind.Answered() || c.lastKind == contact.Refused))
		states[i] = s
	}
	return nil
}

func (m *teamRun) Commit(_ context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) ([]bool, error) {
	m.mu.Lock()
	dead, d := m.dead, m.commit()
	m.mu.Unlock()
	if dead {
		return nil, errKilled
	}
	time.Sleep(d) // a run that is killed meanwhile has committed, and does not know it
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return nil, errKilled // the fence
	}
	if run != m.ask.Run {
		m.report("run %d commits as %d", m.ask.Run, run)
	}
	for i := range outcomes {
		o := &outcomes[i]
		if c := m.contact(o.Keys.Request); c.claim != m && c.last != m {
			m.report("run %d has an outcome of %s without a claim", m.ask.Run, o.Contact.Email)
		}
		o.Run = run
		m.record(m, o.Keys.Request, *o)
		if m.dead { // the run does not know it, and the run that takes it over reads it here
			m.reserved--
			m.budget.Settle(o, 0)
		}
	}
	claimed := make([]bool, len(intents))
	for i := range intents {
		claimed[i] = m.claim(&intents[i])
	}
	if m.dead {
		return nil, errKilled
	}
	return claimed, nil
}

// claim claims a contact whose state is the one because of which it is sent.
func (m *teamRun) claim(in *ledger.Intent) bool {
	c := m.contact(in.Keys.Request)
	if c.claim == m {
		m.report("%s has two open intents", in.Contact.Email)
	}
	if in.Seen == 0 {
		m.report("%s is claimed whatever its state is", in.Contact.Email)
	}
	if c.claim != nil || c.state.Version() != in.Seen || m.jobOf(in.Keys.Request) != nil {
		return false
	}
	c.email, c.claim = in.Contact.Email, m
	return true
}

func (m *teamRun) Outcomes(_ context.Context, refs []ledger.Ref, out []contact.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, ref := range refs {
		out[i] = m.outcomes[ref-1]
	}
	return nil
}

// write returns the rows of the write pass, as text.
func (m *teamRun) write(list ...string) (string, WriteResult) {
	out := &written{}
	source := &fakeSource{}
	for i, address := range list {
		source.rows = append(source.rows, reader.Row{Number: int64(i + 1), Line: int64(i + 2), Contact: contact.Contact{Email: address}})
	}
	w := Write{
		Rules: m.ask.Rules, Source: source, Ledger: m, Run: m.ask.Run, Runs: m.generation(),
		Results: resultSink{out}, Failures: failureSink{out}, Pending: pendingSink{out},
	}
	result, err := w.Do(context.Background())
	if err != nil {
		m.report("write: %v", err)
	}
	return strings.Join(out.lines, "\n"), result
}

// generation returns the runs of this run's work.
func (m *teamRun) generation() map[int64]bool {
	if m.work == nil {
		return nil
	}
	runs := map[int64]bool{}
	for _, other := range m.work.runs {
		runs[other.ask.Run] = true
	}
	return runs
}
