package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// isCommit reports whether a batch is the COMMIT of a transaction that takes several round trips.
func isCommit(b pgproxy.Batch) bool { return len(b.Statements) == 1 && b.Has("commit") && b.Commits }

// isInside reports whether a batch is in the middle of the transaction of a job.
func isInside(b pgproxy.Batch) bool {
	return !b.Commits && (b.Has("update enrich.job set") || b.Has("insert into enrich.intent") || b.Has("update enrich.job as j"))
}

// Every change of a job is made once, at whatever instant its connection breaks, and its result is known: afterwards the database is
// as if no connection had broken.
func TestAChangeOfAJobIsMadeOnceIfItsConnectionBreaks(t *testing.T) {
	expected := ""
	for _, test := range []struct {
		name   string
		when   func(pgproxy.Batch) bool
		action pgproxy.Action
		times  int
	}{
		{name: "never"},
		{"before the commit", isCommit, pgproxy.CutBefore, 1},
		{"after the commit", isCommit, pgproxy.CutAfter, 1},
		{"after the commit, three times", isCommit, pgproxy.CutAfter, 3},
		{"during the commit", isCommit, pgproxy.CutSent, 1},
		{"in the transaction", isInside, pgproxy.CutSent, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := changeJobs(t, test.when, test.action, test.times)
			if expected == "" {
				expected = got
			}
			if got != expected {
				t.Errorf("the database has\n%s\nexpected\n%s", got, expected)
			}
		})
	}
}

// changeJobs makes every change of jobs through a proxy that breaks the connection some times during each, and returns what is in
// the database then.
func changeJobs(t *testing.T, when func(pgproxy.Batch) bool, action pgproxy.Action, times int) string {
	url := newLedger(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	left := 0
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		if left == 0 || !when(b) {
			return pgproxy.Forward
		}
		left--
		return action
	})
	l, rival := open(t, postgres.Options{URL: proxy.URL(url)}), open(t, postgres.Options{URL: url})
	run, other := ledgertest.Begin(t, l), ledgertest.Begin(t, rival)
	claim(t, rival, other, ledgertest.Person(3))
	step := func(what string, do func() error) {
		t.Helper()
		left = times
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if left > 0 && times > 0 {
			t.Fatalf("%s: %d connections were not cut", what, left)
		}
		left = 0
	}
	var job, second int64
	commit := func(into *int64, expected []bool, persons ...int) func() error {
		return func() error {
			var intents []ledger.Intent
			for _, n := range persons {
				intents = append(intents, ledgertest.Person(n))
			}
			number, claimed, err := l.CommitJob(t.Context(), run, intents)
			if *into = number; err == nil && !slices.Equal(claimed, expected) {
				err = fmt.Errorf("claimed %v", claimed)
			}
			return err
		}
	}
	step("CommitJob", commit(&job, []bool{true, true, false, false, true}, 5, 1, 3, 1, 2))
	step("OpenJob", func() error { return l.OpenJob(t.Context(), job, "api-1", ledgertest.Noon) })
	step("CommitJob", commit(&second, []bool{false, true}, 2, 6))
	step("CommitResults", func() error {
		return l.CommitResults(t.Context(), run, second, []contact.Outcome{ledgertest.Outcome(6, contact.Refused)}, nil, ledger.JobRefused)
	})
	step("CommitResults", func() error {
		outcomes := []contact.Outcome{ledgertest.Outcome(5, contact.Matched), ledgertest.Outcome(2, contact.Lost)}
		return l.CommitResults(t.Context(), run, job, outcomes, [][]byte{[]byte("piece")}, "")
	})
	step("LeaveJob", func() error { return l.LeaveJob(t.Context(), run, job) })
	step("AdoptJob", func() error {
		adopted, err := l.AdoptJob(t.Context(), run, job)
		if err == nil && !adopted {
			err = fmt.Errorf("it was not adopted")
		}
		return err
	})
	if adopted, err := rival.AdoptJob(t.Context(), other, job); err != nil || adopted {
		t.Errorf("the other run has adopted the job: %v, %v", adopted, err)
	}
	// What one change left is what the next one expects.
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(8)})
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(8, contact.Matched))
	ledgertest.Commit(t, rival, other, nil, ledgertest.Outcome(3, contact.Matched))
	ledgertest.Valid(t, rival)
	return content(t, url)
}

// content returns what is in the tables of a ledger, without times that differ between two tests.
func content(t testing.TB, url string) string {
	var b strings.Builder
	for _, sql := range []string{
		"SELECT id, state, commits, open_from, outcomes FROM enrich.run ORDER BY id",
		"SELECT c.key, c.claim, c.kind, o.run, o.n, cardinality(c.lost) FROM enrich.contact AS c LEFT JOIN enrich.outcome AS o ON o.id = c.ref ORDER BY c.key",
		"SELECT run, commit, job, crc, refused FROM enrich.intent ORDER BY run, commit",
		"SELECT run, n, job, kind, crc FROM enrich.outcome ORDER BY id",
		"SELECT id, run, commit, poller, contacts, pending, raw, state, api_id FROM enrich.job ORDER BY id",
		"SELECT job, content FROM enrich.raw ORDER BY id",
	} {
		for _, row := range query(t, url, sql) {
			fmt.Fprintln(&b, row...)
		}
	}
	return b.String()
}

// A transaction that stops in its middle, because its process is stopped or its network is gone, does not keep the others from their
// jobs: the server ends it.
func TestAStoppedRunDoesNotHoldUpTheJobsOfOthers(t *testing.T) {
	url := newLedger(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	stopped := make(chan struct{})
	resume := make(chan struct{})
	proxy.OnBatch(func(ctx context.Context, b pgproxy.Batch) pgproxy.Action {
		if b.Has("insert into enrich.intent") && stopped != nil {
			close(stopped)
			stopped = nil
			select {
			case <-resume:
			case <-ctx.Done():
			}
		}
		return pgproxy.Forward
	})
	l, rival := open(t, postgres.Options{URL: proxy.URL(url)}), open(t, postgres.Options{URL: url})
	run, other := ledgertest.Begin(t, l), ledgertest.Begin(t, rival)
	wait := stopped
	done := make(chan error)
	go func() {
		job, claimed, err := l.CommitJob(context.Background(), run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)})
		if err == nil && (job != 2 || !slices.Equal(claimed, []bool{true, false})) {
			err = fmt.Errorf("job %d, claimed %v", job, claimed)
		}
		done <- err
	}()
	<-wait
	began := time.Now()
	job, claimed, err := rival.CommitJob(t.Context(), other, []ledger.Intent{ledgertest.Person(2)})
	if err != nil || job != 1 || !claimed[0] {
		t.Errorf("job %d, claimed %v, %v", job, claimed, err)
	}
	if waited := time.Since(began); waited > 20*time.Second {
		t.Errorf("the other run waited for %s", waited)
	}
	close(resume)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ledgertest.Valid(t, rival)
}
