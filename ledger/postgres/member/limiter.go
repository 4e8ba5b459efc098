package member

import "time"

// A Limiter spaces the calls of all runs of a base URL. It implements client.Limiter, and never blocks.
//
// The rate is the smallest that a live run was given with --rate or, if none was, the one that the API stated last. Each call
// needs a slot of a schedule in the database, which has 0.98 of the rate. Slots are taken ahead with the leases. One that is not
// used within 1 % of the rate's time (at most 250 ms) is discarded, and replaced before that.
type Limiter struct{ m *Member }

// Limiter returns the limiter of the run's base URL.
func (m *Member) Limiter() *Limiter { return &Limiter{m} }

// staleWait is how long to wait before looking again whether the lease is renewed, or whether a slot was taken.
const staleWait = 20 * time.Millisecond

// stated is the rate that the API stated.
type stated struct {
	calls, ms int64
	told      bool // a lease has told it, or is about to
}

// take returns the rate if a lease has to tell it.
func (s *stated) take() (calls, ms int64) {
	if s.told || s.calls == 0 {
		return 0, 0
	}
	s.told = true
	return s.calls, s.ms
}

// keep lets the next lease tell what one that failed did not.
func (s *stated) keep(q *request) {
	if q.statedCalls == s.calls && q.statedPer == s.ms {
		s.told = false
	}
}

// SetRate adopts the rate that a response states.
func (l *Limiter) SetRate(_ time.Time, calls int, per time.Duration) {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	s := stated{calls: int64(calls), ms: per.Milliseconds()}
	if calls <= 0 || s.ms <= 0 || s.calls == m.stated.calls && s.ms == m.stated.ms {
		return
	}
	if m.stated.calls == 0 && !m.slots.IsLimited() {
		m.slots.Limit(0) // until the next lease no call is made
	}
	m.stated = s
	m.renewSoon()
}

// Take takes one call, or returns how long to wait before the next Take. While the lease is not valid it takes none.
func (l *Limiter) Take(time.Time) (wait time.Duration) {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Now()
	if !m.isFresh(now) {
		m.renewSoon()
		return staleWait
	}
	wait, ok := m.slots.Take(now)
	if !ok && wait == 0 {
		if !now.Before(m.slots.Retry()) {
			m.renewSoon()
		}
		return staleWait
	}
	return wait
}

// Delay returns how long it will be until a call can be taken; 0: now.
func (l *Limiter) Delay(time.Time) time.Duration {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Now()
	at, ok := m.slots.Next(now)
	if !ok && m.slots.IsLimited() {
		at = m.slots.Retry().Add(2 * m.o.Timing.Renew)
	}
	return max(0, at.Sub(now))
}

// slotsDueAt returns when a lease should take slots, because a call waits for one.
func (m *Member) slotsDueAt() (at time.Time, ok bool) {
	if !m.slots.IsShort() {
		return at, false
	}
	return m.slots.Retry(), true
}
