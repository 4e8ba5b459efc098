package ledgertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
)

var kinds = []contact.Kind{contact.Matched, contact.NoMatch, contact.Refused, contact.Lost, contact.Released}

func testCommit(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	for n, kind := range kinds {
		Commit(t, s, run, []ledger.Intent{Person(n)})
		Commit(t, s, run, nil, Outcome(n, kind))
	}
	read := func(s ledger.Store) {
		t.Helper()
		if s.Answers() != 2 || len(s.InterruptedCalls()) != 0 {
			t.Errorf("%d answers, %d found", s.Answers(), len(s.InterruptedCalls()))
		}
		for n, kind := range kinds {
			state := State(t, s, Person(n).Keys)
			expected := Outcome(n, kind)
			if state.Kind != kind || !state.At.Equal(expected.At) || (kind == contact.Lost) != (state.Lost == 1) {
				t.Errorf("%s: state %+v", kind, state)
			}
			expected.Contact, expected.Keys, expected.Run = contact.Contact{}, contact.Keys{}, run
			if got, expected := fmt.Sprintf("%+v", outcomeAt(t, s, state.Ref)), fmt.Sprintf("%+v", expected); got != expected {
				t.Errorf("%s: got %s\nexpected %s", kind, got, expected)
			}
		}
	}
	read(s)
	check(t, s.CheckUnchanged(t.Context()))
	finish(t, s, run)
	for _, o := range []Options{{}, {ReadOnly: true}} {
		s := open(t, b, o)
		read(s)
		Valid(t, s)
		check(t, s.Close())
	}
}

// A contact that another process is sending is not sent: the ledger is locked, or the claim fails and the state says so.
func testClaims(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	Commit(t, s, run, nil)
	Commit(t, s, run, []ledger.Intent{Person(1), Person(2)}, Outcome(9, contact.Matched))
	if other, err := b.Open(t.Context(), Options{}); err == nil {
		second := Begin(t, other)
		claimed, err := other.Commit(t.Context(), second, []ledger.Intent{Person(1), Person(3)}, nil)
		if err != nil || len(claimed) != 2 || claimed[0] || !claimed[1] {
			t.Errorf("claimed %v, %v", claimed, err)
		}
		if state := State(t, other, Person(1).Keys); !state.ClaimedElsewhere || state.Kind != 0 {
			t.Errorf("a contact that another process is sending: %+v", state)
		}
		Commit(t, other, second, nil, Outcome(3, contact.Matched))
		finish(t, other, second)
	} else if !errors.Is(err, ledger.ErrLocked) {
		t.Error(err)
	}
	Commit(t, s, run, nil, Outcome(1, contact.Lost), Outcome(2, contact.Matched))
	Commit(t, s, run, []ledger.Intent{Person(1)}) // again
	Commit(t, s, run, nil, Outcome(1, contact.Matched))
	finish(t, s, run)
}

func testStateFields(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, byEmail := range []bool{false, true} {
		b := newBackend(t)
		other := Person(0)
		other.Contact.FirstName = "Bea" // under the same address
		other.Keys = Identity.Keys(other.Contact)
		s := open(t, b, Options{ByEmail: byEmail})
		run := Begin(t, s)
		Commit(t, s, run, []ledger.Intent{Person(0), Person(1)})
		if state := State(t, s, Person(0).Keys); state != (ledger.State{}) {
			t.Errorf("an open intent: %+v", state)
		}
		Commit(t, s, run, nil, Outcome(0, contact.Matched), Outcome(1, contact.Released))
		if state := State(t, s, Person(0).Keys); !state.DoneThisRun {
			t.Errorf("answered: %+v", state)
		}
		if state := State(t, s, other.Keys); state.DoneThisRun != byEmail || (state.Kind != 0) != byEmail {
			t.Errorf("another contact of the address: %+v", state)
		}
		if state := State(t, s, Person(1).Keys); !state.DoneThisRun {
			t.Errorf("released: %+v", state)
		}
		finish(t, s, run)
		s = open(t, b, Options{ByEmail: byEmail})
		run = Begin(t, s)
		if state := State(t, s, Person(0).Keys); state.DoneThisRun {
			t.Errorf("in the next run: %+v", state)
		}
		Commit(t, s, run, []ledger.Intent{Person(0)}, Outcome(0, contact.Lost))
		if state := State(t, s, Person(0).Keys); !state.DoneThisRun || state.Kind != contact.Matched || state.Lost != 1 {
			t.Errorf("an answered contact whose next call was lost: %+v", state)
		}
		finish(t, s, run)
	}
}

func testBatches(t *testing.T, newBackend func(testing.TB) Backend) {
	const n = 300
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	intents, outcomes := make([]ledger.Intent, n), make([]contact.Outcome, n)
	for i := range n {
		intents[i], outcomes[i] = Person(i), Outcome(i, kinds[i%len(kinds)])
	}
	Commit(t, s, run, intents, outcomes...)
	keys := make([]contact.Keys, 0, 2*n+1) // backwards, every contact twice, and unknown ones
	for i := n; i >= 0; i-- {
		keys = append(keys, Person(i).Keys, Person(i).Keys)
	}
	states := make([]ledger.State, len(keys))
	states[0] = ledger.State{Lost: 7} // of an earlier lookup
	check(t, s.States(t.Context(), keys, states))
	var refs []ledger.Ref
	for i, state := range states {
		if person := n - i/2; person == n {
			if state != (ledger.State{}) {
				t.Errorf("an unknown contact: %+v", state)
			}
		} else if state.Kind != outcomes[person].Kind {
			t.Errorf("contact %d: %+v", person, state)
		} else {
			refs = append(refs, state.Ref)
		}
	}
	out := make([]contact.Outcome, len(refs))
	check(t, s.Outcomes(t.Context(), refs, out))
	for i := range out {
		if person := n - 1 - i/2; !out[i].At.Equal(outcomes[person].At) || out[i].Kind != outcomes[person].Kind {
			t.Errorf("contact %d: %+v", person, out[i])
		}
	}
	check(t, s.States(t.Context(), nil, nil))
	check(t, s.Outcomes(t.Context(), nil, nil))
	finish(t, s, run)
}

// However many large answers are read together, a bounded part of them is in memory, and each can be read alone.
func testBounds(t *testing.T, newBackend func(testing.TB) Backend) {
	const size, rows = 300_000, 40
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	refs, large := make([]ledger.Ref, rows), `{"contact":{"title":"`+strings.Repeat("t", size)+`"}}`
	for n := range rows {
		o := Outcome(n, contact.Matched)
		o.Body = []byte(large)
		Commit(t, s, run, []ledger.Intent{Person(n)}, o)
		refs[n] = State(t, s, o.Keys).Ref
	}
	out := make([]contact.Outcome, rows)
	for pass := range 2 { // the second one must not use the memory of the first for more
		check(t, s.Outcomes(t.Context(), refs, out))
		bytes, missing := 0, 0
		for n := range out {
			bytes += cap(out[n].Body)
			if out[n].Kind == 0 {
				missing++
			}
		}
		if bytes > 4<<20 || missing == 0 || missing == rows {
			t.Errorf("pass %d: %d bytes are in memory, and %d of %d answers are left out", pass, bytes, missing, rows)
		}
	}
	for n := range refs {
		if o := outcomeAt(t, s, refs[n]); o.Kind != contact.Matched || string(o.Body) != large {
			t.Errorf("answer %d: %v, %d bytes", n, o.Kind, len(o.Body))
		}
	}
	finish(t, s, run)
}

func testOrder(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	order := []int{7, 3, 9, 1, 3, 8}
	for i, n := range order {
		Commit(t, s, run, []ledger.Intent{Person(n)})
		Commit(t, s, run, nil, Outcome(n, kinds[i%len(kinds)]))
	}
	i, last := 0, int64(0)
	check(t, s.Each(t.Context(), func(r *ledger.Record) error {
		if n := order[i]; r.ID <= last || r.URL != URL || r.Run != run || r.Contact != Person(n).Contact || r.Kind != kinds[i%len(kinds)] {
			t.Errorf("record %d: %+v", i, r)
		}
		i, last = i+1, r.ID
		return nil
	}))
	if i != len(order) {
		t.Errorf("%d records", i)
	}
	enough := errors.New("enough")
	if err := s.Each(t.Context(), func(*ledger.Record) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
	finish(t, s, run)
}
