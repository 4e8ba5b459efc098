package ledgertest

import (
	"testing"

	"enrich/contact"
	"enrich/ledger"
)

// What a killed run was sending is lost: each call once, in the file and for those who only read, and none is reported twice.
func testOpenIntents(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, kill := range []bool{false, true} {
		b := newBackend(t)
		s := open(t, b, Options{})
		run := Begin(t, s)
		Commit(t, s, run, []ledger.Intent{Person(1), Person(2), Person(3)})
		Commit(t, s, run, []ledger.Intent{Person(4)}, Outcome(2, contact.Matched), Outcome(3, contact.Lost))
		Commit(t, s, run, []ledger.Intent{Person(3)})
		if kill {
			check(t, b.Kill(s))
		} else {
			check(t, s.Close())
		}
		found := []int{3, 3, 0, 0} // a reader changes nothing; the next run records them
		for i, o := range []Options{{ReadOnly: true}, {}, {}, {ReadOnly: true}} {
			s := open(t, b, o)
			if state := State(t, s, Person(1).Keys); state.Kind != contact.Lost || state.Lost != 1 {
				t.Errorf("%+v: the open intent: %+v", o, state)
			}
			if state := State(t, s, Person(3).Keys); state.Lost != 2 {
				t.Errorf("%+v: the one that was lost before: %+v", o, state)
			}
			if state := State(t, s, Person(2).Keys); state.Kind != contact.Matched {
				t.Errorf("%+v: the answered one: %+v", o, state)
			}
			lost := outcomeAt(t, s, State(t, s, Person(4).Keys).Ref)
			if lost.Kind != contact.Lost || lost.Message == "" || lost.Run != run || !lost.At.Equal(Outcome(3, contact.Lost).At) {
				t.Errorf("%+v: the lost call: %+v", o, lost)
			}
			if len(s.InterruptedCalls()) != found[i] {
				t.Errorf("%+v: %d found, expected %d", o, len(s.InterruptedCalls()), found[i])
			}
			if found[i] > 0 && s.InterruptedCalls()[0].Contact != Person(1).Contact {
				t.Errorf("%+v: found %+v", o, s.InterruptedCalls())
			}
			Valid(t, s)
			check(t, s.Close())
		}
	}
}

func testLostCount(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	send := func(kind contact.Kind, lost int) {
		t.Helper()
		Commit(t, s, run, []ledger.Intent{Person(1)})
		Commit(t, s, run, nil, Outcome(1, kind))
		if state := State(t, s, Person(1).Keys); state.Lost != lost {
			t.Errorf("after %s: %+v, expected %d lost", kind, state, lost)
		}
	}
	for n := 1; n <= 20; n++ {
		send(contact.Lost, min(n, 15))
	}
	send(contact.Refused, 15)
	send(contact.Matched, 0)
	send(contact.Lost, 1)
	send(contact.Released, 1)
	finish(t, s, run)
	s = open(t, b, Options{ReadOnly: true})
	if state := State(t, s, Person(1).Keys); state.Lost != 1 || state.Kind != contact.Matched {
		t.Errorf("opened again: %+v", state)
	}
	check(t, s.Close())
}

// A reader sees what is committed, does not take the calls of a living run for lost, and writes nothing.
func testReader(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	empty := open(t, b, Options{ReadOnly: true})
	if stats, err := empty.Stats(t.Context()); err != nil || stats != (ledger.Stats{}) || empty.Answers() != 0 {
		t.Errorf("a ledger that does not exist: %+v, %v", stats, err)
	}
	check(t, empty.Close())
	s := open(t, b, Options{})
	run := Begin(t, s)
	Commit(t, s, run, []ledger.Intent{Person(1)}, Outcome(9, contact.Matched))
	r := open(t, b, Options{ReadOnly: true})
	if State(t, r, Person(9).Keys).Kind != contact.Matched || State(t, r, Person(1).Keys).Kind != 0 || len(r.InterruptedCalls()) != 0 {
		t.Errorf("beside a run: %+v, %+v", State(t, r, Person(1).Keys), r.InterruptedCalls())
	}
	check(t, r.CheckUnchanged(t.Context()))
	_, begun := r.Begin(t.Context(), ledger.Run{})
	_, committed := r.Commit(t.Context(), run, []ledger.Intent{Person(2)}, nil)
	_, pruned := r.Prune(t.Context(), Noon)
	_, forgot := r.Forget(t.Context(), Person(9).Contact)
	for what, err := range map[string]error{
		"begin": begun, "commit": committed, "prune": pruned, "forget": forgot, "finish": r.Finish(t.Context(), run, "", 0),
	} {
		if err == nil {
			t.Errorf("%s: a reader wrote", what)
		}
	}
	check(t, r.Close())
	Commit(t, s, run, nil, Outcome(1, contact.Matched))
	finish(t, s, run)
}
