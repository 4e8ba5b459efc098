package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// TestALedgerIsWhatASimpleListSays: random lives of a ledger, beside a list of what happened.
func TestALedgerIsWhatASimpleListSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		m := model{T: rt, path: filepath.Join(dir, "ledger.db"), open: map[int]bool{}}
		m.reopen()
		defer func() { _ = m.ledger.Close() }()
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			m.step()
			m.check(m.ledger, m.byEmail)
		}
	})
}

// A model is what a ledger should hold. Its persons are few, and two of them share an address.
type model struct {
	*rapid.T
	path    string
	ledger  *sqlite.Ledger
	byEmail bool
	run     int64 // 0: none
	events  []event
	intents []int // open ones, in order
	open    map[int]bool
	found   []int
	before  int // events before the ledger was opened
	clock   int
	last    int // the clock at the run's last outcome, or its start
}

type event struct {
	person int
	kind   contact.Kind
	at     int
	run    int64
	body   string
}

const persons = 12

// twin is the n-th person; 2k and 2k+1 have one address.
func twin(n int) ledger.Intent {
	c := contact.Contact{Email: fmt.Sprintf("twin.%d@northwind.example", n/2), FirstName: fmt.Sprint("Ann", n)}
	return ledger.Intent{Contact: c, Keys: identity.Keys(c)}
}

func at(clock int) time.Time { return noon.Add(time.Duration(clock) * time.Second) }

func (m *model) step() {
	m.clock++
	switch rapid.SampledFrom([]string{"ask", "ask", "answer", "answer", "answer", "both", "finish", "reopen", "look", "forget", "prune"}).Draw(m.T, "step") {
	case "ask":
		m.commit(m.ask(), nil)
	case "answer":
		m.commit(nil, m.answer())
	case "both":
		answered := m.answer()
		m.commit(m.ask(), answered)
	case "finish":
		if m.run != 0 && len(m.intents) == 0 {
			if err := m.ledger.Finish(context.Background(), m.run, "", 0); err != nil {
				m.Fatal(err)
			}
			m.run = 0
		}
	case "reopen":
		m.reopen()
	case "look":
		m.look()
	case "forget":
		m.erase(func() (ledger.Erased, error) {
			who := rapid.IntRange(0, persons/2-1).Draw(m.T, "who")
			m.events = slices.DeleteFunc(m.events, func(e event) bool { return e.person/2 == who })
			return m.ledger.Forget(context.Background(), contact.Contact{Email: fmt.Sprintf(" TWIN.%d@northwind.example", who)})
		})
	case "prune":
		m.erase(func() (ledger.Erased, error) {
			before := rapid.IntRange(0, m.clock).Draw(m.T, "before")
			m.events = slices.DeleteFunc(m.events, func(e event) bool { return e.at < before })
			return m.ledger.Prune(context.Background(), at(before))
		})
	}
}

// ask takes some persons that are not being asked.
func (m *model) ask() (intents []ledger.Intent) {
	for range rapid.IntRange(1, 4).Draw(m.T, "asked") {
		n := rapid.IntRange(0, persons-1).Draw(m.T, "person")
		if !m.open[n] {
			m.open[n] = true
			m.intents = append(m.intents, n)
			intents = append(intents, twin(n))
		}
	}
	return intents
}

// answer ends some of the open intents.
func (m *model) answer() (outcomes []contact.Outcome) {
	for range rapid.IntRange(0, len(m.intents)).Draw(m.T, "ended") {
		i := rapid.IntRange(0, len(m.intents)-1).Draw(m.T, "which")
		n := m.intents[i]
		m.intents = slices.Delete(m.intents, i, i+1)
		delete(m.open, n)
		kind := contact.Kind(rapid.IntRange(1, 5).Draw(m.T, "kind"))
		e := event{person: n, kind: kind, at: m.clock - rapid.IntRange(0, 3).Draw(m.T, "late")}
		p := twin(n)
		o := contact.Outcome{Contact: p.Contact, Keys: p.Keys, Kind: kind, At: at(e.at), Attempts: 1}
		if kind.Answered() {
			e.body = fmt.Sprintf(`{"contact":{"n":%d}}`, len(m.events))
			o.Body = []byte(e.body)
		}
		m.events = append(m.events, e)
		m.last = max(m.last, e.at)
		outcomes = append(outcomes, o)
	}
	return outcomes
}

func (m *model) commit(intents []ledger.Intent, outcomes []contact.Outcome) {
	if m.run == 0 {
		run, err := m.ledger.Begin(context.Background(), ledger.Run{Started: at(m.clock), URL: "https://api.example", Input: "x", Version: "test"})
		if err != nil {
			m.Fatal(err)
		}
		m.run, m.last = run, max(m.clock, m.last)
		if len(outcomes) == 0 {
			m.last = m.clock
		}
	}
	for i := len(m.events) - len(outcomes); i < len(m.events); i++ {
		m.events[i].run = m.run
	}
	if err := tryCommit(m.ledger, m.run, intents, outcomes); err != nil {
		m.Fatal(err)
	}
}

// reopen closes the ledger, and opens it to be written: what is open then is lost.
func (m *model) reopen() {
	if m.ledger != nil {
		if err := m.ledger.Close(); err != nil {
			m.Fatal(err)
		}
	}
	m.byEmail = rapid.Bool().Draw(m.T, "by email")
	l, err := sqlite.Open(context.Background(), m.path, sqlite.Options{ByEmail: m.byEmail, Addresses: true}.Tiny())
	if err != nil {
		m.Fatal(err)
	}
	m.found = m.intents
	for _, n := range m.intents {
		m.events = append(m.events, event{person: n, kind: contact.Lost, at: m.last, run: m.run})
	}
	m.ledger, m.run, m.intents, m.open, m.before = l, 0, nil, map[int]bool{}, len(m.events)
}

// look reads it beside whoever writes.
func (m *model) look() {
	byEmail := rapid.Bool().Draw(m.T, "by email")
	l, err := sqlite.Open(context.Background(), m.path, sqlite.Options{ReadOnly: true, ByEmail: byEmail})
	if err != nil {
		m.Fatal(err)
	}
	found := m.found
	m.found = nil // it sees a living run
	m.check(l, byEmail)
	m.found = found
	if err := l.Close(); err != nil {
		m.Fatal(err)
	}
}

// erase needs a ledger that no run is at, and is followed by an opening.
func (m *model) erase(do func() (ledger.Erased, error)) {
	m.reopen()
	before := len(m.events)
	n, err := do()
	if err != nil {
		m.Fatal(err)
	}
	if gone := before - len(m.events); n.Answers+n.Others != int64(gone) || gone == 0 && n != (ledger.Erased{}) {
		m.Fatalf("removed %+v, and %d outcomes should have been", n, gone)
	}
	m.reopen()
}

// want is what is known of a person, by the rules.
func (m *model) want(n int, byEmail, addresses bool) (s ledger.State, body string) {
	for _, e := range m.events {
		if e.person != n && !(byEmail && e.person/2 == n/2) {
			continue
		}
		switch {
		case e.kind.Answered():
			s, body = ledger.State{Kind: e.kind, At: at(e.at)}, e.body
		case e.kind == contact.Lost && !s.Kind.Answered():
			s = ledger.State{Kind: e.kind, At: at(e.at), Lost: s.Lost + 1}
		case e.kind == contact.Lost:
			s.Lost++
		case !s.Kind.Answered():
			s = ledger.State{Kind: e.kind, At: at(e.at), Lost: s.Lost}
		}
	}
	for i, e := range m.events {
		sameAddress := e.person/2 == n/2
		s.AddressAnswered = s.AddressAnswered || addresses && sameAddress && e.kind.Answered()
		s.ThisRun = s.ThisRun || addresses && i >= m.before && (e.person == n || byEmail && sameAddress)
	}
	s.Lost = min(s.Lost, 15)
	return s, body
}

func (m *model) check(l *sqlite.Ledger, byEmail bool) {
	answered := map[int]bool{}
	for n := range persons {
		want, body := m.want(n, byEmail, l == m.ledger)
		got := stateOf(l, twin(n).Keys)
		ref := got.Ref
		if got.Ref = 0; got != want {
			m.Fatalf("person %d is %+v, want %+v; %+v", n, got, want, m.events)
		}
		if want.Kind.Answered() {
			answered[n/map[bool]int{true: 2, false: 1}[byEmail]] = true
		}
		if want.Kind == 0 {
			continue
		}
		out := make([]contact.Outcome, 2)
		if err := l.Outcomes(context.Background(), []ledger.Ref{ref, ref}, out); err != nil {
			m.Fatal(err)
		}
		for _, o := range out {
			if o.Kind != want.Kind || !o.At.Equal(want.At) || string(o.Body) != body {
				m.Fatalf("person %d reads %+v, want %+v %s", n, o, want, body)
			}
		}
	}
	if got := l.Answers(); got != int64(len(answered)) {
		m.Fatalf("%d answers, want %d", got, len(answered))
	}
	var found []string
	for _, o := range l.Found() {
		found = append(found, o.Contact.FirstName)
	}
	var want []string
	for _, n := range m.found {
		want = append(want, twin(n).Contact.FirstName)
	}
	if strings.Join(found, " ") != strings.Join(want, " ") {
		m.Fatalf("found %v, want %v", found, want)
	}
	m.records(l)
}

// records looks at the whole file.
func (m *model) records(l *sqlite.Ledger) {
	i, last := 0, int64(0)
	err := l.Each(context.Background(), func(r *ledger.Record) error {
		if i >= len(m.events) {
			return fmt.Errorf("outcome %d is too much", r.ID)
		}
		e := m.events[i]
		if r.ID <= last || r.Kind != e.kind || r.Run != e.run || !r.At.Equal(at(e.at)) || r.Contact != twin(e.person).Contact || string(r.Body) != e.body {
			return fmt.Errorf("outcome %d is %+v, want %+v", r.ID, r, e)
		}
		i, last = i+1, r.ID
		return nil
	})
	if err != nil || i != len(m.events) {
		m.Fatalf("%d outcomes, want %d; %v", i, len(m.events), err)
	}
	if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 || v.Outcomes != int64(i) {
		m.Fatalf("verify: %+v, %v", v, err)
	}
}
