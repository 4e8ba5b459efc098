package postgres

import (
	"context"

	"enrich/contact"
	"enrich/ledger/postgres/internal/wire"
)

// old is the condition of the outcomes that a Prune removes: those of open jobs stay.
const old = "o.at < $1 AND NOT EXISTS (SELECT FROM enrich.job AS j WHERE j.id = o.job AND j.ended IS NULL)"

// prune removes what ended before a moment.
func (e *erasure) prune(ctx context.Context) error {
	runs, err := e.oldRuns(ctx)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if err := e.pruneIntents(ctx, run); err != nil {
			return err
		}
	}
	if _, err := e.tx.Exec(ctx, restoreStates, e.before); err != nil {
		return err
	}
	if err := e.removeOutcomes(ctx, old, e.before); err != nil {
		return err
	}
	if _, err := e.tx.Exec(ctx, "DELETE FROM enrich.contact WHERE kind = 0 AND claim IS NULL"); err != nil {
		return err
	}
	return e.pruneJobs(ctx)
}

// restoreStates gives the contacts whose outcomes are removed the states that the rest of their outcomes makes.
const restoreStates = `WITH gone AS (SELECT DISTINCT o.key FROM enrich.outcome AS o WHERE ` + old + `),
	rest AS (SELECT o.key, o.id, o.kind, o.at, max(o.id) FILTER (WHERE o.kind IN (1, 2)) OVER of_key AS answer, max(o.id) OVER of_key AS latest
		FROM enrich.outcome AS o JOIN gone USING (key) WHERE NOT (` + old + `) WINDOW of_key AS (PARTITION BY o.key)),
	lost AS (SELECT key, (array_agg(id ORDER BY id))[greatest(count(*)::integer - 14, 1):] AS ids FROM rest WHERE kind = 4 AND id > coalesce(answer, 0) GROUP BY key)
	UPDATE enrich.contact AS c SET ref = coalesce(s.id, 0), at = s.at, kind = coalesce(s.kind, 0), generation = 0, lost = lost.ids
	FROM gone LEFT JOIN rest AS s ON s.key = gone.key AND s.id = coalesce(s.answer, s.latest) LEFT JOIN lost ON lost.key = gone.key
	WHERE c.key = gone.key`

// oldRuns returns the runs that have sent what the removed outcomes are of: for those of a job, the run that submitted it.
func (e *erasure) oldRuns(ctx context.Context) (runs []int64, err error) {
	const query = "SELECT DISTINCT coalesce(of.run, o.run) FROM enrich.outcome AS o LEFT JOIN enrich.job AS of ON of.id = o.job WHERE " + old + " ORDER BY 1"
	err = e.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		runs = append(runs, row.Int8())
		return row.Err()
	}, wire.Time(nil, e.before))
	return runs, err
}

// A sent is how often a contact was sent by a run, as far as its outcomes say: some are removed, some stay.
type sent struct{ removed, kept int }

// A sending is a contact as it was sent: in a job, or alone (0).
type sending struct {
	job int64
	key contact.Key
}

// pruneIntents erases the intents of a run whose outcomes are removed. If a contact was sent several times, the first intents are
// those of the first outcomes. Its memory grows with the contacts of one run.
func (e *erasure) pruneIntents(ctx context.Context, run int64) error {
	contacts := map[sending]sent{}
	const query = "SELECT coalesce(o.job, 0), o.key, count(*) FILTER (WHERE " + old + "), count(*) FILTER (WHERE NOT (" + old + `))
		FROM enrich.outcome AS o LEFT JOIN enrich.job AS of ON of.id = o.job WHERE coalesce(of.run, o.run) = $2 GROUP BY 1, 2
		HAVING count(*) FILTER (WHERE ` + old + ") > 0"
	err := e.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		contacts[sending{job: row.Int8(), key: row.UUID()}] = sent{removed: int(row.Int8()), kept: int(row.Int8())}
		return row.Err()
	}, wire.Time(nil, e.before), wire.Int8(nil, run))
	if err != nil {
		return err
	}
	return e.eraseIntents(ctx, run, func(s sending, refused bool) bool {
		n, ok := contacts[s]
		switch {
		case !ok:
			return false
		case refused: // another run sent it
			return n.kept == 0
		case n.removed == 0:
			return false
		}
		n.removed--
		contacts[s] = n
		return true
	})
}
