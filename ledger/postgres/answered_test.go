package postgres_test

import (
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// again returns an outcome of a contact with the address of the n-th person, under another name.
func again(n int, kind contact.Kind) contact.Outcome {
	o := ledgertest.Outcome(n, kind)
	o.Contact.FirstName = "Bea"
	o.Keys = ledgertest.Identity.Keys(o.Contact)
	return o
}

// Addresses are answered if their latest answer is fresh, under whatever other fields; those of a run if they were before it.
func TestAnsweredAddresses(t *testing.T) {
	l := open(t, postgres.Options{URL: newLedger(t)})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(0, contact.Matched), ledgertest.Outcome(1, contact.NoMatch), ledgertest.Outcome(2, contact.Lost))
	ledgertest.Commit(t, l, run, nil, again(3, contact.Matched))
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(3, contact.NoMatch), ledgertest.Outcome(0, contact.Refused))
	check(t, l.Finish(t.Context(), run, "", 0))
	var addresses []contact.Key
	for n := range 5 {
		addresses = append(addresses, ledgertest.Person(n).Keys.Email)
	}
	run = ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, nil, again(0, contact.Matched), again(1, contact.Released), again(2, contact.Matched), again(4, contact.Matched))
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(4, contact.Matched))
	at := func(n int) time.Time { return ledgertest.Noon.Add(time.Duration(n) * time.Second) }
	for _, tt := range []struct {
		fresh   ledger.Fresh
		all, of int64
	}{
		{ledger.Fresh{}, 5, 1},
		{ledger.Fresh{NoMatch: at(2)}, 4, 1},
		{ledger.Fresh{Match: at(0), NoMatch: at(4)}, 3, 1},
		{ledger.Fresh{Match: at(1)}, 4, 0},
	} {
		if n, err := l.AnsweredAddresses(t.Context(), addresses, tt.fresh); err != nil || n != tt.all {
			t.Errorf("%+v: %d addresses, expected %d; %v", tt.fresh, n, tt.all, err)
		}
		if n, err := l.AnsweredAddressesOf(t.Context(), run, tt.fresh); err != nil || n != tt.of {
			t.Errorf("%+v: %d addresses of the run, expected %d; %v", tt.fresh, n, tt.of, err)
		}
	}
	if n, err := l.AnsweredAddresses(t.Context(), []contact.Key{addresses[0], addresses[0]}, ledger.Fresh{}); err != nil || n != 2 {
		t.Errorf("an address twice: %d, %v", n, err)
	}
}
