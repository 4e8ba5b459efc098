package member

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger/postgres/internal/connect"
)

// keyLock is the class of the advisory locks under which keys are proved ("enri" in ASCII). Their other half is the account.
const keyLock = 0x656e7269

// A proof is this run's turn to prove the key: no other run makes a call with it.
type proof struct {
	m    *Member
	slot *connect.Slot // has the lock
}

// Alone waits until no other run proves the key, so that a bad key costs one call of all runs that began before it. release gives
// the turn back; proved: the API has accepted the key, and runs that wait need not be alone. Alone returns at once if the key was
// proved since this run began, or if the run is stopped: [Member.Stopped] then knows it. It implements pipeline.Account.
//
// The proof is under an advisory lock of a connection. If its process dies, the database frees it at once. If its run was declared
// dead and the connection is still there, because the process is stopped, it is ignored after a moment: a run that has just got the
// lock may not have written yet that it is the one.
func (m *Member) Alone(ctx context.Context) (release func(proved bool), err error) {
	p := &proof{m: m, slot: connect.NewSlot(m.setup.Dial)}
	w := &Wait{Reason: WaitKey}
	m.beginWait(w)
	defer m.endWait(w)
	var ended time.Time // since when the run that was the last to have the turn is not live
	for {
		var s keyState
		force := !ended.IsZero() && m.o.Now().Sub(ended) >= m.o.Timing.Valid
		err := m.retry(ctx, func(ctx context.Context) error {
			return p.slot.Use(ctx, func(c *connect.Conn) (err error) {
				s, err = m.tryKey(ctx, c, force)
				return err
			})
		})
		m.mu.Lock()
		if s.stop != "" {
			m.stopBy(s.stop, s.detail)
		}
		stopped, changed := m.cause != "" || m.ending, m.changed
		err = errors.Join(m.err, err)
		m.mu.Unlock()
		if !s.ended {
			ended = time.Time{}
		} else if ended.IsZero() {
			ended = m.o.Now()
		}
		switch {
		case err == nil && s.mine && !s.proved && !stopped:
			return p.release, nil
		case err != nil || s.proved || stopped:
			p.disconnect()
			m.awaitLease(ctx) // it has the rate that the response to the proof stated
			return func(bool) {}, err
		}
		select {
		case <-changed: // at least with each lease
		case <-ctx.Done():
			p.disconnect()
			return nil, context.Cause(ctx)
		}
	}
}

// A keyState is what an attempt to prove the key alone found.
type keyState struct {
	mine   bool // this run may prove it
	proved bool // since this run began
	ended  bool // another run has the lock, but the last one that wrote so is not live
	stop   contact.Stop
	detail string
}

// tryKey tries to get the turn; with force also without the lock, if the last run that had it is not live.
func (m *Member) tryKey(ctx context.Context, c *connect.Conn, force bool) (s keyState, err error) {
	const claim = `UPDATE enrich.account SET prover = CASE WHEN proved_run >= $2 THEN prover ELSE $2 END
		WHERE id = $1 AND ($3 OR $4 AND NOT EXISTS (SELECT FROM enrich.run WHERE run.id = prover AND state = 0))
		RETURNING true, proved_run >= $2, CASE WHEN stop_run >= $2 THEN coalesce(stop, '') ELSE '' END, coalesce(stop_detail, ''), false`
	const read = `SELECT false, proved_run >= $2, CASE WHEN stop_run >= $2 THEN coalesce(stop, '') ELSE '' END, coalesce(stop_detail, ''),
		NOT EXISTS (SELECT FROM enrich.run WHERE run.id = prover AND state = 0) FROM enrich.account WHERE id = $1`
	var locked bool
	if err = c.QueryRow(ctx, "SELECT pg_try_advisory_lock($1::integer, $2::integer)", keyLock, int32(m.account)).Scan(&locked); err != nil {
		return s, err
	}
	err = c.QueryRow(ctx, claim, m.account, m.run, locked, force).Scan(&s.mine, &s.proved, &s.stop, &s.detail, &s.ended)
	if errors.Is(err, pgx.ErrNoRows) {
		err = c.QueryRow(ctx, read, m.account, m.run).Scan(&s.mine, &s.proved, &s.stop, &s.detail, &s.ended)
	}
	return s, err
}

// release gives the turn back. It does not wait for the database. Those who wait for their turn find the rate that the response
// to the proof stated in their next lease.
func (p *proof) release(proved bool) {
	p.m.tasks.Go(func() {
		defer p.disconnect()
		if !proved {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		p.m.awaitLease(ctx)
		const query = "UPDATE enrich.account SET proved_run = (SELECT max(id) FROM enrich.run) WHERE id = $1 AND stop_run < $2"
		_ = p.slot.Use(ctx, func(c *connect.Conn) error { // if it fails, the next run proves the key with a call of its own
			_, err := c.Exec(ctx, query, p.m.account, p.m.run)
			return err
		})
	})
}

func (p *proof) disconnect() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = p.slot.Close(ctx) // this frees the lock
}
