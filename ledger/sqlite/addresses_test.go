package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// again returns a contact with the address of the n-th person, under another name, and its outcome.
func again(n int) (ledger.Intent, contact.Outcome) {
	p, o := person(n), outcome(n, contact.Matched)
	p.Contact.FirstName = "Bea"
	p.Keys = identity.Keys(p.Contact)
	o.Contact, o.Keys = p.Contact, p.Keys
	return p, o
}

// Many addresses are told apart, whether the tables grow or are read in parts.
func TestManyAddresses(t *testing.T) {
	const n, answered = 3000, 2000
	for name, o := range map[string]sqlite.Options{"one table": {}, "parts": sqlite.Options{}.Parts(500)} {
		t.Run(name, func(t *testing.T) {
			l := open(t, filepath.Join(t.TempDir(), "ledger.db"), o)
			first := begin(t, l)
			var outcomes []contact.Outcome
			for i := range answered {
				outcomes = append(outcomes, outcome(i, contact.NoMatch))
			}
			commit(t, l, first, nil, outcomes...)
			run := begin(t, l)
			var addresses []contact.Key
			outcomes = outcomes[:0]
			for i := range n {
				p, o := again(i)
				addresses, outcomes = append(addresses, p.Keys.Email), append(outcomes, o)
			}
			if found, err := l.AnsweredAddresses(t.Context(), addresses, ledger.Fresh{}); err != nil || found != answered {
				t.Errorf("%d addresses are answered, %v", found, err)
			}
			commit(t, l, run, nil, outcomes...)
			if found, err := l.AnsweredAddressesOf(t.Context(), run, ledger.Fresh{}); err != nil || found != answered {
				t.Errorf("%d addresses of the run are answered, %v", found, err)
			}
			if found, err := l.AnsweredAddressesOf(t.Context(), first, ledger.Fresh{}); err != nil || found != 0 {
				t.Errorf("%d addresses of the first run are answered, %v", found, err)
			}
		})
	}
}

// A ledger that does not exist has no answers; nothing is counted in one that is damaged, or when nobody waits any more.
func TestAddressesOfALedgerThatCannotBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	address := []contact.Key{person(1).Keys.Email}
	none := open(t, path, sqlite.Options{ReadOnly: true})
	if n, err := none.AnsweredAddresses(t.Context(), address, ledger.Fresh{}); n != 0 || err != nil {
		t.Errorf("no ledger: %d, %v", n, err)
	}
	l := open(t, path, sqlite.Options{})
	commit(t, l, begin(t, l), nil, outcome(1, contact.Matched))
	run := begin(t, l)
	_, o := again(1)
	commit(t, l, run, nil, o)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := l.AnsweredAddressesOf(over, run, ledger.Fresh{}); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %d, %v", n, err)
	}
	foreign(t, path, "UPDATE ended SET keys = zeroblob(length(keys)) WHERE id = (SELECT min(id) FROM ended)")
	if n, err := l.AnsweredAddresses(t.Context(), address, ledger.Fresh{}); n != 0 || !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("damaged: %d, %v", n, err)
	}
	if n, err := l.AnsweredAddressesOf(t.Context(), run, ledger.Fresh{}); n != 0 || !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("damaged: %d, %v", n, err)
	}
}
