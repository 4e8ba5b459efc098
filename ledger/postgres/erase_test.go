package postgres_test

import (
	"bytes"
	"testing"

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
