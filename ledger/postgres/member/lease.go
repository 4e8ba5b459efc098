package member

import (
	"context"
	"errors"
	"fmt"
	"time"

	"enrich/internal/phrase"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member/internal/observe"
)

const (
	// minGap is the shortest time between two leases, however urgent they are.
	minGap = 10 * time.Millisecond
	// firstAttempt and longestAttempt bound one attempt to renew the lease. The first one is short, so that a connection on which
	// nothing arrives any more is noticed in time. Each one that takes too long doubles the time of the next: a database that is slow
	// answers in the end, and the longest attempt is well within the time after which others declare this run dead. To connect has
	// its own time, for each host: after a failover the first ones may not answer.
	firstAttempt, longestAttempt = 2 * time.Second, 10 * time.Second
	// maxTolerance and tolerancePart bound how late a slot of the rate may be used; see [Limiter].
	maxTolerance  = 250 * time.Millisecond
	tolerancePart = 0.01
)

// renewAll renews the lease until ctx is done, or it is lost.
func (m *Member) renewAll(ctx context.Context) {
	timer := time.NewTimer(m.o.Timing.Renew)
	defer timer.Stop()
	most := firstAttempt
	for m.lostError() == nil {
		select {
		case <-timer.C:
		case <-m.wake:
		case <-ctx.Done():
			return
		}
		err := m.attempt(ctx, most)
		switch {
		case err == nil:
			most = firstAttempt
		case errors.Is(err, context.DeadlineExceeded):
			most = min(2*most, longestAttempt)
		}
		m.mu.Lock()
		m.recordFailure(err)
		wait := m.nextRenewal()
		m.mu.Unlock()
		select {
		case <-time.After(min(minGap, m.o.Timing.Renew)):
		case <-ctx.Done():
			return
		}
		timer.Reset(wait)
	}
}

// attempt renews the lease, for which it has some time after it is connected.
func (m *Member) attempt(ctx context.Context, most time.Duration) error {
	if err := m.lease.Connect(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return m.renew(ctx)
}

// nextRenewal returns when to renew the lease if nobody calls renewSoon: earlier than usual if slots of the rate can be taken then, or if
// those in hand expire, before calls have to wait for others.
func (m *Member) nextRenewal() time.Duration {
	regular, now := m.o.Timing.Renew, m.o.Now()
	wait := regular
	if at, ok := m.slotsDueAt(); ok {
		wait = min(wait, max(0, at.Sub(now)))
	}
	if at, ok := m.slots.Expire(); ok {
		if early := at.Sub(now) - regular/4; early >= regular/2 { // otherwise it would not help
			wait = min(wait, early)
		}
	}
	return wait
}

// recordFailure remembers that a lease failed. After MaxElapsed the lease is lost.
func (m *Member) recordFailure(err error) {
	if err == nil {
		m.lastError = nil
		return
	}
	m.lastError = err
	if away := observe.Elapsed(m.renewed, m.o.Now()); away > m.o.MaxElapsed && m.err == nil {
		m.lose(fmt.Errorf("%w for %s: %w", ledger.ErrUnreachable, phrase.Duration(m.o.MaxElapsed), err))
	}
}

// renew sends a lease, and acts on the reply.
func (m *Member) renew(ctx context.Context) error {
	m.mu.Lock()
	q := m.request()
	m.mu.Unlock()
	var r *reply
	err := m.lease.Use(ctx, func(c *connect.Conn) (err error) {
		r, err = m.exchange(ctx, c, q)
		return err
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.keep(q)
		return err
	}
	return m.accept(q, r)
}

// awaitLease waits until a lease that begins now is renewed, or ctx is done, or the membership ends.
func (m *Member) awaitLease(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for asked := m.asked; m.replied <= asked && m.err == nil && !m.closed && ctx.Err() == nil; {
		m.renewSoon()
		m.await(ctx.Done())
	}
}

// request makes the next lease. What it gives back is not used from now on.
func (m *Member) request() *request {
	m.asked++
	now := m.o.Now()
	block, elapsed := m.block(), float64(now.Sub(m.askedAt))/float64(m.o.Timing.Renew)
	m.askedAt = now
	q := &request{
		number: m.asked, waits: m.waitsFor(WaitReservations), unexplained: m.unexplained(), slots: m.slots.Demand(now, m.o.Timing.Renew), ahead: 2 * m.o.Timing.Renew,
		maxCalls: m.o.MaxCalls, maxCredits: m.o.MaxCredits, perDay: m.o.PerDay, perMonth: m.o.PerMonth, perCall: m.o.CreditsPerCall,
	}
	if m.closed || m.concluded { // it makes no call any more, and another run may need what this one has not used
		q.calls, q.extra, q.credits = m.calls.Final(), m.extra.Final(), m.credits.Final()
	} else {
		q.calls, q.extra, q.credits = m.calls.Target(block, elapsed), m.extra.Target(m.retryBlock(), elapsed), m.credits.Target(block, elapsed)
		q.oneCall, q.oneCredit = min(1, m.calls.Needed()), min(m.o.CreditsPerCall, m.credits.Needed())
	}
	if m.closed {
		q.usedCalls, q.usedCredits = q.calls+q.extra, q.credits
		q.slots, q.leavesUnsent = 0, !m.concluded
	} else {
		q.usedCalls = m.calls.Taken() + m.extra.Taken() - m.openCalls
		q.usedCredits = m.usedCredits()
	}
	q.takenCalls, q.takenCredits = m.calls.Taken(), m.credits.Taken()
	q.statedCalls, q.statedPer = m.stated.take()
	q.answered = m.pause.takeAnswered()
	q.pause = m.pause.takeUnpublished(m.o.Now())
	if n := m.unpublished; n != nil {
		q.stop, q.stopDetail = n.cause, n.detail
	}
	return q
}

// keep remembers what a lease that failed was to tell, for the next one.
func (m *Member) keep(q *request) {
	m.stated.keep(q)
	m.pause.keep(q)
}

// block is how many reservations the run takes at once at least.
func (m *Member) block() int64 { return 2 * int64(m.o.Workers) }

// retryBlock is how many calls for retries it takes at once at least. After a crash they are lost to the cap.
func (m *Member) retryBlock() int64 { return max(4, int64(m.o.Workers)/2) }

// usedCredits are those that will not be returned.
func (m *Member) usedCredits() int64 { return m.credits.Taken() - m.open*m.o.CreditsPerCall }

// accept takes the reply to a lease.
func (m *Member) accept(q *request, r *reply) error {
	m.replied = q.number
	switch {
	case r.state != 0:
		m.fence(r.takenBy)
		return m.err
	case !r.renewed: // a lease with a higher number was renewed: the ledger was restored, or two processes are this run
		m.asked = max(m.asked, r.beat)
		m.keep(q)
		return errOutOfStep
	}
	m.renewed = r.sent
	if q.stop != "" {
		m.unpublished = nil
	}
	m.acceptShares(q, r)
	m.acceptRate(q, r)
	m.others = r.others
	m.observe(r)
	if r.stop != "" {
		m.stopBy(r.stop, r.stopDetail)
	}
	m.notify()
	return nil
}

// acceptShares takes what was granted.
func (m *Member) acceptShares(q *request, r *reply) {
	m.room = r.room
	sameWork, sameAPI, yields := int64(1), int64(1), false
	for _, o := range r.others {
		if m.isOfWork(o) {
			sameWork++
		}
		if o.api == m.api {
			sameAPI++
			yields = yields || o.waits
		}
	}
	m.calls.Yield(yields)
	m.extra.Yield(yields)
	m.credits.Yield(yields)
	m.calls.Grant(r.calls, r.room.calls, sameWork)
	m.extra.Grant(r.extra, r.room.calls, sameWork)
	m.credits.Grant(r.credits, min(r.room.credits, r.room.day, r.room.month), sameAPI)
	m.accountCredits, m.sentCredits = r.accountCredits, q.usedCredits
	m.balance.acknowledged = q.unexplained
	m.holdUnexplained()
}

// acceptRate takes slots of the rate, and the pause.
func (m *Member) acceptRate(q *request, r *reply) {
	m.clock.Sample(r.sent, r.received, r.now)
	switch {
	case r.every == 0 && m.stated.calls == 0:
		m.slots.Limit(-1)
	case r.every > 0: // otherwise a response has stated a rate since the lease was sent, and the next one tells it
		m.slots.Limit(min(maxTolerance, time.Duration(tolerancePart*r.per*float64(time.Second))))
		first := m.clock.Local(r.firstSlot)
		m.slots.Add(first, r.every, r.slots)
		if r.slots == 0 {
			m.slots.Postpone(first.Add(-q.ahead))
		}
	}
	m.pause.adopt(m.clock.Local(r.pauseUntil), r.answers, q.answered)
	m.stopIfPausedTooLong()
}

// isOfWork reports whether another run works on the same input in the same generation.
func (m *Member) isOfWork(o otherRun) bool {
	return m.work != 0 && o.work == m.work && o.generation == m.generation
}

var errOutOfStep = errors.New("a newer lease of this run was renewed")
