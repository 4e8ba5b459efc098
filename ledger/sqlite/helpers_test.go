package sqlite_test

import (
	"context"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/sqlite"
)

// The persons and outcomes of the conformance tests are those of the other tests too.
var (
	identity = ledgertest.Identity
	noon     = ledgertest.Noon
	person   = ledgertest.Person
	outcome  = ledgertest.Outcome
)

const body = ledgertest.Body

// A fataler is a test, or one of rapid's.
type fataler interface {
	Helper()
	Fatal(...any)
}

func open(t testing.TB, path string, o sqlite.Options) *sqlite.Ledger {
	t.Helper()
	l, err := sqlite.Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func begin(t fataler, l *sqlite.Ledger) int64 {
	t.Helper()
	run, err := l.Begin(context.Background(), ledger.Run{Started: noon, URL: "https://api.example", Input: "leads.csv", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func commit(t fataler, l *sqlite.Ledger, run int64, intents []ledger.Intent, outcomes ...contact.Outcome) {
	t.Helper()
	if err := tryCommit(l, run, intents, outcomes); err != nil {
		t.Fatal(err)
	}
}

func tryCommit(l *sqlite.Ledger, run int64, intents []ledger.Intent, outcomes []contact.Outcome) error {
	_, err := l.Commit(context.Background(), run, intents, outcomes)
	return err
}

// stateOf looks one contact up.
func stateOf(l *sqlite.Ledger, k contact.Keys) ledger.State {
	var s [1]ledger.State
	if err := l.States(context.Background(), []contact.Keys{k}, s[:]); err != nil {
		panic(err)
	}
	return s[0]
}
