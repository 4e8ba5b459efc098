package member

import (
	"fmt"
	"time"

	"enrich/ledger/postgres/member/internal/observe"
)

// Reasons of a [Wait].
const (
	WaitDatabase     = "database"       // the lease cannot be renewed
	WaitPause        = "pause"          // the API asked a run to wait (429)
	WaitKey          = "key"            // another run proves the key
	WaitReservations = "reservations"   // the cap is reserved, and may be returned
	WaitOthers       = "other machines" // other runs of the work are still sending
)

// A Wait says what the run waits for.
type Wait struct {
	Reason string
	// Until is when the wait ends at the latest; zero: that is not known.
	Until time.Time
	// Detail is the last error, or which runs are waited for; "": none.
	Detail string
}

// Waiting reports whether, and for what, the run waits. It may be called at any time.
func (m *Member) Waiting() (w Wait, waits bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Now()
	if age := observe.Elapsed(m.renewed, now); age >= m.o.Timing.Valid && m.err == nil && !m.closed {
		w = Wait{Reason: WaitDatabase, Until: m.renewed.Add(m.o.MaxElapsed)}
		if m.lastError != nil {
			w.Detail = m.lastError.Error()
		}
		return w, true
	}
	if m.pause.until.After(now) {
		return Wait{Reason: WaitPause, Until: m.pause.until}, true
	}
	for w := range m.waiting {
		return *w, true
	}
	return w, false
}

// waitsFor reports whether the run waits for a reason.
func (m *Member) waitsFor(reason string) bool {
	for w := range m.waiting {
		if w.Reason == reason {
			return true
		}
	}
	return false
}

func (m *Member) beginWait(w *Wait) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.beginWaitLocked(w)
}

func (m *Member) beginWaitLocked(w *Wait) { m.waiting[w] = struct{}{} }

func (m *Member) endWait(w *Wait) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endWaitLocked(w)
}

func (m *Member) endWaitLocked(w *Wait) { delete(m.waiting, w) }

// describe names another run.
func (o *otherRun) describe() string {
	if o.host == "" {
		return fmt.Sprintf("run %d", o.id)
	}
	return fmt.Sprintf("run %d on %s", o.id, o.host)
}
