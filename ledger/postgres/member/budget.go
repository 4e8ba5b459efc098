package member

import (
	"context"
	"fmt"
	"time"

	"enrich/contact"
	"enrich/ledger/postgres/member/internal/allowance"
)

// returnTime bounds how long a reservation waits for what other runs may return, once this run has nothing in flight. A run that
// was killed returns what it has not used when it is declared dead.
const returnTime = 2 * time.Minute

// callTime bounds how long a retry waits for it.
const callTime = time.Second

// A Budget reserves calls and credits before they are spent. It implements pipeline.Budget.
//
// The caps of a work count over all runs of its generation, and the smallest counts if they differ. A budget for a day or a month
// counts everything that all runs of the base URL have spent since the beginning of the day, or month, of UTC in which this run
// began, by the database's clock. Runs without a budget reserve their calls in the same way, only without a limit: so calls in
// flight, and unused reservations, of every run count as spent until they are returned. A run with a budget therefore makes no
// call by which the sum of all runs would exceed its budget; it cannot stop a run without one.
//
// What a run reserved on one day and uses on the next counts on the next.
//
// The API's balance is a second measure, as for a run alone: whatever makes it fall since this run's first answer counts, if it is
// more than all runs of the same key have counted as used in this time. Others who use the account, and calls that cost more than
// expected, make it fall; the runs of the team do not, because their use is known. What the team has in flight can be in the
// balance already and is reserved too, so near a cap a run waits until it has ended. Each run applies this to its own
// reservations only, and counts from its own first answer: why the balance fell before cannot be known.
type Budget struct{ m *Member }

// Budget returns the run's budget.
func (m *Member) Budget() *Budget { return &Budget{m} }

// A balance is the account's credits as the responses of this run stated them.
type balance struct {
	known         bool
	first, lowest int64
	counted       int64 // what all runs had counted as used at the first one
	acknowledged  int64 // the unexplained fall that the last lease knew
}

// Reserve takes the credits of one contact, and calls. It waits for the database, and then, until ctx is done, for what contacts
// in flight may return, of this run and of others. It returns "", or which cap is reached.
func (b *Budget) Reserve(ctx context.Context, calls int64) (reached string) {
	m := b.m
	m.mu.Lock()
	defer m.mu.Unlock()
	take := func() bool {
		if m.calls.Stock() < calls || !m.credits.Take(m.o.CreditsPerCall) {
			return false
		}
		m.calls.Take(calls)
		m.open++
		m.openCalls += calls
		return true
	}
	need := func(sign int64) {
		m.calls.Need(sign * calls)
		m.credits.Need(sign * m.o.CreditsPerCall)
	}
	reached = m.reserve(ctx, take, need, returnTime, func() string { return m.reached(calls, m.o.CreditsPerCall) })
	if reached == "" && (m.calls.IsLow(m.block()) || m.credits.IsLow(m.block())) {
		m.renewSoon()
	}
	return reached
}

// Calls takes calls alone: for a retry, or for the requests of a bulk job. It waits for the database, and for a moment for what
// other runs may return.
func (b *Budget) Calls(n int64) (reached string) {
	m := b.m
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reserve(context.Background(), func() bool { return m.extra.Take(n) }, func(sign int64) { m.extra.Need(sign * n) }, callTime,
		func() string { return m.reached(n, 0) })
}

// reserve waits until take succeeds, or the cap is reached. It is called with the lock, and releases it while it waits.
func (m *Member) reserve(ctx context.Context, take func() bool, need func(sign int64), waitTime time.Duration, reached func() string) string {
	if take() {
		return ""
	}
	w := &Wait{Reason: WaitReservations}
	need(1)
	defer need(-1)
	defer m.endWaitLocked(w)
	asked := m.asked
	m.renewSoon()
	var alone time.Time // since when only other runs can return something
	for {
		answered := m.replied > asked // the ledger has seen what is needed
		why := reached()
		switch {
		case m.ending || m.err != nil:
			return "the run ends"
		case !answered, why == "": // the next lease may grant it
		case ctx.Err() != nil:
			return why
		case m.open > 0 && waitTime > callTime: // a retry is part of a reservation that is open
			alone = time.Time{}
		default:
			if alone.IsZero() {
				alone = m.o.Now()
			}
			if !m.mayReturn(m.o.Now().Sub(alone) >= waitTime) {
				return why
			}
			m.beginWaitLocked(w)
		}
		done := ctx.Done()
		if !answered { // not before the answer
			done = nil
		}
		m.await(done)
		if take() {
			return ""
		}
	}
}

// await waits, without the lock, until the state changes or done is closed.
func (m *Member) await(done <-chan struct{}) {
	changed := m.changed
	if m.settled == nil {
		m.settled = make(chan struct{})
	}
	settled := m.settled
	m.mu.Unlock()
	defer m.mu.Lock()
	select {
	case <-changed:
	case <-settled:
	case <-done:
	}
}

// reached returns which cap does not leave enough for a reservation; "": none.
func (m *Member) reached(calls, credits int64) string {
	r := &m.room
	idleCalls, idleCredits := m.calls.Stock(), m.credits.Stock()
	if credits == 0 {
		idleCalls, idleCredits = m.extra.Stock(), 0
	}
	switch {
	case calls > max(0, r.calls)+idleCalls:
		return fmt.Sprintf("reached --max-calls (%d)", r.maxCalls)
	case credits == 0:
		return ""
	case credits > max(0, r.credits)+idleCredits:
		return fmt.Sprintf("reached --max-credits (%d)", r.maxCredits) + m.explain()
	case credits > max(0, r.day)+idleCredits:
		return fmt.Sprintf("reached --max-credits (%d/day)", m.o.PerDay) + m.explain() + renewedAt(r.renewDay)
	case credits > max(0, r.month)+idleCredits:
		return fmt.Sprintf("reached --max-credits (%d/month)", m.o.PerMonth) + m.explain() + renewedAt(r.renewMonth)
	}
	return ""
}

func renewedAt(t time.Time) string { return "; it is renewed at " + t.UTC().Format(time.RFC3339) }

// mayReturn reports whether other runs may return enough for a reservation. impatient: only one that was not seen alive. It may have
// died before this run began: when it is declared dead, it returns even what it has used.
func (m *Member) mayReturn(impatient bool) bool {
	calls, credits, byCredits := m.room.calls, m.room.credits, min(m.room.day, m.room.month)
	for _, o := range m.others {
		seen := m.observer.SeenAlive(o.id)
		switch {
		case m.isOfWork(o) && !seen:
			return true
		case impatient && seen:
		case m.isOfWork(o):
			calls, credits, byCredits = calls+o.idleCalls, credits+o.idleCredits, byCredits+o.idleCredits
		case o.api == m.api:
			byCredits += o.idleCredits
		}
	}
	return !impatient && calls > 0 && min(credits, byCredits) >= m.o.CreditsPerCall
}

// Return gives back calls that were not made.
func (b *Budget) Return(calls int64) {
	m := b.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.extra.Return(calls)
	m.notifySettled()
}

// Settle closes a reservation with the outcome of its contact. It returns the calls that were not made (unused), and the credits,
// unless the outcome may have been charged.
func (b *Budget) Settle(o *contact.Outcome, unused int64) {
	m := b.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open--
	m.openCalls = max(0, m.openCalls-1)
	m.calls.Return(unused)
	if charged := o.Kind.Answered() && (o.Charged || o.ChargeUnknown) || o.Kind == contact.Lost; !charged {
		m.credits.Return(m.o.CreditsPerCall)
	}
	m.holdUnexplained()
	m.notifySettled()
}

// notifySettled lets those who wait for a reservation try again.
func (m *Member) notifySettled() {
	if m.settled != nil {
		close(m.settled)
		m.settled = nil
	}
}

// Observe takes the account's balance from a response, before the reservation of that response is settled.
func (b *Budget) Observe(remaining int64) {
	m := b.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.balance.known {
		m.balance = balance{known: true, first: remaining, lowest: remaining, counted: m.counted(), acknowledged: m.balance.acknowledged}
	}
	m.balance.lowest = min(m.balance.lowest, remaining)
	m.holdUnexplained()
}

// counted is what all runs of the key have counted as used, with what this run has used since the last lease.
func (m *Member) counted() int64 { return m.accountCredits + m.usedCredits() - m.sentCredits }

// unexplained is by how much the balance fell besides what all runs of the key have counted.
func (m *Member) unexplained() int64 {
	b := &m.balance
	if !b.known {
		return 0
	}
	return max(0, b.first-b.lowest-(m.counted()-b.counted))
}

// holdUnexplained keeps credits in stock that the balance shows to be used, until a lease returns them.
func (m *Member) holdUnexplained() {
	hold := int64(0)
	if min(m.room.credits, m.room.day, m.room.month) < allowance.Unlimited/2 {
		hold = max(0, m.unexplained()-m.balance.acknowledged)
	}
	m.credits.Hold(hold)
}

// explain says how the balance differs from the answers.
func (m *Member) explain() string {
	n := m.unexplained()
	if n == 0 {
		return ""
	}
	fall := m.balance.first - m.balance.lowest
	return fmt.Sprintf(": the balance fell by %d credits, the answers account for %d", fall, fall-n)
}

// Spent returns the credits that all runs of the base URL have spent in the day and the month of UTC in which this run began.
// Reservations that are not returned yet are included. It is 0 without a budget for the time.
func (m *Member) Spent() (day, month int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.o.PerDay > 0 {
		day = m.o.PerDay - m.room.day
	}
	if m.o.PerMonth > 0 {
		month = m.o.PerMonth - m.room.month
	}
	return day, month
}
