package postgres_test

import (
	"slices"
	"sync"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// claim commits intents and returns which were claimed.
func claim(t testing.TB, l *postgres.Ledger, run int64, intents ...ledger.Intent) []bool {
	t.Helper()
	claimed, err := l.Commit(t.Context(), run, intents, nil)
	check(t, err)
	return claimed
}

// seen returns the intent of a person, as it is sent because of the person's state.
func seen(t testing.TB, l *postgres.Ledger, n int) ledger.Intent {
	i := ledgertest.Person(n)
	s := ledgertest.State(t, l, i.Keys)
	i.Seen = s.Version()
	return i
}

// A contact whose state another run has changed since it was looked up is not claimed: it may have been answered.
func TestAContactIsClaimedInTheStateThatWasSeen(t *testing.T) {
	for _, kind := range []contact.Kind{contact.Matched, contact.NoMatch, contact.Refused, contact.Lost, contact.Released} {
		url := newLedger(t)
		a, b := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
		first, second := ledgertest.Begin(t, a), ledgertest.Begin(t, b)
		before := seen(t, b, 1)
		if got := claim(t, a, first, seen(t, a, 1)); !got[0] {
			t.Fatalf("%s: a new contact was not claimed", kind)
		}
		if got := claim(t, b, second, before); got[0] {
			t.Errorf("%s: a contact that another run is sending was claimed", kind)
		}
		ledgertest.Commit(t, a, first, nil, ledgertest.Outcome(1, kind))
		if got := claim(t, b, second, before, seen(t, b, 2)); got[0] || !got[1] {
			t.Errorf("%s: after another run's outcome: claimed %v", kind, got)
		}
		if got := claim(t, b, second, seen(t, b, 1)); !got[0] {
			t.Errorf("%s: in its present state it was not claimed", kind)
		}
		// The answer that was there when the contact was sent again stays the state until there is another one.
		if s := ledgertest.State(t, a, ledgertest.Person(1).Keys); s.Kind != kind || !s.ClaimedElsewhere || !s.DoneThisRun {
			t.Errorf("%s: %+v", kind, s)
		}
		ledgertest.Commit(t, b, second, nil, ledgertest.Outcome(1, contact.Refused), ledgertest.Outcome(2, contact.Matched))
		ledgertest.Valid(t, a)
	}
}

// An old answer is asked for again by one run only: the other has seen the state before the new answer.
func TestAnOldAnswerIsSentAgainOnce(t *testing.T) {
	url := newLedger(t)
	a, b := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
	first, second := ledgertest.Begin(t, a), ledgertest.Begin(t, b)
	ledgertest.Commit(t, a, first, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)})
	ledgertest.Commit(t, a, first, nil, ledgertest.Outcome(1, contact.Matched), ledgertest.Outcome(2, contact.Matched))
	before := []ledger.Intent{seen(t, b, 1), seen(t, b, 2)}
	if got := claim(t, a, first, seen(t, a, 1), seen(t, a, 2)); !got[0] || !got[1] {
		t.Fatalf("claimed %v", got)
	}
	ledgertest.Commit(t, a, first, nil, ledgertest.Outcome(1, contact.NoMatch), ledgertest.Outcome(2, contact.Lost))
	if got := claim(t, b, second, before...); got[0] || got[1] {
		t.Errorf("after a new answer and a lost call, the old states were claimed: %v", got)
	}
	if got := claim(t, b, second, seen(t, b, 1), seen(t, b, 2)); !got[0] || !got[1] {
		t.Errorf("in their present states: claimed %v", got)
	}
}

// Two runs that identify contacts by their address do not send one address at the same time, under whatever names.
func TestAnAddressIsClaimedOnce(t *testing.T) {
	url := newLedger(t)
	twin := func(name string) ledger.Intent {
		c := contact.Contact{Email: "ann@northwind.example", FirstName: name}
		return ledger.Intent{Contact: c, Keys: ledgertest.Identity.Keys(c), Seen: 1}
	}
	a, b := open(t, postgres.Options{URL: url, ByEmail: true}), open(t, postgres.Options{URL: url, ByEmail: true})
	first, second := ledgertest.Begin(t, a), ledgertest.Begin(t, b)
	if got := claim(t, a, first, twin("Ann")); !got[0] {
		t.Fatal("a new address was not claimed")
	}
	if got := claim(t, b, second, twin("Anna")); got[0] {
		t.Error("an address that another run is sending was claimed")
	}
	answer := ledgertest.Outcome(1, contact.Matched)
	answer.Contact, answer.Keys = twin("Ann").Contact, twin("Ann").Keys
	ledgertest.Commit(t, a, first, nil, answer)
	if got := claim(t, b, second, twin("Anna")); got[0] {
		t.Error("an address that was answered since it was looked up was claimed")
	}
	if s := ledgertest.State(t, b, twin("Anna").Keys); s.Kind != contact.Matched || s.DoneThisRun {
		t.Errorf("%+v", s)
	}
}

// Two runs that ask for the same contacts at the same time share them: each is claimed once, and nothing deadlocks.
func TestEachContactIsClaimedByOneOfManyRuns(t *testing.T) {
	const runs, contacts, group = 4, 400, 20
	url := newLedger(t)
	var mu sync.Mutex
	claims := map[int]int{}
	var wg sync.WaitGroup
	for r := range runs {
		l := open(t, postgres.Options{URL: url})
		run := ledgertest.Begin(t, l)
		wg.Go(func() {
			order := make([]int, contacts)
			for n := range order {
				order[n] = n
			}
			if r%2 == 1 {
				slices.Reverse(order)
			}
			var outcomes []contact.Outcome
			for part := range slices.Chunk(order, group) {
				var intents []ledger.Intent
				for _, n := range part {
					i := ledgertest.Person(n)
					i.Seen = 1
					intents = append(intents, i)
				}
				claimed, err := l.Commit(t.Context(), run, intents, outcomes)
				if err != nil {
					t.Error(err)
					return
				}
				outcomes = nil
				for i, n := range part {
					if claimed[i] {
						mu.Lock()
						claims[n]++
						mu.Unlock()
						outcomes = append(outcomes, ledgertest.Outcome(n, contact.Matched))
					}
				}
			}
			if _, err := l.Commit(t.Context(), run, nil, outcomes); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n := range contacts {
		if claims[n] != 1 {
			t.Errorf("contact %d was claimed %d times", n, claims[n])
		}
	}
	if rows := query(t, url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); rows[0][0].(int64) != 0 {
		t.Errorf("%v deadlocks", rows[0][0])
	}
	l := open(t, postgres.Options{URL: url, ReadOnly: true})
	if v := ledgertest.Valid(t, l); v.Outcomes != contacts || v.Intents != contacts {
		t.Errorf("%+v", v)
	}
	if n := l.Answers(); n != contacts {
		t.Errorf("%d answers", n)
	}
}
