package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// A budget counts what every run spent since a day began, whatever became of the records.
func TestSpentSinceADay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	spent := func(when string, want ...ledger.Spent) {
		t.Helper()
		for _, o := range []sqlite.Options{{ReadOnly: true}, {}} {
			l := open(t, path, o)
			for i, w := range want {
				if got, err := l.SpentSince(context.Background(), day(i+1)); err != nil || got != w {
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
		l := open(t, path, sqlite.Options{})
		n, err := l.Begin(context.Background(), ledger.Run{Started: started, URL: "https://api.example"})
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
			if err := l.Finish(context.Background(), n, "", 0); err != nil {
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
			o.Status, o.Body = 200, []byte(`{"contact":{"credit_charged":false}}`)
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

	l := open(t, path, sqlite.Options{})
	if n, err := l.Forget(context.Background(), person(2).Contact); n == (ledger.Erased{}) || err != nil {
		t.Fatal(n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	spent("after one was forgotten", want...)
	for n := 1; n <= 4; n++ {
		l := open(t, path, sqlite.Options{})
		if _, err := l.Prune(context.Background(), day(n).Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		spent(fmt.Sprintf("pruned to day %d", n), want...)
	}
	l = open(t, path, sqlite.Options{})
	defer func() { _ = l.Close() }()
	sound(t, l)
}

// A no match that does not say that it was not charged may have been, also once it is gone.
func TestAnUnknownChargeIsSpent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	l := open(t, path, sqlite.Options{})
	run, err := l.Begin(context.Background(), ledger.Run{Started: day, URL: "https://api.example"})
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for i, body := range []string{
		`{"contact":{"credit_charged":false}}`, `{"contact":{"credit_charged":"false"}}`, `{"contact":{"credit_charged":0}}`, `{"contact":{"credit_charged":false,"x":` + deep + `}}`,
		`{"contact":{"credit_charged":"0"}}`, `{"contact":{"credit_charged":0.0}}`, `{"contact":{"credit_charged":-0}}`, `{"contact":{"credit_charged":0e5}}`,
		`{"contact":{"credit_charged":false,"credit_charged":null}}`, `{"contact":{"credit_charged":false},"contact":{"credit_charged":"no"}}`, `{}`, `{"contact":null}`, `{"contact":{}}`, `{"contact":{"credit_charged":null}}`, `{"contact":{"credit_charged":"no"}}`, `{"contact":{"credit_charged":[false]}}`,
		`{"remaining_credits":3}`,
	} {
		p := person(i)
		commit(t, l, run, []ledger.Intent{p}, contact.Outcome{
			Contact: p.Contact, Keys: p.Keys, Kind: contact.NoMatch, At: day, Status: 200, Body: []byte(body), ChargeUnknown: i >= 4,
		})
	}
	p := person(100)
	commit(t, l, run, []ledger.Intent{p}, contact.Outcome{Contact: p.Contact, Keys: p.Keys, Kind: contact.NoMatch, At: day, Status: 404, Body: []byte(`{}`)})
	if err := l.Finish(context.Background(), run, "", 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := l.SpentSince(context.Background(), day); err != nil || got != (ledger.Spent{Lost: 13}) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := l.Prune(context.Background(), day.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, path, sqlite.Options{})
	}
	sound(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// A 404 means no match only where an API has answered before.
func TestAnsweredFromAURL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	l := open(t, path, sqlite.Options{})
	defer func() { _ = l.Close() }()
	answered := func(want ...string) {
		t.Helper()
		for _, url := range []string{"https://a", "https://b", "https://c"} {
			if got, err := l.AnsweredFrom(context.Background(), url); err != nil || got != slices.Contains(want, url) {
				t.Errorf("%s: %t, %v", url, got, err)
			}
		}
	}
	answered()
	next := 0
	run := func(url string, outcomes ...contact.Outcome) {
		n, err := l.Begin(context.Background(), ledger.Run{Started: at, URL: url})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			next++
			p := person(next)
			o.Contact, o.Keys, o.At = p.Contact, p.Keys, at
			if o.Kind.Answered() {
				o.Body = []byte(`{"contact":{}}`)
			}
			commit(t, l, n, []ledger.Intent{p}, o)
		}
		if err := l.Finish(context.Background(), n, "", 0); err != nil {
			t.Fatal(err)
		}
	}
	answer, absent, lost := contact.Outcome{Kind: contact.Matched, Status: 200}, contact.Outcome{Kind: contact.NoMatch, Status: 404}, contact.Outcome{Kind: contact.Lost}
	run("https://a", answer, lost)
	run("https://c")
	answered("https://a")
	run("https://b", absent, lost)
	answered("https://a")
	run("https://c", lost, answer, lost)
	run("https://b")
	answered("https://a", "https://c")
	if _, err := l.Forget(t.Context(), person(1).Contact); err != nil {
		t.Fatal(err)
	}
	answered("https://c")
}
