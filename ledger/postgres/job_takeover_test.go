package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// persons returns the intents of some persons.
func persons(numbers ...int) (intents []ledger.Intent) {
	for _, n := range numbers {
		intents = append(intents, ledgertest.Person(n))
	}
	return intents
}

// submit commits a job, and opens it if it gets a name.
func submit(t testing.TB, l *postgres.Ledger, run int64, name string, numbers ...int) int64 {
	t.Helper()
	job, claimed, err := l.CommitJob(t.Context(), run, persons(numbers...))
	check(t, err)
	if slices.Contains(claimed, false) {
		t.Fatalf("claimed %v", claimed)
	}
	if name != "" {
		check(t, l.OpenJob(t.Context(), job, name, time.Time{}))
	}
	return job
}

func results(kind contact.Kind, numbers ...int) (outcomes []contact.Outcome) {
	for _, n := range numbers {
		outcomes = append(outcomes, ledgertest.Outcome(n, kind))
	}
	return outcomes
}

// dead presumes that some runs are dead.
func dead(url string, runs ...int64) postgres.Options {
	return postgres.Options{URL: url}.PresumeDead(func(run int64) bool { return slices.Contains(runs, run) })
}

// A run that was taken over and comes back submits nothing more. What it fetched is recorded, unless another run polls the job now.
func TestATakenOverRunAndItsJobs(t *testing.T) {
	url := newLedger(t)
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	submitted, opened := submit(t, l, run, "", 1, 2), submit(t, l, run, "api-2", 3, 4, 5)
	survivor := open(t, dead(url, run))
	if lost := survivor.InterruptedCalls(); len(lost) != 2 || lost[0].Run != run {
		t.Fatalf("lost are %+v", lost)
	}
	other := ledgertest.Begin(t, survivor)

	if job, claimed, err := l.CommitJob(t.Context(), run, persons(6, 1)); err != nil || job != 0 || !slices.Equal(claimed, []bool{false, false}) {
		t.Errorf("job %d, claimed %v, %v", job, claimed, err)
	}
	if err := l.OpenJob(t.Context(), submitted, "api-1", time.Time{}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("the name of a job that was lost: %v", err)
	}
	if adopted, err := l.AdoptJob(t.Context(), run, opened); err != nil || adopted {
		t.Errorf("it adopts: %v, %v", adopted, err)
	}
	check(t, l.CommitResults(t.Context(), run, opened, results(contact.Matched, 3), [][]byte{[]byte("late")}, ""))
	if adopted, err := survivor.AdoptJob(t.Context(), other, opened); err != nil || !adopted {
		t.Fatalf("the survivor has adopted: %v, %v", adopted, err)
	}
	if err := l.CommitResults(t.Context(), run, opened, results(contact.Matched, 4), nil, ""); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("results of a job that another run polls: %v", err)
	}
	check(t, survivor.CommitResults(t.Context(), other, opened, results(contact.Matched, 4, 5), nil, ledger.JobDone))
	if err := l.CommitResults(t.Context(), run, opened, results(contact.Matched, 5), nil, ""); err == nil {
		t.Error("results of a job that has ended were recorded")
	}
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(7, contact.Matched)) // the store goes on
	if v := ledgertest.Valid(t, survivor); v.Outcomes != 6 || v.Jobs != 2 {
		t.Errorf("%+v", v)
	}
}

// A job whose commit is not known to have succeeded was lost by a takeover when the commit is repeated: nothing of it may be sent.
func TestAJobThatIsLostBeforeItsCommitIsRepeated(t *testing.T) {
	url := newLedger(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	l := open(t, postgres.Options{URL: proxy.URL(url)})
	run := ledgertest.Begin(t, l)
	var survivor *postgres.Ledger
	cut := false
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		switch {
		case !cut && isCommit(b):
			cut = true
			return pgproxy.CutAfter
		case cut && survivor == nil:
			survivor = open(t, dead(url, run))
		}
		return pgproxy.Forward
	})
	job, claimed, err := l.CommitJob(t.Context(), run, persons(1, 2))
	if err != nil || job != 0 || !slices.Equal(claimed, []bool{false, false}) {
		t.Errorf("job %d, claimed %v, %v", job, claimed, err)
	}
	if survivor == nil || len(survivor.InterruptedCalls()) != 2 {
		t.Error("it was not taken over")
	}
	ledgertest.Valid(t, survivor)
}

// Of many runs that find a dead one at once, one reports its lost contacts, and one polls each of its open jobs.
func TestTheJobsOfADeadRunAreSharedByTheLiveOnes(t *testing.T) {
	const runs, jobs = 5, 6
	url := newLedger(t)
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	submit(t, l, run, "", 1, 2, 3)
	for n := range jobs {
		submit(t, l, run, fmt.Sprint("api-", n), 10+n)
	}
	l.Drop()
	var mu sync.Mutex
	var lost int
	adopted := map[int64]int{}
	var wg sync.WaitGroup
	for range runs {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), dead(url, run))
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Drop()
			mine, err := s.Begin(t.Context(), ledger.Run{Started: ledgertest.Noon, URL: ledgertest.URL})
			if err != nil {
				t.Error(err)
				return
			}
			found, err := s.OpenJobs(t.Context(), ledgertest.URL)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			lost += len(s.InterruptedCalls())
			mu.Unlock()
			for _, j := range found {
				got, err := s.AdoptJob(t.Context(), mine, j.Number)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if got {
					adopted[j.Number]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if lost != 3 {
		t.Errorf("%d lost contacts were reported", lost)
	}
	for n := range int64(jobs) {
		if adopted[n+2] != 1 {
			t.Errorf("%d runs have adopted job %d", adopted[n+2], n+2)
		}
	}
}

// A run that waits for another one's adoption sees who has adopted, also if that run began after the wait did.
func TestAJobIsAdoptedByOneRun(t *testing.T) {
	url := newLedger(t)
	l := open(t, postgres.Options{URL: url})
	job := submit(t, l, ledgertest.Begin(t, l), "api", 1)
	check(t, l.Close())
	slow := open(t, postgres.Options{URL: url})
	first := ledgertest.Begin(t, slow)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	check(t, err)
	defer func() { check(t, conn.Close(context.Background())) }()
	tx, err := conn.Begin(ctx)
	check(t, err)
	_, err = tx.Exec(ctx, "SELECT FROM enrich.job WHERE id = $1 FOR UPDATE", job)
	check(t, err)
	adopted := make(chan bool)
	go func() {
		got, err := slow.AdoptJob(ctx, first, job)
		if err != nil {
			t.Error(err)
		}
		adopted <- got
	}()
	for query(t, url, waitingForLocks)[0][0] == int64(0) {
		time.Sleep(time.Millisecond) // it is another process that waits
	}
	second := ledgertest.Begin(t, open(t, postgres.Options{URL: url}))
	_, err = tx.Exec(ctx, "UPDATE enrich.job SET poller = $2 WHERE id = $1", job, second)
	check(t, err)
	check(t, tx.Commit(ctx))
	if <-adopted {
		t.Error("the job has been adopted twice")
	}
}
