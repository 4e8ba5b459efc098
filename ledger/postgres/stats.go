package postgres

import (
	"context"
	"fmt"
	"time"

	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
)

// planner makes the settings of a transaction that reads whole tables: those of the session are for lookups and short transactions.
const planner = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL plan_cache_mode = auto; " +
	"SET LOCAL idle_in_transaction_session_timeout = 0"

// scan reads whole tables as of one moment.
func (l *Ledger) scan(ctx context.Context, do func(context.Context, *connect.Conn) error) error {
	begin, end := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "+lockTables, "ROLLBACK"
	if l.options.ReadOnly { // the moment is that of the store's snapshot
		begin, end = "SAVEPOINT scan; ", "ROLLBACK TO SAVEPOINT scan; RELEASE SAVEPOINT scan"
	}
	return l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		err := l.warnIfLocked(func() error {
			_, err := c.PgConn().Exec(ctx, begin+planner).ReadAll()
			return err
		})
		if err != nil {
			return err
		}
		err = do(ctx, c)
		if _, eerr := c.PgConn().Exec(ctx, end).ReadAll(); err == nil {
			err = eerr
		}
		return err
	})
}

// answersTime bounds the count of answers.
const answersTime = time.Minute

// Answers returns how many contacts have an answer; -1 if the database cannot be asked.
func (l *Ledger) Answers() (n int64) {
	if l.version == 0 {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), answersTime)
	defer cancel()
	err := l.scan(ctx, func(ctx context.Context, tx *connect.Conn) (err error) {
		n, err = l.countAnswers(ctx, tx)
		return err
	})
	if err != nil {
		return -1
	}
	return n
}

func (l *Ledger) countAnswers(ctx context.Context, tx *connect.Conn) (n int64, err error) {
	query := "SELECT count(*) FROM enrich.contact WHERE kind IN (1, 2)"
	if l.options.ByEmail {
		query = "SELECT count(DISTINCT email) FROM enrich.contact WHERE kind IN (1, 2)"
	}
	return n, tx.QueryRow(ctx, query).Scan(&n)
}

// Stats counts what is in the ledger.
func (l *Ledger) Stats(ctx context.Context) (s ledger.Stats, err error) {
	if l.version == 0 {
		return s, nil
	}
	err = l.scan(ctx, func(ctx context.Context, tx *connect.Conn) error {
		s = ledger.Stats{Version: l.version}
		if s.Answers, err = l.countAnswers(ctx, tx); err != nil {
			return err
		}
		const outcomes = `SELECT count(*) FILTER (WHERE kind = 1), count(*) FILTER (WHERE kind = 2), count(*) FILTER (WHERE kind = 3),
			count(*) FILTER (WHERE kind = 4), count(*) FILTER (WHERE kind = 5), count(*) FILTER (WHERE charged = 1), min(at), max(at) FROM enrich.outcome`
		if err := tx.QueryRow(ctx, outcomes).Scan(&s.Matched, &s.NoMatch, &s.Refused, &s.Lost, &s.Released, &s.Credits, &s.First, &s.Last); err != nil {
			return err
		}
		for _, at := range []*time.Time{s.First, s.Last} {
			if at != nil {
				*at = at.UTC()
			}
		}
		const others = `SELECT (SELECT count(*) FROM enrich.run), count(*), count(*) FILTER (WHERE ended IS NULL), coalesce(sum(pending) FILTER (WHERE ended IS NULL), 0),
			coalesce(sum(raw), 0) FROM enrich.job`
		if err := tx.QueryRow(ctx, others).Scan(&s.Runs, &s.Jobs, &s.JobsOpen, &s.ContactsInOpenJobs, &s.RawResults); err != nil {
			return err
		}
		s.JobsOpen -= int64(len(l.unrecorded.jobs))
		s.ContactsInOpenJobs -= l.unrecorded.pending()
		const size = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relnamespace = 'enrich'::regnamespace AND relkind = 'r'"
		return tx.QueryRow(ctx, size).Scan(&s.Bytes)
	})
	if err != nil {
		return ledger.Stats{}, fmt.Errorf("count what is in the ledger: %w", err)
	}
	return s, nil
}
