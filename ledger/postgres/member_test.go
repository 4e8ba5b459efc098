package postgres_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
	"enrich/ledger/postgres/member"
)

// fast are times of a lease for tests in which a run dies.
var fast = member.Timing{Renew: 20 * time.Millisecond, Valid: 500 * time.Millisecond, Patience: 2 * time.Second}

// beginMember begins a run of a work as a member.
func beginMember(t *testing.T, url string, r ledger.Run) (*postgres.Ledger, int64, *member.Member) {
	t.Helper()
	l := open(t, postgres.Options{URL: url, MaxElapsed: time.Minute})
	r.Started, r.URL, r.KeyTag, r.Timeout = ledgertest.Noon, ledgertest.URL, []byte("key"), 100*time.Millisecond
	run, err := l.Begin(t.Context(), r)
	check(t, err)
	m, err := l.Member(t.Context(), member.Options{Timing: fast, MaxElapsed: time.Minute})
	check(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return l, run, m
}

// A run that cannot reach the database is declared dead. Another run of its work reports its calls, and may send their contacts. When
// the run comes back, it is told; the answers that it has are recorded nevertheless, and it claims nothing.
func TestALostRunIsTakenOverAndItsLateAnswersAreRecorded(t *testing.T) {
	url := newLedger(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	work := ledger.Run{Work: ledger.Work{Input: [32]byte{1}}, MaxCalls: 10}
	lost, lostRun, lostMember := beginMember(t, proxy.URL(url), work)
	survivor, run, m := beginMember(t, url, work)
	for range 3 {
		if reached := lostMember.Budget().Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
	}
	ledgertest.Commit(t, lost, lostRun, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2), ledgertest.Person(3)})
	ledgertest.Commit(t, lost, lostRun, nil, ledgertest.Outcome(1, contact.Matched))
	proxy.Refuse()
	deadline := time.Now().Add(time.Minute)
	for len(m.Interrupted()) == 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	calls := m.Interrupted()
	slices.SortFunc(calls, func(a, b contact.Outcome) int { return strings.Compare(a.Contact.Email, b.Contact.Email) })
	if len(calls) != 2 || calls[0].Contact != ledgertest.Person(2).Contact || calls[1].Contact != ledgertest.Person(3).Contact || calls[0].Run != lostRun {
		t.Fatalf("calls of the dead run: %+v", calls)
	}
	if s := ledgertest.State(t, survivor, ledgertest.Person(2).Keys); s.Kind != contact.Lost || s.Lost != 1 || s.ClaimedElsewhere || s.DoneThisRun {
		t.Errorf("a lost contact: %+v", s)
	}
	ledgertest.Commit(t, survivor, run, []ledger.Intent{ledgertest.Person(2)})

	proxy.Accept()
	if err := lostMember.Lost(t.Context()); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("the lost run is told %v", err)
	}
	claimed, err := lost.Commit(t.Context(), lostRun, []ledger.Intent{ledgertest.Person(4)}, []contact.Outcome{ledgertest.Outcome(3, contact.Matched)})
	if len(claimed) > 0 && claimed[0] {
		t.Errorf("a run that was declared dead claims a contact: %v", err)
	}
	if s := ledgertest.State(t, survivor, ledgertest.Person(3).Keys); s.Kind != contact.Matched {
		t.Errorf("the late answer: %+v, %v", s, err)
	}
	check(t, lostMember.Close())
	check(t, m.Close())
	rows := query(t, url, "SELECT calls, (SELECT sum(granted_calls + granted_extra)::bigint FROM enrich.run) FROM enrich.work")
	if rows[0][0] != rows[0][1] {
		t.Errorf("the work has %v calls, its runs %v", rows[0][0], rows[0][1])
	}
	ledgertest.Commit(t, survivor, run, nil, ledgertest.Outcome(2, contact.NoMatch))
	check(t, survivor.Finish(t.Context(), run, "", 0))
}

// Ages count from the beginning of the work's generation, by the database's clock, for all of its runs.
func TestRunsOfAGenerationShareItsStart(t *testing.T) {
	url := newLedger(t)
	work := ledger.Run{Work: ledger.Work{Input: [32]byte{1}}}
	_, _, a := beginMember(t, url, work)
	_, _, b := beginMember(t, url, work)
	if !a.Started().Equal(b.Started()) || time.Since(a.Started()).Abs() > time.Minute || a.Started().Nanosecond()%1e6 != 0 {
		t.Errorf("started %v and %v", a.Started(), b.Started())
	}
	runs, err := b.Runs(t.Context())
	if err != nil || len(runs) != 2 {
		t.Errorf("runs %v, %v", runs, err)
	}
}
