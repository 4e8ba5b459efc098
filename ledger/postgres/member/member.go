package member

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sourcegraph/conc"

	"enrich/contact"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member/internal/allowance"
	"enrich/ledger/postgres/member/internal/observe"
	"enrich/ledger/postgres/member/internal/schedule"
)

// A Member is a run of the team. Its methods may be called from any goroutine. It ends with Close, or with the process.
type Member struct {
	o     Options
	setup Setup

	run, api, account, work, generation int64
	started                             time.Time

	lease *connect.Slot // for the leases only
	slow  *connect.Slot // for what may take longer
	wake  chan struct{} // a lease is due now; has room for one
	ended chan struct{} // closed by Close: nothing new begins
	tasks conc.WaitGroup
	stop  context.CancelFunc

	mu      sync.Mutex
	changed chan struct{} // closed and replaced by each lease and whenever something ends
	settled chan struct{} // closed when something is returned; nil: nobody waits for that
	ending  bool          // the ask pass ends: nobody waits any more
	closed  bool
	err     error // why the lease is lost

	asked     int64 // the number of the last lease
	askedAt   time.Time
	replied   int64     // of the last one with a reply
	renewed   time.Time // when that was sent
	lastError error     // of the last lease that failed since then; nil: none did

	calls, extra, credits allowance.Pool
	open, openCalls       int64 // reservations, and the calls of them that may be returned
	room                  rooms
	others                []otherRun
	observer              observe.Observer
	dead                  []observe.Beat
	accountCredits        int64 // as of the last lease
	sentCredits           int64 // this run's part of them
	balance               balance

	clock       schedule.Clock
	slots       schedule.Slots
	stated      stated
	pause       pause
	cause       contact.Stop
	own         bool // this run was stopped first, by its own cause
	detail      string
	unpublished *stopNotice

	round       int32
	chunk       int64
	concluded   bool // the run takes no part in further rounds
	interrupted []contact.Outcome
	waiting     map[*Wait]struct{}
}

// Join makes a run that has begun a member. When it returns, the run has its first lease.
func Join(ctx context.Context, s Setup, o Options) (*Member, error) {
	o = o.withDefaults()
	m := &Member{
		o: o, setup: s, run: s.Run, wake: make(chan struct{}, 1), ended: make(chan struct{}), changed: make(chan struct{}),
		lease: connect.NewSlot(s.dialLease), slow: connect.NewSlot(s.Dial), waiting: map[*Wait]struct{}{}, chunk: -1,
		credits:  allowance.Pool{Unit: o.CreditsPerCall},
		observer: observe.Observer{Patience: o.Timing.Patience, MaxGap: o.Timing.Valid},
		pause:    pause{maxElapsed: o.MaxElapsed},
	}
	if err := m.join(ctx); err != nil {
		m.disconnect()
		return nil, fmt.Errorf("join the runs of the ledger: %w", err)
	}
	running, stop := context.WithCancel(context.Background())
	m.stop = stop
	m.tasks.Go(func() { m.renewAll(running) })
	m.tasks.Go(func() { m.listen(running) })
	m.tasks.Go(func() { m.takeOverAll(running) })
	return m, nil
}

func (m *Member) join(ctx context.Context) error {
	const query = `UPDATE enrich.run SET rate_calls = nullif($2::bigint, 0), rate_ms = nullif($3::bigint, 0), credits_each = $4 FROM enrich.account
		WHERE run.id = $1 AND account.id = run.account AND run.state = 0 RETURNING api, account.id, coalesce(work, 0), generation, beat,
		coalesce((SELECT started FROM enrich.work WHERE work.id = run.work), run.started), coalesce((SELECT round FROM enrich.work WHERE work.id = run.work), 0)`
	return m.retry(ctx, func(ctx context.Context) error {
		err := m.slow.Use(ctx, func(c *connect.Conn) error {
			err := c.QueryRow(ctx, query, m.run, int64(m.o.RateCalls), m.o.RatePer.Milliseconds(), m.o.CreditsPerCall).
				Scan(&m.api, &m.account, &m.work, &m.generation, &m.asked, &m.started, &m.round)
			if errors.Is(err, pgx.ErrNoRows) {
				return m.fencedError(ctx, c)
			}
			return err
		})
		if err != nil {
			return err
		}
		return m.renew(ctx)
	})
}

// retry repeats what failed because the database was away, until it was away for MaxElapsed.
func (m *Member) retry(ctx context.Context, do func(context.Context) error) error {
	w := &Wait{Reason: WaitDatabase}
	defer m.endWait(w)
	return connect.Retry(ctx, connect.Policy{MaxElapsed: m.o.MaxElapsed, Waiting: func(err error, _ time.Duration) {
		if err != nil {
			m.beginWait(w)
		}
	}}, do)
}

// Started is when the generation of the run's work began, by the database's clock: ages count from it, so that all runs of the work
// write the same outputs.
func (m *Member) Started() time.Time { return m.started.UTC() }

// closeTime bounds how long Close waits for the database.
const closeTime = 5 * time.Second

// Close ends the membership: what the run has not used is given back. It must be called before the run is finished, and after
// everything that uses the member has ended. If the database is away, it gives up after five seconds: then the reservations are
// given back when the run is declared dead.
func (m *Member) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed, m.ending = true, true
	m.notify()
	m.mu.Unlock()
	close(m.ended)
	m.stop()
	m.tasks.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	defer m.disconnect()
	if m.lostError() != nil {
		return nil
	}
	if err := m.renew(ctx); err != nil && m.lostError() == nil {
		return fmt.Errorf("give back what the run has not used: %w", err)
	}
	return nil
}

func (m *Member) disconnect() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = m.lease.Close(ctx), m.slow.Close(ctx) // nothing is open on them
}

// Lost waits until the run has lost its lease: it was declared dead, or the database was away for MaxElapsed. It returns why, or
// nil when ctx is done. Calls in flight may end, and their answers are recorded; the run must make no new one.
func (m *Member) Lost(ctx context.Context) error {
	for {
		m.mu.Lock()
		err, changed, closed := m.err, m.changed, m.closed
		m.mu.Unlock()
		if err != nil || closed {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func (m *Member) lostError() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// lose ends the membership because the lease cannot be renewed.
func (m *Member) lose(err error) {
	if m.err == nil {
		m.err = err
		m.notify()
	}
}

// notify tells all who wait that the state has changed.
func (m *Member) notify() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// renewSoon makes the next lease due now, and does not wait for it.
func (m *Member) renewSoon() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// isFresh reports whether a call may be sent: the lease is valid, and nothing has stopped the run.
func (m *Member) isFresh(now time.Time) bool {
	return m.err == nil && m.cause == "" && !m.closed && observe.Elapsed(m.renewed, now) < m.o.Timing.Valid
}

// Interrupted returns the calls of dead runs that this run has recorded as lost.
func (m *Member) Interrupted() []contact.Outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]contact.Outcome(nil), m.interrupted...)
}
