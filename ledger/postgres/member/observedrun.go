package member

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member/internal/observe"
)

// TakeOver makes sure that the run of s, which somebody says has ended, is not live in the ledger. If it is, TakeOver observes its
// beat for as long as a member would, then declares it dead, and returns the calls that are lost with it. wait is called before that,
// with the name of the run and how long it takes at most. The error is [ledger.ErrLocked] if the run renews its lease.
//
// The caller is not a member: it has no run.
func TakeOver(ctx context.Context, s Setup, timing Timing, wait func(name string, most time.Duration)) (lost []contact.Outcome, err error) {
	timing = Options{Timing: timing}.withDefaults().Timing
	l := observedRun{setup: s, timing: timing, wait: wait, observer: observe.Observer{Patience: timing.Patience, MaxGap: timing.Valid}}
	slot := connect.NewSlot(s.Dial)
	defer func() { err = errors.Join(err, slot.Close(context.WithoutCancel(ctx))) }()
	for {
		ended := false
		err = slot.Use(ctx, func(c *connect.Conn) (err error) {
			ended, err = l.look(ctx, c)
			return err
		})
		if err != nil || ended {
			return l.lost, err
		}
		select {
		case <-time.After(timing.Renew):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// An observedRun is a run that is observed by somebody who is not a member.
type observedRun struct {
	setup    Setup
	timing   Timing
	wait     func(name string, most time.Duration)
	observer observe.Observer
	told     bool
	lost     []contact.Outcome
}

// look reads the run's beat once. It reports whether the run has ended, or is dead and was taken over.
func (l *observedRun) look(ctx context.Context, c *connect.Conn) (ended bool, err error) {
	const query = `SELECT run.id, beat, coalesce(work, 0), generation, coalesce(account.api, 0), timeout_ms, host
		FROM enrich.run LEFT JOIN enrich.account ON account.id = run.account WHERE run.id = $1 AND state = 0`
	var d deadRun
	var ms int64
	sent := time.Now()
	err = c.QueryRow(ctx, query, l.setup.Run).Scan(&d.id, &d.beat, &d.work, &d.generation, &d.api, &ms, &d.host)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	d.timeout = time.Duration(ms) * time.Millisecond
	dead := l.observer.Observe(sent, time.Now(), []observe.Beat{{Run: d.id, Beat: d.beat, Timeout: d.timeout}})
	switch {
	case l.observer.SeenAlive(d.id):
		return false, fmt.Errorf("%w: %s is in progress: stop it, or wait until it has ended", ledger.ErrLocked, d.describe())
	case len(dead) > 0:
		return l.declare(ctx, c, &d)
	case !l.told:
		l.told = true
		l.wait(d.describe(), d.timeout+l.timing.Patience)
	}
	return false, nil
}

// declare declares the run dead, unless it has changed its beat since.
func (l *observedRun) declare(ctx context.Context, c *connect.Conn, d *deadRun) (won bool, err error) {
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) (err error) {
		won, err = d.declare(ctx, c, tx, l.setup.Lose, nil)
		return err
	})
	if err == nil {
		l.lost = d.lost
	}
	return won && err == nil, err
}
