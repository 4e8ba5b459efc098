package postgres_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// Nothing of a person who was forgotten is in the files of the tables.
func TestForgottenBytesAreGone(t *testing.T) {
	url := newLedger(t)
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	for n := range 3 {
		ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(n)}, ledgertest.Outcome(n, contact.Matched))
	}
	check(t, l.Finish(t.Context(), run, "", 0))
	forgotten, kept := ledgertest.Person(1), ledgertest.Person(2)
	contains := func(i ledger.Intent) (found bool) {
		query(t, url, "CHECKPOINT")
		for _, table := range []string{"outcome", "intent", "contact"} {
			data := query(t, url, "SELECT pg_read_binary_file(pg_relation_filepath($1::regclass))", "enrich."+table)[0][0].([]byte)
			found = found || bytes.Contains(data, []byte(i.Contact.Email)) || bytes.Contains(data, i.Keys.Request[:])
		}
		return found
	}
	if !contains(forgotten) {
		t.Fatal("the test does not find what is there")
	}
	if n, err := l.Forget(t.Context(), forgotten.Contact); err != nil || n.Answers != 1 {
		t.Fatal(n, err)
	}
	check(t, l.Close())
	if contains(forgotten) || !contains(kept) {
		t.Errorf("in the files: the forgotten person %t, another %t", contains(forgotten), contains(kept))
	}
}

// Nothing is removed beside a run. One that ended without a word is taken over first: nobody else need do that.
func TestForgetTakesOverWhatHasEnded(t *testing.T) {
	url := newLedger(t)
	crashed := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, crashed)
	ledgertest.Commit(t, crashed, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)}, ledgertest.Outcome(1, contact.Matched))
	if _, err := crashed.Forget(t.Context(), ledgertest.Person(1).Contact); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("by the run itself: %v", err)
	}
	crashed.Drop()
	var said []string
	options := postgres.Options{URL: url, Warn: func(text string) { said = append(said, text) }}.WithTiming(fast)
	l := open(t, options)
	if n, err := l.Forget(t.Context(), ledgertest.Person(1).Contact); err != nil || n.Answers != 1 {
		t.Errorf("%v %v", n, err)
	}
	if text := strings.Join(said, "\n"); !strings.Contains(text, "run 1 has not said") || !strings.Contains(text, "calls that are lost with it: 1") {
		t.Errorf("it said %q", said)
	}
	l = open(t, options)
	if s := ledgertest.State(t, l, ledgertest.Person(2).Keys); s.Kind != contact.Lost || s.Lost != 1 {
		t.Errorf("the call in flight: %+v", s)
	}
	beginMember(t, url, ledger.Run{})
	for what, erase := range map[string]func() (ledger.Erased, error){
		"forget": func() (ledger.Erased, error) { return l.Forget(t.Context(), ledgertest.Person(2).Contact) },
		"prune":  func() (ledger.Erased, error) { return l.Prune(t.Context(), time.Now().Add(time.Hour)) },
	} {
		if n, err := erase(); !errors.Is(err, ledger.ErrLocked) || n != (ledger.Erased{}) {
			t.Errorf("%s beside a run: %v %v", what, n, err)
		}
	}
}

// Runs that were killed are waited for together.
func TestForgetWaitsForAllAtOnce(t *testing.T) {
	url := newLedger(t)
	const runs = 15
	for n := range runs {
		crashed := open(t, postgres.Options{URL: url})
		ledgertest.Commit(t, crashed, ledgertest.Begin(t, crashed), []ledger.Intent{ledgertest.Person(n + 1)})
		crashed.Drop()
	}
	l := open(t, postgres.Options{URL: url}.WithTiming(fast))
	start := time.Now()
	if _, err := l.Forget(t.Context(), ledgertest.Person(1).Contact); err != nil {
		t.Error(err)
	}
	if since := time.Since(start); since > runs*fast.Patience { // as it would one after the other
		t.Errorf("it waited %s for %d runs", since, runs)
	}
}
