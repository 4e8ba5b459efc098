package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
)

// Forget removes every trace of one person, who is given by any of the fields: what was sent with all of them, every answer that
// returns all of them (the address may be anywhere in it), and everything else that was sent and answered for the same request.
// It returns what was removed. A contact that is forgotten is new: sent again, it costs again. If it is in an open job, its
// result will be dropped.
//
// Forget and [Ledger.Prune] are one transaction each, in which the tables are rewritten: afterwards nothing of what was removed
// is in their files. It is still in the server's write-ahead log, its archive and its backups until these expire. They need the
// role enrich_erase, and wait for those who read the ledger. A run that ended without a word is taken over first, which takes as
// long as for a run: its calls' timeout and 30 seconds without a sign of it. [ledger.ErrLocked] means that one is in progress.
// Afterwards the ledger accepts nothing more until it is opened again.
func (l *Ledger) Forget(ctx context.Context, who contact.Contact) (ledger.Erased, error) {
	filter := ledger.NewFilter(who)
	if filter.IsEmpty() { // it would match everyone
		return ledger.Erased{}, errors.New("forget: name at least one field")
	}
	return l.erase(ctx, func(ctx context.Context, e *erasure) error { return e.forget(ctx, &filter) })
}

// Prune removes what ended before a moment. Contacts whose answer was removed are new again. Jobs that have not ended stay as they
// are. It returns what was removed; the numbers of removed outcomes are not used again.
func (l *Ledger) Prune(ctx context.Context, before time.Time) (ledger.Erased, error) {
	return l.erase(ctx, func(ctx context.Context, e *erasure) error {
		e.before = before
		return e.prune(ctx)
	})
}

// An erasure is a Forget or a Prune in progress.
type erasure struct {
	tx      pgx.Tx
	conn    *connect.Conn
	removed ledger.Erased
	before  time.Time // of a Prune
	// requests are those that a Forget removes.
	requests map[contact.Key]struct{}
	// fromJobs are the jobs from which a Forget removes contacts.
	fromJobs map[int64]fromJob
}

// A fromJob is how many contacts a Forget removes from a job: all, and those of an open job that have no outcome.
type fromJob struct{ contacts, pending int64 }

// erase runs an erasure in one transaction.
func (l *Ledger) erase(ctx context.Context, do func(context.Context, *erasure) error) (ledger.Erased, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.writable(), ctx.Err()); err != nil {
		return ledger.Erased{}, err
	}
	if err := l.awaitRuns(ctx); err != nil {
		return ledger.Erased{}, eraseError(ctx, err)
	}
	for tries := 1; ; tries++ {
		removed, err := l.tryErase(ctx, do)
		switch {
		case err == nil:
			l.erased = true
			return removed, nil
		case !connect.IsRolledBack(err) || tries == maxErasures || ctx.Err() != nil:
			return ledger.Erased{}, eraseError(ctx, err)
		}
	}
}

// maxErasures is how often an erasure is tried if the server rolls it back because of a deadlock, with someone who reads.
const maxErasures = 5

func (l *Ledger) tryErase(ctx context.Context, do func(context.Context, *erasure) error) (ledger.Erased, error) {
	e := erasure{requests: map[contact.Key]struct{}{}, fromJobs: map[int64]fromJob{}}
	err := l.writer.Use(ctx, func(c *connect.Conn) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			e.tx, e.conn = tx, c
			if err := l.warnIfLocked(func() error { return e.begin(ctx) }); err != nil {
				return err
			}
			if err := do(ctx, &e); err != nil {
				return err
			}
			return e.end(ctx)
		})
	})
	return e.removed, err
}

// eraseError explains why nothing was removed, or perhaps was.
func eraseError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, ledger.ErrLocked):
		return err
	}
	if err = explain(err); errors.Is(err, ledger.ErrDenied) {
		return fmt.Errorf("nothing was removed: %w", err)
	}
	return fmt.Errorf("remove from the ledger: %w; whether it was done is not known if the connection broke: run the command again", err)
}

// begin keeps new runs away, and refuses to remove anything during one.
func (e *erasure) begin(ctx context.Context) error {
	if _, err := e.conn.PgConn().Exec(ctx, planner).ReadAll(); err != nil {
		return err
	}
	if _, err := e.tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(runLock)); err != nil {
		return err
	}
	var run int64
	var host string
	err := e.tx.QueryRow(ctx, "SELECT id, host FROM enrich.run WHERE state = $1 ORDER BY id LIMIT 1", int16(runLive)).Scan(&run, &host)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: run %d on %q has begun", ledger.ErrLocked, run, host)
	}
	return err
}

// end rewrites the tables, and records when it was, if anything was removed.
func (e *erasure) end(ctx context.Context) error {
	if e.removed == (ledger.Erased{}) {
		return nil
	}
	if _, err := e.tx.Exec(ctx, "UPDATE enrich.meta SET removed = clock_timestamp()"); err != nil {
		return err
	}
	_, err := e.tx.Exec(ctx, "SELECT enrich.rewrite()")
	return err
}

// addCost adds the cost of outcomes that are about to be removed to what was erased before: a budget continues to count it.
func (e *erasure) addCost(ctx context.Context, condition string, args ...any) error {
	query := `SELECT (at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE charged = 1), count(*) FILTER (WHERE kind = 4 OR charged = 2)
		FROM enrich.outcome AS o WHERE ` + condition + ` AND (charged > 0 OR kind = 4) GROUP BY 1 ORDER BY 1`
	costs := map[time.Time]ledger.Spent{}
	var day time.Time
	var s ledger.Spent
	rows, err := e.tx.Query(ctx, query, args...)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&day, &s.Charged, &s.MaybeCharged}, func() error {
			costs[day] = s
			return nil
		})
	}
	for day, s := range costs {
		err = errors.Join(err, e.addDay(ctx, day, s))
	}
	return err
}

// addDay adds the cost of one day.
func (e *erasure) addDay(ctx context.Context, day time.Time, s ledger.Spent) error {
	var before ledger.Spent
	var crc int32
	err := e.tx.QueryRow(ctx, "SELECT charged, lost, crc FROM enrich.erased WHERE day = $1", day).Scan(&before.Charged, &before.MaybeCharged, &crc)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return err
	case crc != erasedSum(day, before):
		return fmt.Errorf("%w: the cost of erased outcomes of %s: checksum mismatch", ledger.ErrDamaged, day.Format(time.DateOnly))
	}
	s.Add(before)
	_, err = e.tx.Exec(ctx, `INSERT INTO enrich.erased (day, charged, lost, crc) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day) DO UPDATE SET charged = excluded.charged, lost = excluded.lost, crc = excluded.crc`, day, s.Charged, s.MaybeCharged, erasedSum(day, s))
	return err
}

func erasedSum(day time.Time, s ledger.Spent) int32 {
	return int32(codec.Checksum([]int64{day.Unix(), s.Charged, s.MaybeCharged}))
}

// removeOutcomes deletes the outcomes for which a condition is true, counts them, and adds their cost to what was erased.
func (e *erasure) removeOutcomes(ctx context.Context, condition string, args ...any) error {
	if err := e.addCost(ctx, condition, args...); err != nil {
		return err
	}
	count := "UPDATE enrich.run SET removed = removed + gone.n FROM (SELECT run, count(*) AS n FROM enrich.outcome AS o WHERE " + condition + " GROUP BY run) AS gone WHERE run.id = gone.run"
	if _, err := e.tx.Exec(ctx, count, args...); err != nil {
		return err
	}
	remove := "WITH gone AS (DELETE FROM enrich.outcome AS o WHERE " + condition + " RETURNING kind) SELECT count(*) FILTER (WHERE kind IN (1, 2)), count(*) FILTER (WHERE kind > 2) FROM gone"
	var answers, others int64
	err := e.tx.QueryRow(ctx, remove, args...).Scan(&answers, &others)
	e.removed.Answers += answers
	e.removed.Others += others
	return err
}
