package member

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member/internal/observe"
)

// observe takes the beats of the other runs.
func (m *Member) observe(r *reply) {
	beats := make([]observe.Beat, len(r.others))
	for i, o := range r.others {
		beats[i] = observe.Beat{Run: o.id, Beat: o.beat, Timeout: o.timeout}
	}
	m.dead = m.observer.Observe(r.sent, r.received, beats)
}

// takeOverAll takes over dead runs, one at a time, until ctx is done.
func (m *Member) takeOverAll(ctx context.Context) {
	for ctx.Err() == nil {
		m.mu.Lock()
		dead, changed := m.nextDead(), m.changed
		m.mu.Unlock()
		if dead != nil {
			m.takeOver(ctx, dead)
		}
		select {
		case <-changed: // at least with each lease
		case <-ctx.Done():
		}
	}
}

// A deadRun is one that this run declares dead.
type deadRun struct {
	otherRun
	// wasDead: it was dead before this run began, and so before any other run of its work that is alive.
	wasDead bool
	lost    []contact.Outcome
	tried   bool // a commit failed: it may have been made
}

// nextDead returns a dead run, or nil. A run of the same work is left to the oldest run that is alive, for some time.
func (m *Member) nextDead() *deadRun {
	if len(m.dead) == 0 || m.err != nil {
		return nil
	}
	for _, o := range m.others {
		// What is left to another run is taken over a little later, if that run did not.
		if m.isOfWork(o) && !m.isOldest() && m.o.Now().Before(m.observer.DeadAt(m.dead[0]).Add(4*m.o.Timing.Renew)) {
			continue
		}
		if o.id == m.dead[0].Run && o.beat == m.dead[0].Beat {
			return &deadRun{otherRun: o, wasDead: m.isOfWork(o) && !m.observer.SeenAlive(o.id) && m.isOldest()}
		}
	}
	return nil
}

// isOldest reports whether no run of the same work that is alive began before this one.
func (m *Member) isOldest() bool {
	for _, o := range m.others {
		if m.isOfWork(o) && o.id < m.run && m.observer.SeenAlive(o.id) {
			return false
		}
	}
	return true
}

// takeOver declares a run dead. Each run that is dead is taken over by one run.
func (m *Member) takeOver(ctx context.Context, d *deadRun) {
	won := false
	err := m.retry(ctx, func(ctx context.Context) error {
		return m.slow.Use(ctx, func(c *connect.Conn) (err error) {
			if d.tried {
				if won, err = m.hasTaken(ctx, c, d.id); err != nil || won {
					return err
				}
			}
			err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) (err error) {
				won, err = m.takeOverIn(ctx, c, tx, d)
				d.tried = d.tried || won
				return err
			})
			return err
		})
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil && ctx.Err() == nil:
		m.o.Warn(fmt.Sprintf("cannot take over %s, which is dead: %v", d.describe(), err))
	case err == nil && won:
		m.interrupted = append(m.interrupted, d.lost...)
		m.o.Warn(fmt.Sprintf("%s is dead: it was not seen for %s; calls that are lost with it: %d", d.describe(),
			phrase.Duration(d.timeout+m.o.Timing.Patience), len(d.lost)))
	}
	m.dead = nil
	m.renewSoon()
}

// hasTaken reports whether an earlier attempt to take over a run was committed.
func (m *Member) hasTaken(ctx context.Context, c *connect.Conn, dead int64) (taken bool, err error) {
	err = c.QueryRow(ctx, "SELECT coalesce(taken_by = $2, false) FROM enrich.run WHERE id = $1", dead, m.run).Scan(&taken)
	return taken, err
}

// takeOverIn is the transaction of takeOver. It does nothing if the run has changed its beat, or another run was first.
func (m *Member) takeOverIn(ctx context.Context, c *connect.Conn, tx pgx.Tx, d *deadRun) (won bool, err error) {
	live, err := tx.Exec(ctx, "SELECT 1 FROM enrich.run WHERE id = $1 AND state = 0 FOR NO KEY UPDATE", m.run)
	if err != nil || live.RowsAffected() == 0 {
		return false, err
	}
	return d.declare(ctx, c, tx, m.setup.Lose, &m.run)
}

// declare declares a run dead, unless it has changed its beat. by is the run that does that; nil: it is none.
func (d *deadRun) declare(ctx context.Context, c *connect.Conn, tx pgx.Tx, lose loseFunc, by *int64) (won bool, err error) {
	// The locks are taken before any contact's.
	dead, err := tx.Exec(ctx, "UPDATE enrich.run SET taken_by = $3 WHERE id = $1 AND state = 0 AND beat = $2", d.id, d.beat, by)
	if err != nil || dead.RowsAffected() == 0 {
		return false, err
	}
	const leave = "UPDATE enrich.work SET unsent = true WHERE id = $1 AND generation = $2"
	if _, err := tx.Exec(ctx, leave, d.work, d.generation); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, lockAPI, d.api); err != nil {
		return false, err
	}
	if d.lost, won, err = lose(ctx, c, tx, d.id, d.beat); err != nil || !won {
		return false, err
	}
	return true, returnShares(ctx, tx, d)
}

// returnShares gives back what a dead run was granted and has not used. It has used what its outcomes show, and what is still open:
// the claims of bulk jobs. Which retries it made is not known, so those keep their calls.
func returnShares(ctx context.Context, tx pgx.Tx, d *deadRun) error {
	const query = `WITH dead AS MATERIALIZED (
		SELECT run.*, account.api FROM enrich.run JOIN enrich.account ON account.id = run.account WHERE run.id = $1
	), outcomes AS (
		SELECT count(*) FILTER (WHERE job IS NULL AND attempts > 0) AS calls, count(*) FILTER (WHERE charged <> 0 OR kind = 4) AS charged
		FROM enrich.outcome WHERE run = $1
	), open AS (
		SELECT coalesce(sum(pending), 0) AS contacts FROM enrich.job WHERE run = $1 AND ended IS NULL
	), used AS MATERIALIZED (
		SELECT least(granted_calls, outcomes.calls)::bigint AS calls,
			least(granted_credits, greatest(used_credits, (charged + contacts) * credits_each))::bigint AS credits
		FROM dead, outcomes, open
	), spent AS (
		UPDATE enrich.spending SET credits = spending.credits - dead.granted_credits + used.credits FROM dead, used
		WHERE spending.api = dead.api AND day = booked_day
	), work AS (
		UPDATE enrich.work SET
			calls = work.calls - CASE WHEN $2::boolean THEN granted_calls + granted_extra ELSE granted_calls - used.calls END,
			credits = work.credits - granted_credits + CASE WHEN $2 THEN 0 ELSE used.credits END
		FROM dead, used WHERE work.id = dead.work AND work.generation = dead.generation
	), counted AS (
		UPDATE enrich.account SET credits = account.credits + used.credits - used_credits FROM dead, used WHERE account.id = dead.account
	)
	UPDATE enrich.run SET granted_calls = used.calls, granted_credits = used.credits, used_calls = used.calls + run.granted_extra,
		used_credits = used.credits FROM used WHERE run.id = $1`
	_, err := tx.Exec(ctx, query, d.id, d.wasDead)
	return err
}

// fence ends this run because another one declared it dead.
func (m *Member) fence(by int64) {
	reason := "it has ended"
	switch {
	case by != 0 && m.renewed.IsZero():
		reason = fmt.Sprintf("run %d declared it dead before its first lease", by)
	case by != 0:
		reason = fmt.Sprintf("run %d declared it dead, because it did not renew its lease for %s", by, phrase.Duration(m.silence()))
	}
	m.lose(fmt.Errorf("%w: run %d was stopped: %s; the answers that came are recorded; run the same command again", ledger.ErrFenced, m.run, reason))
}

// silence is how long the lease was not renewed.
func (m *Member) silence() time.Duration {
	return observe.Elapsed(m.renewed, m.o.Now()).Round(time.Second)
}
