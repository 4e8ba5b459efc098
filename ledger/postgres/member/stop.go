package member

import (
	"context"
	"time"

	"enrich/contact"
)

// A stopNotice is a stop of this run that the others do not know yet.
type stopNotice struct {
	cause  contact.Stop
	detail string
}

// stopTime bounds how long a stop waits until the database has it.
const stopTime = 10 * time.Second

// Stop tells all runs of the same key that this run stopped for a cause that concerns the account. It waits until the database has
// it, but not long if that is away; then a later lease tells it. It implements pipeline.Account.
func (m *Member) Stop(cause contact.Stop, detail string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cause != "" || m.closed {
		return
	}
	m.unpublished = &stopNotice{cause, detail}
	m.cause, m.detail, m.own = cause, detail, true
	m.renewSoon()
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	for m.unpublished != nil && m.err == nil && !m.closed && ctx.Err() == nil {
		m.await(ctx.Done())
	}
}

// Stopped waits until another run of the same key has stopped for such a cause, and returns it; "" when ctx is done. If ctx was not
// done before, the run ends: nothing more is waited for. It implements pipeline.Account.
func (m *Member) Stopped(ctx context.Context) (cause contact.Stop, detail string) {
	asks := ctx.Err() != nil // the caller only asks for a stop that is known
	for {
		m.mu.Lock()
		cause, detail, changed, own := m.cause, m.detail, m.changed, m.own
		m.mu.Unlock()
		if cause != "" && !own {
			return cause, detail
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if !asks {
				m.setEnding()
			}
			return "", ""
		}
	}
}

// setEnding says that the ask pass ends.
func (m *Member) setEnding() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ending = true
	m.notify()
}

// stopBy stops this run for a cause that concerns its account.
func (m *Member) stopBy(cause contact.Stop, detail string) {
	if m.cause == "" {
		m.cause, m.detail = cause, detail
		m.notify()
	}
}
