package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// A budget counts what every run spent since a day began, whatever became of the records.
func TestSpentSinceADay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	spent := func(when string, want ...ledger.Spent) {
		t.Helper()
		for _, o := range []ledger.Options{{ReadOnly: true}, {}} {
			l := open(t, path, o)
			for i, w := range want {
				if got, err := l.SpentSince(day(i + 1)); err != nil || got != w {
					t.Errorf("%s, read only %v: since day %d %+v, %v; want %+v", when, o.ReadOnly, i+1, got, err, w)
				}
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := 0
	run := func(started time.Time, finish bool, outcomes ...contact.Outcome) {
		t.Helper()
		l := open(t, path, ledger.Options{})
		n, err := l.Begin(ledger.RunInfo{Started: started, URL: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			next++
			p := person(next)
			o.Contact, o.Keys = p.Contact, p.Keys
			commit(t, l, n, []ledger.Intent{p}, o)
		}
		if finish {
			if err := l.Finish(n, "", 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	at := func(when time.Time, kind contact.Kind, charged bool) contact.Outcome {
		o := contact.Outcome{Kind: kind, At: when, Attempts: 1, Charged: charged}
		if kind.Answered() {
			o.Body = []byte("{}")
		}
		return o
	}
	minute := time.Minute
	run(day(1).Add(-minute), true, at(day(1).Add(-minute), contact.Matched, true), at(day(1), contact.Matched, true)) // over midnight
	run(day(1).Add(minute), false, at(day(1).Add(2*minute), contact.NoMatch, false), at(day(1).Add(3*minute), contact.Lost, false))
	run(day(2).Add(-minute), true, at(day(2).Add(-minute), contact.Refused, false), at(day(2).Add(minute), contact.NoMatch, true))
	run(day(3), true, at(day(3), contact.Matched, true))
	want := []ledger.Spent{{Charged: 3, Lost: 1}, {Charged: 2}, {Charged: 1}, {}}
	spent("at first", want...)

	l := open(t, path, ledger.Options{})
	if n, err := l.Forget(context.Background(), person(2).Contact); n == (ledger.Erased{}) || err != nil {
		t.Fatal(n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	spent("after one was forgotten", want...)
	for n := 1; n <= 4; n++ {
		l := open(t, path, ledger.Options{})
		if _, err := l.Prune(context.Background(), day(n).Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		spent(fmt.Sprintf("pruned to day %d", n), want...)
	}
	l = open(t, path, ledger.Options{})
	defer func() { _ = l.Close() }()
	sound(t, l)
}
