package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

// A budget counts what every run spent since a day began, also if its records were removed.
func testSpent(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	spent := func(when string, expected ...ledger.Spent) {
		t.Helper()
		for _, o := range []Options{{ReadOnly: true}, {}} {
			s := open(t, b, o)
			for i, e := range expected {
				if got, err := s.SpentSince(t.Context(), day(i+1)); err != nil || got != e {
					t.Errorf("%s, read only %v: since day %d %+v, %v; expected %+v", when, o.ReadOnly, i+1, got, err, e)
				}
			}
			check(t, s.Close())
		}
	}
	spendOnFourDays(t, b)
	expected := []ledger.Spent{{Charged: 3, MaybeCharged: 1}, {Charged: 2}, {Charged: 1}, {}}
	spent("at first", expected...)

	s := open(t, b, Options{})
	if n, err := s.Forget(t.Context(), Person(2).Contact); n == (ledger.Erased{}) || err != nil {
		t.Fatal(n, err)
	}
	check(t, s.Close())
	spent("after one was forgotten", expected...)
	for n := 1; n <= 4; n++ {
		s := open(t, b, Options{})
		_, err := s.Prune(t.Context(), day(n).Add(time.Second))
		check(t, err)
		check(t, s.Close())
		spent(fmt.Sprintf("pruned to day %d", n), expected...)
	}
}

// spendOnFourDays records the outcomes of four runs, the first of which begins before day 1.
func spendOnFourDays(t *testing.T, b Backend) {
	t.Helper()
	next := 0
	run := func(started time.Time, finished bool, outcomes ...contact.Outcome) {
		t.Helper()
		s := open(t, b, Options{})
		n := begin(t, s, ledger.Run{Started: started, URL: URL})
		for _, o := range outcomes {
			next++
			p := Person(next)
			o.Contact, o.Keys = p.Contact, p.Keys
			Commit(t, s, n, []ledger.Intent{p}, o)
		}
		if finished {
			check(t, s.Finish(t.Context(), n, "", 0))
		}
		check(t, s.Close())
	}
	at := func(when time.Time, kind contact.Kind, charged bool) contact.Outcome {
		o := contact.Outcome{Kind: kind, At: when, Attempts: 1, Charged: charged}
		if kind.Answered() {
			o.Status, o.Body = 200, []byte(`{"contact":{"credit_charged":false}}`)
		}
		return o
	}
	const minute = time.Minute
	run(day(1).Add(-minute), true, at(day(1).Add(-minute), contact.Matched, true), at(day(1), contact.Matched, true)) // over midnight
	run(day(1).Add(minute), false, at(day(1).Add(2*minute), contact.NoMatch, false), at(day(1).Add(3*minute), contact.Lost, false))
	run(day(2).Add(-minute), true, at(day(2).Add(-minute), contact.Refused, false), at(day(2).Add(minute), contact.NoMatch, true))
	run(day(3), true, at(day(3), contact.Matched, true))
}

// A no match that does not say that it was not charged may have been charged, also after it is removed.
func testUnknownCharge(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := begin(t, s, ledger.Run{Started: day(1), URL: URL})
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for i, body := range []string{
		`{"contact":{"credit_charged":false}}`, `{"contact":{"credit_charged":"false"}}`, `{"contact":{"credit_charged":0}}`, `{"contact":{"credit_charged":false,"x":` + deep + `}}`,
		`{"contact":{"credit_charged":"0"}}`, `{"contact":{"credit_charged":0.0}}`, `{"contact":{"credit_charged":-0}}`, `{"contact":{"credit_charged":0e5}}`,
		`{"contact":{"credit_charged":false,"credit_charged":null}}`, `{"contact":{"credit_charged":false},"contact":{"credit_charged":"no"}}`, `{}`, `{"contact":null}`, `{"contact":{}}`, `{"contact":{"credit_charged":null}}`, `{"contact":{"credit_charged":"no"}}`, `{"contact":{"credit_charged":[false]}}`,
		`{"remaining_credits":3}`,
	} {
		p := Person(i)
		Commit(t, s, run, []ledger.Intent{p}, contact.Outcome{
			Contact: p.Contact, Keys: p.Keys, Kind: contact.NoMatch, At: day(1), Status: 200, Body: []byte(body), ChargeUnknown: i >= 4,
		})
	}
	p := Person(100)
	Commit(t, s, run, []ledger.Intent{p}, contact.Outcome{Contact: p.Contact, Keys: p.Keys, Kind: contact.NoMatch, At: day(1), Status: 404, Body: []byte(`{}`)})
	check(t, s.Finish(t.Context(), run, "", 0))
	for range 2 {
		if got, err := s.SpentSince(t.Context(), day(1)); err != nil || got != (ledger.Spent{MaybeCharged: 13}) {
			t.Errorf("%+v, %v", got, err)
		}
		_, err := s.Prune(t.Context(), day(1).Add(time.Hour))
		check(t, err)
		check(t, s.Close())
		s = open(t, b, Options{})
	}
	Valid(t, s)
	check(t, s.Close())
}

// A 404 means no match only if the API has answered before.
func testAnsweredFrom(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	answered := func(expected ...string) {
		t.Helper()
		for _, url := range []string{"https://a", "https://b", "https://c"} {
			if got, err := s.AnsweredFrom(t.Context(), url); err != nil || got != slices.Contains(expected, url) {
				t.Errorf("%s: %t, %v", url, got, err)
			}
		}
	}
	answered()
	next := 0
	run := func(url string, outcomes ...contact.Outcome) {
		n := begin(t, s, ledger.Run{Started: day(1), URL: url})
		for _, o := range outcomes {
			next++
			p := Person(next)
			o.Contact, o.Keys, o.At = p.Contact, p.Keys, day(1)
			if o.Kind.Answered() {
				o.Body = []byte(`{"contact":{}}`)
			}
			Commit(t, s, n, []ledger.Intent{p}, o)
		}
		check(t, s.Finish(t.Context(), n, "", 0))
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
	_, err := s.Forget(t.Context(), Person(1).Contact)
	check(t, err)
	answered("https://c")
	check(t, s.Close())
}

func testStats(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	for n, kind := range []contact.Kind{1, 1, 2, 3, 4, 5, 5} {
		Commit(t, s, run, []ledger.Intent{Person(n)}, Outcome(n, kind))
	}
	Commit(t, s, run, []ledger.Intent{Person(0)}, Outcome(0, contact.Matched)) // again
	check(t, s.Finish(t.Context(), run, "", 0))
	got, err := s.Stats(t.Context())
	check(t, err)
	first, last := Outcome(0, 1).At, Outcome(6, 1).At
	if got.First == nil || got.Last == nil || !got.First.Equal(first) || !got.Last.Equal(last) || got.Bytes <= 0 || got.Version <= 0 {
		t.Errorf("%+v", got)
	}
	got.First, got.Last, got.Bytes, got.Version = nil, nil, 0, 0
	if expected := (ledger.Stats{Answers: 3, Matched: 3, NoMatch: 1, Refused: 1, Lost: 1, Released: 2, Credits: 3, Runs: 1}); got != expected {
		t.Errorf("%+v, expected %+v", got, expected)
	}
	check(t, s.Close())
}

// Verify finds records whose checksums are right but whose content is not, as a bug would make them.
func testVerify(t *testing.T, newBackend func(testing.TB) Backend) {
	for name, test := range map[string]struct {
		write   func(s ledger.Store, run int64)
		message string
	}{
		"nothing wrong": {func(s ledger.Store, run int64) { Commit(t, s, run, []ledger.Intent{Person(1)}, Outcome(1, 1)) }, ""},
		"an intent without an outcome": {func(s ledger.Store, run int64) {
			Commit(t, s, run, []ledger.Intent{Person(1), Person(2)})
			Commit(t, s, run, nil, Outcome(2, 1))
		}, `run 1: an intent has no outcome: {"email":"ann.smith.1@northwind.example"`},
		"an intent with another's key": {func(s ledger.Store, run int64) {
			Commit(t, s, run, []ledger.Intent{{Contact: Person(1).Contact, Keys: Person(2).Keys}})
			Commit(t, s, run, nil, Outcome(2, 1))
		}, "intent 1: key does not match contact"},
		"an outcome with another's key": {func(s ledger.Store, run int64) {
			o := Outcome(2, 1)
			o.Contact = Person(1).Contact
			Commit(t, s, run, []ledger.Intent{Person(2)})
			Commit(t, s, run, nil, o)
		}, "outcome 1: key does not match contact"},
	} {
		s := open(t, newBackend(t), Options{})
		run := Begin(t, s)
		test.write(s, run)
		check(t, s.Finish(t.Context(), run, "", 0))
		v, err := s.Verify(t.Context())
		check(t, err)
		if test.message == "" {
			if v.Problems != 0 || v.Intents != 1 || v.Outcomes != 1 {
				t.Errorf("%s: %+v", name, v)
			}
		} else if v.Problems != 1 || !strings.Contains(v.Messages[0], test.message) {
			t.Errorf("%s: %+v", name, v)
		}
		check(t, s.Close())
	}
}
