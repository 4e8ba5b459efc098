package postgres

import (
	"context"
	"time"

	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
)

// SpentSince returns what all runs spent since a moment, including what was forgotten or pruned. The moment must be the
// beginning of a day of UTC, because the cost of what was removed is kept by the day.
func (l *Ledger) SpentSince(ctx context.Context, since time.Time) (s ledger.Spent, err error) {
	if l.version == 0 {
		return s, nil
	}
	// No outcome of a run that ended before is later, and none has a smaller id than its run says.
	const query = `SELECT e.charged + o.charged, e.lost + o.lost + j.pending
		FROM (SELECT coalesce(sum(charged), 0)::bigint AS charged, coalesce(sum(lost), 0)::bigint AS lost FROM enrich.erased WHERE day >= ($1 AT TIME ZONE 'UTC')::date) AS e,
		(SELECT count(*) FILTER (WHERE charged = 1) AS charged, count(*) FILTER (WHERE kind = 4 OR charged = 2) AS lost FROM enrich.outcome
			WHERE at >= $1 AND id >= (SELECT coalesce(min(first_id), 0) FROM enrich.run WHERE last_at >= $1)) AS o,
		(SELECT coalesce(sum(pending), 0)::bigint AS pending FROM enrich.job WHERE ended IS NULL) AS j`
	err = l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		return c.QueryRow(ctx, query, since).Scan(&s.Charged, &s.MaybeCharged)
	})
	s.MaybeCharged -= l.unrecorded.pending()
	for i := range l.unrecorded.outcomes { // the next run will record them
		if !l.unrecorded.outcomes[i].At.Before(since) {
			s.MaybeCharged++
		}
	}
	return s, err
}

// AnsweredFrom reports whether the ledger has an answer from a base URL (normalised, as in [ledger.Run]). Then a 404 of that API
// means a contact that it does not know, and not a wrong URL. Answers that were 404s do not count: they prove nothing.
func (l *Ledger) AnsweredFrom(ctx context.Context, url string) (found bool, err error) {
	if l.version == 0 {
		return false, nil
	}
	const query = `SELECT EXISTS (SELECT FROM (SELECT run FROM enrich.outcome WHERE kind IN (1, 2) AND status BETWEEN 200 AND 299
			AND id >= (SELECT coalesce(min(first_id), 0) FROM enrich.run WHERE url = $1) ORDER BY id DESC) AS o
		WHERE EXISTS (SELECT FROM enrich.run AS r WHERE r.id = o.run AND r.url = $1))`
	err = l.read(ctx, func(ctx context.Context, c *connect.Conn) error { return c.QueryRow(ctx, query, url).Scan(&found) })
	return found, err
}

// CheckUnchanged returns an error if the ledger is not what was opened any more. It makes a commit of its own, so everything that
// was read from the ledger before is safe when it returns: a commit can be visible before a standby has it.
func (l *Ledger) CheckUnchanged(ctx context.Context) error {
	if l.version == 0 {
		return nil
	}
	var version int
	err := connect.Retry(ctx, l.policy, func(ctx context.Context) error {
		return l.writer.Use(ctx, func(c *connect.Conn) error {
			if _, err := c.Exec(ctx, "SELECT pg_logical_emit_message(true, 'enrich', 'read')"); err != nil {
				return err
			}
			return c.QueryRow(ctx, "SELECT version FROM enrich.meta").Scan(&version)
		})
	})
	if err == nil && version != l.version {
		err = ledger.ErrChanged
	}
	if err != nil {
		return readError(ctx, err)
	}
	return nil
}
