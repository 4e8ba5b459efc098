package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// TestTheLedgerKnowsWhenSomethingWasRemoved: outputs older than that must be replaced, whatever they contain.
func TestTheLedgerKnowsWhenSomethingWasRemoved(t *testing.T) {
	forget := func(c contact.Contact) func(*sqlite.Ledger) error {
		return func(l *sqlite.Ledger) error { _, err := l.Forget(context.Background(), c); return err }
	}
	prune := func(before time.Time) func(*sqlite.Ledger) error {
		return func(l *sqlite.Ledger) error { _, err := l.Prune(context.Background(), before); return err }
	}
	for name, steps := range map[string][]struct {
		erase func(*sqlite.Ledger) error
		noted bool
	}{
		"forgotten":              {{forget(person(0).Contact), true}},
		"forgotten twice":        {{forget(person(0).Contact), true}, {forget(person(1).Contact), true}},
		"nobody was forgotten":   {{forget(contact.Contact{Email: "nobody@x.example"}), false}},
		"pruned":                 {{prune(noon.Add(time.Hour)), true}},
		"nothing was pruned":     {{prune(noon.Add(-time.Hour)), false}},
		"pruned, then forgotten": {{prune(noon.Add(2 * time.Second)), true}, {forget(person(3).Contact), true}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			makeSample(t, path, true)
			for _, step := range steps {
				l := open(t, path, sqlite.Options{})
				before := l.Removed()
				if err := errors.Join(step.erase(l), l.Close()); err != nil {
					t.Fatal(err)
				}
				for _, readOnly := range []bool{false, true} {
					l = open(t, path, sqlite.Options{ReadOnly: readOnly})
					if at := l.Removed(); at.After(before) != step.noted || step.noted && time.Since(at) > time.Hour {
						t.Errorf("removed at %s, before at %s", at, before)
					}
					sound(t, l)
					if err := l.Close(); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(2 * time.Millisecond) // the next erasure must not be of the same millisecond
			}
			l := open(t, path, sqlite.Options{}) // and it still takes answers
			commit(t, l, begin(t, l), []ledger.Intent{person(77)}, outcome(77, contact.Matched))
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			sound(t, open(t, path, sqlite.Options{}))
		})
	}
}
