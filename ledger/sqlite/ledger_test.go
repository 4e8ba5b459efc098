package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

var (
	identity = contact.NewIdentity("https://api.example", nil)
	noon     = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

const body = `{"contact":{"credit_charged":true,"first_name":"Ann","last_name":"Smith","email":"ann.smith@example.com","office_phone":"+18005551234","mobile_phone":"","location":{"country":"United States","state":"CA","zip_code":"94016"},"title":"VP Sales","job_level":"VP","department":"Sales","linkedin":"https://linkedin.com/in/ann","company":{"name":"Example","description":"Makes examples","website":"example.com"}},"remaining_credits":10}`

// person is the n-th contact of a test.
func person(n int) ledger.Intent {
	c := contact.Contact{Email: fmt.Sprintf("ann.smith.%d@northwind.example", n), FirstName: "Ann", LastName: "Smith"}
	return ledger.Intent{Contact: c, Keys: identity.Keys(c)}
}

// outcome is how asking the n-th contact ended.
func outcome(n int, kind contact.Kind) contact.Outcome {
	p := person(n)
	o := contact.Outcome{Contact: p.Contact, Keys: p.Keys, Kind: kind, At: noon.Add(time.Duration(n) * time.Second), Status: 200, Attempts: 1}
	switch kind {
	case contact.Matched, contact.NoMatch:
		o.Body, o.Charged = []byte(body), kind == contact.Matched
	case contact.Refused:
		o.Failure, o.Status, o.Message = contact.Rejected, 400, "no"
	case contact.Lost:
		o.Failure, o.Status, o.Message = contact.Exhausted, 0, "cut"
	}
	return o
}

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

func TestWhatIsCommittedIsThereAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "ledger.db")
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	kinds := []contact.Kind{contact.Matched, contact.NoMatch, contact.Refused, contact.Lost, contact.Released}
	for n, kind := range kinds {
		commit(t, l, run, []ledger.Intent{person(n)})
		commit(t, l, run, nil, outcome(n, kind))
	}
	if err := l.Finish(context.Background(), run, "", 0); err != nil {
		t.Fatal(err)
	}
	check := func(l *sqlite.Ledger) {
		t.Helper()
		if l.Answers() != 2 || len(l.Found()) != 0 {
			t.Errorf("%d answers, %d found", l.Answers(), len(l.Found()))
		}
		for n, kind := range kinds {
			s := stateOf(l, person(n).Keys)
			if s.Kind != kind || (kind == contact.Lost) != (s.Lost == 1) {
				t.Errorf("%s: got %+v", kind, s)
			}
			want := outcome(n, kind)
			out := make([]contact.Outcome, 1)
			if err := l.Outcomes(context.Background(), []ledger.Ref{s.Ref}, out); err != nil {
				t.Fatal(err)
			}
			want.Contact, want.Keys, want.Run = contact.Contact{}, contact.Keys{}, run
			if got, want := fmt.Sprintf("%+v", out[0]), fmt.Sprintf("%+v", want); got != want {
				t.Errorf("%s: got %s\nwant %s", kind, got, want)
			}
		}
	}
	check(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, path, sqlite.Options{}))
	check(open(t, path, sqlite.Options{ReadOnly: true}))
}

func TestAnOpenIntentIsFoundOnceAndLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	commit(t, l, run, []ledger.Intent{person(1), person(2), person(3)})
	commit(t, l, run, []ledger.Intent{person(4)}, outcome(2, contact.Matched), outcome(3, contact.Lost))
	commit(t, l, run, []ledger.Intent{person(3)})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, o := range []sqlite.Options{{ReadOnly: true}, {}, {}, {ReadOnly: true}} {
		l := open(t, path, o)
		if s := stateOf(l, person(1).Keys); s.Kind != contact.Lost || s.Lost != 1 {
			t.Errorf("the open intent is %+v", s)
		}
		if s := stateOf(l, person(3).Keys); s.Lost != 2 {
			t.Errorf("the one that was lost before is %+v", s)
		}
		if s := stateOf(l, person(2).Keys); s.Kind != contact.Matched {
			t.Errorf("the answered one is %+v", s)
		}
		out := make([]contact.Outcome, 1)
		if err := l.Outcomes(context.Background(), []ledger.Ref{stateOf(l, person(4).Keys).Ref}, out); err != nil || out[0].Kind != contact.Lost || out[0].Message == "" {
			t.Errorf("%+v, %v", out[0], err)
		}
		t.Logf("%+v: found %d", o, len(l.Found()))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
