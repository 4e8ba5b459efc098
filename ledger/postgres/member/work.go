package member

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"enrich/ledger/postgres/internal/connect"
)

// allRounds is the last round that a run has ended which takes no part in further ones.
const allRounds = math.MaxInt32

// Take returns the next chunk of this round that no run of the work has taken. Chunks ascend within a round and begin at 0; the
// ledger does not know how many an input has. A chunk is a hint: what may be sent is decided by the claim. So the transaction
// need not be durable, and is not waited for.
func (m *Member) Take(ctx context.Context) (chunk int64, err error) {
	m.mu.Lock()
	round, last := m.round, m.chunk
	m.mu.Unlock()
	if m.work == 0 {
		chunk = last + 1
	} else {
		err = m.retry(ctx, func(ctx context.Context) error {
			return m.slow.Use(ctx, func(c *connect.Conn) (err error) {
				chunk, err = m.takeChunk(ctx, c, round, last)
				return err
			})
		})
	}
	if err != nil {
		return 0, cmp.Or(m.lostError(), fmt.Errorf("take the next rows: %w", err))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.chunk = chunk
	return chunk, nil
}

// takeChunk takes a chunk after the last one that this run knows of. If it had taken one and the reply was lost, that is the next.
func (m *Member) takeChunk(ctx context.Context, c *connect.Conn, round int32, last int64) (chunk int64, err error) {
	const take = `WITH me AS MATERIALIZED (
		SELECT run.id, work, chunk > $3 AS taken, CASE WHEN chunk > $3 THEN chunk ELSE greatest(next, $3 + 1) END AS chunk
		FROM enrich.run JOIN enrich.work ON work.id = run.work
		WHERE run.id = $1 AND state = 0 AND work.generation = run.generation AND round = $2
	), moved AS (
		UPDATE enrich.work SET next = me.chunk + 1 FROM me WHERE work.id = me.work AND NOT taken
	), remembered AS (
		UPDATE enrich.run SET chunk = me.chunk FROM me WHERE run.id = me.id AND NOT taken
	)
	SELECT chunk FROM me`
	b := &pgx.Batch{}
	b.Queue("SELECT set_config('synchronous_commit', 'off', true)")
	b.Queue("SELECT 1 FROM enrich.run WHERE id = $1 FOR NO KEY UPDATE", m.run)
	b.Queue(lockWork, m.work)
	b.Queue(take, m.run, round, last).QueryRow(func(row pgx.Row) error { return row.Scan(&chunk) })
	err = c.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, m.fencedError(ctx, c)
	}
	return chunk, err
}

// fencedError returns why a transaction of this run found no live run.
func (m *Member) fencedError(ctx context.Context, c *connect.Conn) error {
	var by int64
	err := c.QueryRow(ctx, "SELECT coalesce(taken_by, 0) FROM enrich.run WHERE id = $1", m.run).Scan(&by)
	if ignoreNoRows(err) != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fence(by)
	return m.err
}

// EndRound records that this run has reached the end of the round, whether it left contacts that are to be sent (left), and whether
// it takes part in no further round (done). It does not wait for others. A run that is closed or dies without it has left contacts.
func (m *Member) EndRound(ctx context.Context, left, done bool) error {
	m.mu.Lock()
	ended := m.round
	m.concluded = done
	if done {
		m.renewSoon()
	}
	m.mu.Unlock()
	if done {
		ended = allRounds
	}
	if m.work == 0 {
		return nil
	}
	err := m.inWork(ctx, func(tx pgx.Tx) error {
		const leave = "UPDATE enrich.work SET unsent = unsent OR $2 WHERE id = $1"
		if _, err := tx.Exec(ctx, leave, m.work, left); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE enrich.run SET ended_round = greatest(ended_round, $2::integer) WHERE id = $1", m.run, ended)
		return err
	})
	if err != nil {
		return fmt.Errorf("end a round: %w", err)
	}
	return nil
}

// Again waits until every other live run of the work has ended the round too, or is dead, and reports whether there is another
// round: there is one if a run has left contacts, was closed before its end, or died. It must be called after [Member.EndRound]. A run
// that is done waits in the same way, so that it knows what they have in flight, and takes part in no further round.
func (m *Member) Again(ctx context.Context) (again bool, err error) {
	w := &Wait{Reason: WaitOthers}
	defer m.endWait(w)
	for {
		m.mu.Lock()
		changed, round, done := m.changed, m.round, m.concluded
		m.mu.Unlock()
		if m.work == 0 {
			return false, nil
		}
		var e roundEnd
		if err := m.inWork(ctx, func(tx pgx.Tx) (err error) {
			e, err = m.turnRound(ctx, tx, round, done)
			return err
		}); err != nil {
			return false, fmt.Errorf("wait for the end of a round: %w", err)
		}
		m.mu.Lock()
		if e.over || e.round > round && !done {
			m.round, m.chunk, m.concluded = e.round, -1, e.over
			m.mu.Unlock()
			return !e.over, nil
		}
		w.Detail = fmt.Sprintf("runs that are still sending: %d", e.sending)
		m.beginWaitLocked(w)
		m.mu.Unlock()
		select {
		case <-changed: // at least with each lease
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// A roundEnd is what a run finds after it has ended a round.
type roundEnd struct {
	round   int32 // that the work is in now
	sending int64 // other runs that have not ended it
	over    bool  // there is no further round
}

// turnRound begins the next round if all runs have ended this one and contacts are left. If none are, the run takes part in no
// further one: one that another run begins later does not wait for it. A run that is done only looks.
func (m *Member) turnRound(ctx context.Context, tx pgx.Tx, round int32, done bool) (e roundEnd, err error) {
	const look = `SELECT round, unsent, (SELECT count(*) FROM enrich.run WHERE run.work = work.id AND run.generation = work.generation
		AND state = 0 AND ended_round < work.round) FROM enrich.work WHERE id = $1`
	var unsent bool
	if err := tx.QueryRow(ctx, look, m.work).Scan(&e.round, &unsent, &e.sending); err != nil {
		return e, err
	}
	if done {
		e.over = e.sending == 0
		return e, nil
	}
	switch {
	case e.round > round || e.sending > 0:
	case unsent:
		e.round++
		_, err = tx.Exec(ctx, "UPDATE enrich.work SET round = $2, next = 0, unsent = false WHERE id = $1", m.work, e.round)
	default:
		e.over = true
		_, err = tx.Exec(ctx, "UPDATE enrich.run SET ended_round = $2 WHERE id = $1", m.run, allRounds)
	}
	if err == nil && e.round > round {
		_, err = tx.Exec(ctx, "UPDATE enrich.run SET chunk = -1 WHERE id = $1", m.run)
	}
	return e, err
}

// inWork runs a transaction of a live run that has the locks of the run and its work.
func (m *Member) inWork(ctx context.Context, do func(pgx.Tx) error) error {
	err := m.retry(ctx, func(ctx context.Context) error {
		return m.slow.Use(ctx, func(c *connect.Conn) error {
			err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
				live, err := tx.Exec(ctx, "SELECT 1 FROM enrich.run WHERE id = $1 AND state = 0 FOR NO KEY UPDATE", m.run)
				if err == nil && live.RowsAffected() == 0 {
					err = errNotLive
				}
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, lockWork, m.work); err != nil {
					return err
				}
				return do(tx)
			})
			if errors.Is(err, errNotLive) {
				err = cmp.Or(m.fencedError(ctx, c), err)
			}
			return err
		})
	})
	return cmp.Or(m.lostError(), err)
}

// Runs returns the runs of the work's generation, this one included.
func (m *Member) Runs(ctx context.Context) (runs []int64, err error) {
	if m.work == 0 {
		return []int64{m.run}, nil
	}
	const query = "SELECT id FROM enrich.run WHERE work = $1 AND generation = $2 ORDER BY id"
	err = m.retry(ctx, func(ctx context.Context) error {
		return m.slow.Use(ctx, func(c *connect.Conn) error {
			rows, err := c.Query(ctx, query, m.work, m.generation)
			if err != nil {
				return err
			}
			runs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
			return err
		})
	})
	return runs, err
}

var errNotLive = errors.New("the run is not live")
