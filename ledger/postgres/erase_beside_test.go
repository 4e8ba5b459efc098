package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// Those who read the ledger while it is rewritten see what was in it before or after, and not tables that seem empty.
func TestReadersBesideAnErasure(t *testing.T) {
	export := func(l *postgres.Ledger) (n int64, err error) {
		err = l.Export(t.Context(), func(e *ledger.Entry) error {
			if e.Outcome != nil {
				n++
			}
			return nil
		})
		return n, err
	}
	for name, read := range map[string]func(url string) (int64, error){
		"export of a store that was open": func(url string) (int64, error) {
			return export(open(t, postgres.Options{URL: url}))
		},
		"export of one that is opened to read": func(url string) (int64, error) {
			return export(open(t, postgres.Options{URL: url, ReadOnly: true, MustExist: true}))
		},
		"verify": func(url string) (int64, error) {
			v, err := open(t, postgres.Options{URL: url, ReadOnly: true, MustExist: true}).Verify(t.Context())
			return v.Outcomes, err
		},
		"stats": func(url string) (int64, error) {
			s, err := open(t, postgres.Options{URL: url}).Stats(t.Context())
			return s.Matched, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newLedger(t)
			l := open(t, postgres.Options{URL: url})
			run := ledgertest.Begin(t, l)
			ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)}, ledgertest.Outcome(1, contact.Matched), ledgertest.Outcome(2, contact.Matched))
			check(t, l.Finish(t.Context(), run, "", 0))
			check(t, l.Close())
			eraser, err := pgx.Connect(t.Context(), url)
			check(t, err)
			defer func() { check(t, eraser.Close(context.WithoutCancel(t.Context()))) }()
			_, err = eraser.Exec(t.Context(), "BEGIN; SELECT enrich.rewrite()")
			check(t, err)
			type result struct {
				n   int64
				err error
			}
			done := make(chan result, 1)
			go func() {
				n, err := read(url)
				done <- result{n, err}
			}()
			select {
			case r := <-done:
				t.Errorf("it did not wait: %+v", r)
			case <-time.After(time.Second): // the server has no clock that could be passed in
			}
			_, err = eraser.Exec(t.Context(), "COMMIT")
			check(t, err)
			if r := <-done; r.err != nil || r.n != 2 {
				t.Errorf("%d outcomes, %v", r.n, r.err)
			}
		})
	}
}

// A command that waits for an erasure says so, once.
func TestAWaitForAnErasureIsSaid(t *testing.T) {
	for name, do := range map[string]func(l *postgres.Ledger) error{
		"stats": func(l *postgres.Ledger) error { _, err := l.Stats(t.Context()); return err },
		"run": func(l *postgres.Ledger) error {
			_, err := l.Begin(t.Context(), ledger.Run{Started: ledgertest.Noon, URL: ledgertest.URL, Input: "leads.csv", Version: "test"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newLedger(t)
			said := make(chan string, 9)
			l := open(t, postgres.Options{URL: url, Warn: func(text string) { said <- text }})
			eraser, err := pgx.Connect(t.Context(), url)
			check(t, err)
			defer func() { check(t, eraser.Close(context.WithoutCancel(t.Context()))) }()
			_, err = eraser.Exec(t.Context(), "BEGIN; "+postgres.LockRuns+"; SELECT enrich.rewrite()")
			check(t, err)
			done := make(chan error, 1)
			go func() { done <- do(l) }()
			text := <-said
			_, err = eraser.Exec(t.Context(), "COMMIT")
			check(t, err)
			check(t, <-done)
			if !strings.HasPrefix(text, "waiting for another command") || len(said) > 0 {
				t.Errorf("%q, and %d more", text, len(said))
			}
		})
	}
}

// An erasure that the server rolls back because of a deadlock with somebody who reads is tried again.
func TestAnErasureSurvivesADeadlock(t *testing.T) {
	t.Parallel()
	url := newLedger(t)
	reader, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer func() { check(t, reader.Close(context.WithoutCancel(t.Context()))) }()
	// The server looks for a deadlock once, this long after a wait begins. On a busy machine a second is not enough for the reader to
	// wait, too; then the reader would be the one that is rolled back.
	_, err = reader.Exec(t.Context(), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = %L', current_database(), '5s'); END $$; SET deadlock_timeout = '1min'")
	check(t, err)
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)}, ledgertest.Outcome(1, contact.Matched), ledgertest.Outcome(2, contact.Matched))
	check(t, l.Finish(t.Context(), run, "", 0))
	_, err = reader.Exec(t.Context(), "BEGIN; LOCK TABLE enrich.intent IN ACCESS SHARE MODE")
	check(t, err)
	erased := make(chan error, 1)
	go func() {
		_, err := l.Forget(t.Context(), ledgertest.Person(1).Contact)
		erased <- err
	}()
	for waits := false; !waits; time.Sleep(time.Millisecond) { // the server has no clock that could be passed in
		const query = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'enrich.intent'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted)"
		check(t, reader.QueryRow(t.Context(), query).Scan(&waits))
	}
	var n int64
	check(t, reader.QueryRow(t.Context(), "SELECT count(*) FROM enrich.outcome").Scan(&n)) // until the erasure is rolled back
	_, err = reader.Exec(t.Context(), "COMMIT")
	check(t, err)
	check(t, <-erased)
	check(t, l.Close())
	if v := ledgertest.Valid(t, open(t, postgres.Options{URL: url})); n != 2 || v.Outcomes != 1 {
		t.Errorf("%d outcomes before, %+v", n, v)
	}
}
