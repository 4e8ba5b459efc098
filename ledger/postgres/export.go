package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

var (
	_ ledger.Exporter = (*Ledger)(nil)
	_ ledger.Importer = (*Ledger)(nil)
)

// Export calls do with every record as of one moment, in the order of [ledger.Exporter]. It is refused while a run is live
// ([ledger.ErrLocked]): what that has in flight would be lost in the copy, and answered here. [Ledger.AwaitRuns] waits for those that were
// killed.
func (l *Ledger) Export(ctx context.Context, do func(*ledger.Entry) error) error {
	if l.version == 0 {
		return do(&ledger.Entry{Last: &ledger.LastEntry{}})
	}
	begun := false
	err := l.scan(ctx, func(ctx context.Context, c *connect.Conn) error {
		if begun { // a connection broke in the middle, and what was exported cannot be taken back
			return errDo{errors.New("the connection to the database was lost: copy again, into an empty ledger")}
		}
		begun = true
		e := export{conn: c, removed: l.removed, presumeDead: l.options.presumeDead, do: func(entry *ledger.Entry) error {
			if err := do(entry); err != nil {
				return errDo{err}
			}
			return nil
		}}
		for _, step := range []func(context.Context) error{
			e.refuseLive, e.exportRuns, e.exportJobs, e.exportIntents, e.exportOutcomes, e.exportRaw, e.exportCosts, e.exportLast,
		} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	var own errDo
	if errors.As(err, &own) {
		return own.error
	}
	return err
}

// An export is one in progress.
type export struct {
	conn        *connect.Conn
	removed     time.Time
	presumeDead func(run int64) bool // of the options
	do          func(*ledger.Entry) error
}

// refuseLive returns an error while a run is live: what it has in flight would be lost in the copy, and answered here.
func (e *export) refuseLive(ctx context.Context) error {
	return e.conn.Lookup(ctx, "SELECT id, host FROM enrich.run WHERE state = 0 ORDER BY id", func(values [][]byte) error {
		row := wire.NewRow(values)
		run, host := row.Int8(), row.Bytes()
		if err := row.Err(); err != nil || e.presumeDead != nil && e.presumeDead(run) {
			return err
		}
		return errDo{fmt.Errorf("%w: run %d on %q is in progress, or ended without a word and no other run has taken it over yet", ledger.ErrLocked, run, host)}
	})
}

// exportRuns exports the runs. One is closed if it has no open claim: those of a closed store are recorded as lost by the next run.
func (e *export) exportRuns(ctx context.Context) error {
	const query = `SELECT id, started, url, input, version, constants, crc, coalesce(finished, 'epoch'), coalesce(stopped, ''), coalesce(exit_code, 0),
		finished IS NOT NULL, NOT EXISTS (SELECT FROM enrich.contact WHERE claim = run.id) FROM enrich.run ORDER BY id`
	return e.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		r := runRow{id: row.Int8(), started: wire.ToTime(row.Int8()), url: string(row.Bytes()), input: string(row.Bytes()), version: string(row.Bytes()), constants: string(row.Bytes())}
		crc, finished := row.Int4(), wire.ToTime(row.Int8())
		entry := ledger.RunEntry{ID: r.id, Stopped: string(row.Bytes()), ExitCode: int(row.Int4())}
		if row.Bool() {
			entry.Finished = finished.Truncate(time.Millisecond)
		}
		entry.Closed = row.Bool()
		entry.Run = ledger.Run{Started: r.started, URL: r.url, Input: r.input, Version: r.version}
		if r.constants != "" {
			entry.Constants = []byte(r.constants)
		}
		if err := row.Err(); err != nil {
			return err
		}
		if crc != r.sum() {
			return fmt.Errorf("%w: run %d: checksum mismatch", ledger.ErrDamaged, r.id)
		}
		return e.do(&ledger.Entry{Run: &entry})
	})
}

// exportJobs exports the jobs with their intents. The rows are read before, because a connection answers one query at a time: jobs are
// few.
func (e *export) exportJobs(ctx context.Context) error {
	jobs, err := queryJobs(ctx, e.conn, " ORDER BY j.id")
	if err != nil {
		return err
	}
	const intents = intentColumns + "FROM enrich.intent WHERE run = $1 AND commit = $2 AND job = $3"
	for _, j := range jobs {
		entry := ledger.JobEntry{
			ID: j.id, Run: j.run, State: j.state, APIID: j.apiID, Submitted: millisecond(&j.submitted), Expires: millisecond(j.expires),
			Ended: millisecond(j.ended), Contacts: j.contacts, Pending: j.pending, Raw: j.raw,
		}
		for ids := j.ids; j.ended == nil && len(ids) > 0; ids = ids[codec.KeySize:] {
			entry.IDs = append(entry.IDs, contact.Key(ids[:codec.KeySize]))
		}
		if err := e.do(&ledger.Entry{Job: &entry}); err != nil {
			return err
		}
		if err := e.conn.Lookup(ctx, intents, e.intents, wire.Int8(nil, j.run), wire.Int8(nil, j.commit), wire.Int8(nil, j.id)); err != nil {
			return err
		}
	}
	return nil
}

func millisecond(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Millisecond)
}

func (e *export) exportIntents(ctx context.Context) error {
	const query = intentColumns + "FROM enrich.intent WHERE job IS NULL ORDER BY run, commit"
	return e.conn.Lookup(ctx, query, e.intents)
}

// intents exports a row of table intent, without the contacts that were not claimed.
func (e *export) intents(values [][]byte) error {
	row := wire.NewRow(values)
	i, refused := readIntent(&row)
	if err := row.Err(); err != nil {
		return err
	}
	entry := ledger.IntentsEntry{Run: i.run, Job: i.job}
	err := i.each(func(place int, intent ledger.Intent) {
		if !slices.Contains(refused, int32(place)) {
			entry.Intents = append(entry.Intents, intent)
		}
	})
	if err != nil || len(entry.Intents) == 0 {
		return err
	}
	return e.do(&ledger.Entry{Intents: &entry})
}

// exportOutcomes exports the outcomes. Their address keys are those of their contacts.
func (e *export) exportOutcomes(ctx context.Context) error {
	var entry ledger.OutcomeEntry
	const query = recordColumns + ", c.email FROM enrich.outcome AS o LEFT JOIN enrich.contact AS c ON c.key = o.key ORDER BY o.id"
	return e.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		r := readRecord(&row)
		email := contact.Key(row.UUID())
		if err := errors.Join(row.Err(), r.check()); err != nil {
			return err
		}
		r.outcome(&entry.Outcome)
		entry.ID, entry.Job, entry.Contact = r.id, r.job, contact.ParseJSON(r.contact)
		entry.Keys = contact.Keys{Request: contact.Key(r.key), Email: email}
		return e.do(&ledger.Entry{Outcome: &entry})
	})
}

func (e *export) exportRaw(ctx context.Context) error {
	return e.conn.Lookup(ctx, "SELECT id, job, content FROM enrich.raw ORDER BY id", func(values [][]byte) error {
		row := wire.NewRow(values)
		raw := ledger.RawEntry{ID: row.Int8(), Job: row.Int8(), Content: row.Bytes()}
		if err := row.Err(); err != nil {
			return err
		}
		return e.do(&ledger.Entry{Raw: &raw})
	})
}

func (e *export) exportCosts(ctx context.Context) error {
	const query = "SELECT (day - date '1970-01-01')::bigint, charged, lost FROM enrich.erased ORDER BY day"
	return e.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		cost := ledger.CostEntry{Day: time.Unix(row.Int8()*24*60*60, 0).UTC(), Spent: ledger.Spent{Charged: row.Int8(), MaybeCharged: row.Int8()}}
		if err := row.Err(); err != nil {
			return err
		}
		return e.do(&ledger.Entry{Cost: &cost})
	})
}

func (e *export) exportLast(ctx context.Context) error {
	last := ledger.LastEntry{Erased: e.removed}
	const query = "SELECT greatest(coalesce(pg_sequence_last_value(pg_get_serial_sequence('enrich.outcome', 'id')::regclass), 0), (SELECT coalesce(max(id), 0) FROM enrich.outcome))"
	if err := e.conn.QueryRow(ctx, query).Scan(&last.Outcome); err != nil {
		return err
	}
	return e.do(&ledger.Entry{Last: &last})
}
