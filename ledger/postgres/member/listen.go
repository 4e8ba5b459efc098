package member

import (
	"context"
	"errors"
	"time"

	"enrich/contact"
	"enrich/ledger/postgres/internal/connect"
)

// longestSilence is how long the listener waits for a notification before it reads the account's row anyway, and firstRelisten
// and lastRelisten are the delays before it connects again. A stop that is not notified is seen with a lease.
const (
	longestSilence = time.Second
	firstRelisten  = 50 * time.Millisecond
	lastRelisten   = 2 * time.Second
)

// listen waits for notifications of stops and pauses on a connection of its own, until ctx is done.
func (m *Member) listen(ctx context.Context) {
	delay := firstRelisten
	for ctx.Err() == nil {
		if m.listenOnce(ctx) {
			delay = firstRelisten
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
		delay = min(2*delay, lastRelisten)
	}
}

// listenOnce listens until the connection breaks. It reports whether there was one.
func (m *Member) listenOnce(ctx context.Context) (connected bool) {
	slot := connect.NewSlot(m.setup.Dial)
	defer func() {
		bounded, cancel := context.WithTimeout(context.Background(), longestSilence)
		defer cancel()
		_ = slot.Close(bounded) // nothing is open on it
	}()
	_ = slot.Use(ctx, func(c *connect.Conn) error { // after an error it listens again
		if _, err := c.Exec(ctx, "LISTEN enrich"); err != nil {
			return err
		}
		connected = true
		for {
			if err := m.readNotices(ctx, c); err != nil {
				return err
			}
			bounded, cancel := context.WithTimeout(ctx, longestSilence)
			_, err := c.WaitForNotification(bounded)
			cancel()
			if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
				return err
			}
		}
	})
	return connected
}

// readNotices reads whether the account is stopped or the API paused.
func (m *Member) readNotices(ctx context.Context, c *connect.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, m.o.Timing.Valid)
	defer cancel()
	const query = `SELECT CASE WHEN stop_run >= $2 THEN coalesce(stop, '') ELSE '' END, coalesce(stop_detail, ''), clock_timestamp(),
		least(pause_until, clock_timestamp() + make_interval(secs => pause_ms / 1000.0)), answers
		FROM enrich.account JOIN enrich.api ON api.id = account.api WHERE account.id = $1`
	var cause, detail string
	var now, until time.Time
	var answers int64
	sent := m.o.Now()
	if err := c.QueryRow(ctx, query, m.account, m.run).Scan(&cause, &detail, &now, &until, &answers); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock.Sample(sent, m.o.Now(), now)
	m.pause.until = later(m.pause.until, m.clock.Local(until))
	m.stopIfPausedTooLong()
	if cause != "" {
		m.stopBy(contact.Stop(cause), detail)
	}
	return nil
}
