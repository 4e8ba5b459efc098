package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// importedAtOnce bounds the outcomes that an import sends together.
const importedAtOnce = 256

// Import makes all records of another ledger durable, in one transaction. The ledger must be new, and no run can begin meanwhile.
// The user must own it. After it, the ledger accepts nothing more until it is opened again.
func (l *Ledger) Import(ctx context.Context, from ledger.Exporter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return err
	}
	err := l.writer.Use(ctx, func(c *connect.Conn) error {
		return pgx.BeginFunc(ctx, c, func(pgx.Tx) error {
			in := importer{conn: c, runs: map[int64]*importedRun{}}
			if err := in.begin(ctx); err != nil {
				return err
			}
			if err := from.Export(ctx, func(e *ledger.Entry) error { return in.add(ctx, e) }); err != nil {
				return err
			}
			return in.finish(ctx)
		})
	})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("import: %w", explainTo(err, adviceImport))
	}
	l.erased = true
	return nil
}

// An importedRun counts what was imported of a run.
type importedRun struct {
	open              bool // it has intents that may be open
	commits, outcomes int64
}

// An importer writes the records of another ledger. The numbers of commits, and those of outcomes within a run, are its own.
type importer struct {
	conn *connect.Conn
	runs map[int64]*importedRun
	job  *jobRow // it waits for its intents; nil: none
	last int64   // the number of the last outcome

	// The outcomes that are sent together: of one run and job.
	run, ofJob int64
	ids        wire.Array
	emails     wire.Array
	rows       *outcomeArrays
}

// begin keeps runs and jobs from beginning, and checks that there are no records.
func (in *importer) begin(ctx context.Context) error {
	if _, err := in.conn.Exec(ctx, "SELECT pg_advisory_xact_lock($1), pg_advisory_xact_lock($2)", int64(runLock), int64(jobLock)); err != nil {
		return err
	}
	var some bool
	const query = `SELECT EXISTS (SELECT FROM enrich.run) OR EXISTS (SELECT FROM enrich.outcome) OR EXISTS (SELECT FROM enrich.job)
		OR EXISTS (SELECT FROM enrich.erased) OR (SELECT removed IS NOT NULL FROM enrich.meta)`
	if err := in.conn.QueryRow(ctx, query).Scan(&some); err != nil {
		return err
	}
	if some {
		return ledger.ErrNotEmpty
	}
	// From these tables the states of contacts and their claims are made at the end.
	_, err := in.conn.Exec(ctx, `CREATE TEMPORARY TABLE imported_outcome (id bigint, run bigint, job bigint, key uuid, email uuid, kind smallint, at timestamptz) ON COMMIT DROP`)
	if err == nil {
		_, err = in.conn.Exec(ctx, `CREATE TEMPORARY TABLE imported_intent (run bigint, job bigint, key uuid, email uuid) ON COMMIT DROP`)
	}
	return err
}

func (in *importer) add(ctx context.Context, e *ledger.Entry) error {
	if in.job != nil && (e.Intents == nil || e.Intents.Job != in.job.id) { // its intents were pruned
		if err := in.addJobRow(ctx); err != nil {
			return err
		}
	}
	if e.Outcome == nil {
		if err := in.flush(ctx); err != nil {
			return err
		}
	}
	switch {
	case e.Run != nil:
		return in.addRun(ctx, e.Run)
	case e.Job != nil:
		return in.addJob(e.Job)
	case e.Intents != nil:
		return in.addIntents(ctx, e.Intents)
	case e.Outcome != nil:
		return in.addOutcome(ctx, e.Outcome)
	case e.Raw != nil:
		_, err := in.conn.Exec(ctx, "INSERT INTO enrich.raw (id, job, crc, content) VALUES ($1, $2, $3, $4)",
			e.Raw.ID, e.Raw.Job, rawSum(e.Raw.Job, e.Raw.Content), bytes.Clone(e.Raw.Content))
		return err
	case e.Cost != nil:
		_, err := in.conn.Exec(ctx, "INSERT INTO enrich.erased (day, charged, lost, crc) VALUES ($1, $2, $3, $4)",
			e.Cost.Day, e.Cost.Charged, e.Cost.MaybeCharged, erasedSum(e.Cost.Day, e.Cost.Spent))
		return err
	case e.Last != nil:
		in.last = max(in.last, e.Last.Outcome)
		if e.Last.Erased.IsZero() {
			return nil
		}
		_, err := in.conn.Exec(ctx, "UPDATE enrich.meta SET removed = $1", e.Last.Erased)
		return err
	}
	return errors.New("an entry of the export is empty")
}

// addRun adds a run. If intents of it may be open, it is one that was closed without an end: they become lost.
func (in *importer) addRun(ctx context.Context, r *ledger.RunEntry) error {
	if r.ID != int64(len(in.runs))+1 {
		return fmt.Errorf("run %d follows run %d", r.ID, len(in.runs))
	}
	row := runRow{id: r.ID, started: r.Started.UTC(), url: r.URL, input: text(r.Input), version: text(r.Version), constants: string(r.Constants)}
	state := runFinished
	switch {
	case !r.Closed:
		state = runLeft
	case r.Finished.IsZero():
		state = runTaken
	}
	if _, err := in.conn.Exec(ctx, "INSERT INTO enrich.api (url) VALUES ($1) ON CONFLICT DO NOTHING", r.URL); err != nil {
		return err
	}
	in.runs[r.ID] = &importedRun{open: !r.Closed}
	_, err := in.conn.Exec(ctx, `INSERT INTO enrich.run (id, generation, state, first_id, begun_by, started, url, input, version, constants, finished, stopped, exit_code, crc)
		VALUES ($1, nextval('enrich.generation'), $2, 1, gen_random_uuid(), $3, $4, $5, $6, $7, CASE WHEN $8 THEN $9::timestamptz END, nullif($10, ''),
			CASE WHEN $8 THEN $11::integer END, $12)`,
		r.ID, state, row.started, row.url, row.input, row.version, row.constants, !r.Finished.IsZero(), r.Finished, text(r.Stopped), r.ExitCode, row.sum())
	return err
}

func (in *importer) addJob(j *ledger.JobEntry) error {
	in.job = &jobRow{
		id: j.ID, run: j.Run, contacts: j.Contacts, pending: j.Pending, raw: j.Raw, state: j.State, apiID: j.APIID, submitted: j.Submitted,
	}
	if !j.Expires.IsZero() {
		in.job.expires = &j.Expires
	}
	if !j.Ended.IsZero() {
		in.job.ended = &j.Ended
	}
	for i := range j.IDs {
		in.job.ids = append(in.job.ids, j.IDs[i][:]...)
	}
	return nil
}

// addJobRow writes the job that waits.
func (in *importer) addJobRow(ctx context.Context) error {
	j := in.job
	in.job = nil
	_, err := in.conn.Exec(ctx, `INSERT INTO enrich.job (id, run, commit, contacts, pending, raw, forgotten, state, api_id, submitted, expires, ended, ids, crc)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		j.id, j.run, j.commit, j.contacts, j.pending, j.raw, j.forgotten, j.state, j.apiID, j.submitted, j.expires, j.ended, j.ids, j.sum())
	return err
}

func (in *importer) addIntents(ctx context.Context, e *ledger.IntentsEntry) error {
	r := in.runs[e.Run]
	if r == nil {
		return fmt.Errorf("intents are of run %d, which does not exist", e.Run)
	}
	r.commits++
	var packed codec.Intents
	var requests, addresses wire.Array
	requests.BeginUUIDs()
	addresses.BeginUUIDs()
	forgotten := int64(0)
	for i := range e.Intents {
		intent := &e.Intents[i]
		packed.Add(&intent.Contact, intent.Keys)
		if intent.Keys == (contact.Keys{}) {
			forgotten++
			continue
		}
		requests.UUID(intent.Keys.Request)
		addresses.UUID(intent.Keys.Email)
	}
	keys, texts := packed.Packed()
	b := in.conn.NewBatch()
	b.Add(ctx, "INSERT INTO enrich.intent (run, commit, job, crc, keys, contacts) VALUES ($1, $2, nullif($3::bigint, 0), $4, $5, $6)",
		wire.Int8(nil, e.Run), wire.Int8(nil, r.commits), wire.Int8(nil, e.Job), wire.Int4(nil, intentSum(e.Run, r.commits, e.Job, keys, texts)), keys, texts)
	if r.open && e.Job == 0 || e.Job != 0 && in.job != nil && in.job.ended == nil {
		b.Add(ctx, "INSERT INTO imported_intent SELECT $1, $2, key, email FROM unnest($3::uuid[], $4::uuid[]) AS i(key, email)",
			wire.Int8(nil, e.Run), wire.Int8(nil, e.Job), requests.Value(), addresses.Value())
	}
	if err := b.Send(ctx, nil); err != nil {
		return err
	}
	if in.job == nil {
		return nil
	}
	in.job.commit, in.job.forgotten = r.commits, forgotten
	return in.addJobRow(ctx)
}

// addOutcome adds an outcome to those that are sent together.
func (in *importer) addOutcome(ctx context.Context, o *ledger.OutcomeEntry) error {
	r := in.runs[o.Run]
	switch {
	case r == nil:
		return fmt.Errorf("outcome %d is of run %d, which does not exist", o.ID, o.Run)
	case o.ID <= in.last:
		return fmt.Errorf("outcome %d follows outcome %d", o.ID, in.last)
	}
	if in.rows != nil && (in.run != o.Run || in.ofJob != o.Job || in.ids.Len() == importedAtOnce) {
		if err := in.flush(ctx); err != nil {
			return err
		}
	}
	if in.rows == nil {
		in.run, in.ofJob, in.rows = o.Run, o.Job, newOutcomeArrays()
		in.ids.BeginInt8s()
		in.emails.BeginUUIDs()
	}
	in.last = o.ID
	r.outcomes++
	in.ids.Int8(o.ID)
	in.emails.UUID(o.Keys.Email)
	in.rows.add(o.Run, o.Job, r.outcomes, &o.Outcome)
	return nil
}

// flush sends the outcomes.
func (in *importer) flush(ctx context.Context) error {
	if in.rows == nil {
		return nil
	}
	columns := in.rows.params(in.run, in.ofJob, 0, 0)[4:17] // those of the table
	in.rows = nil
	const outcomes = `WITH added AS (
			INSERT INTO enrich.outcome (id, run, job, at, n, crc, attempts, status, kind, charged, key, failure, message, contact, body, raw)
			SELECT o.id, $1, nullif($2::bigint, 0), o.at, o.n, o.crc, o.attempts, o.status, o.kind, o.charged, o.key, o.failure, o.message, o.contact, o.body, o.raw
			FROM unnest($3::bigint[], $5::timestamptz[], $6::integer[], $7::integer[], $8::integer[], $9::smallint[], $10::smallint[], $11::smallint[],
				$12::uuid[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bytea[])
				AS o(id, at, n, crc, attempts, status, kind, charged, key, failure, message, contact, body, raw))
		INSERT INTO imported_outcome SELECT i.id, $1, $2, i.key, i.email, i.kind, i.at
		FROM unnest($3::bigint[], $12::uuid[], $4::uuid[], $10::smallint[], $5::timestamptz[]) AS i(id, key, email, kind, at)`
	b := in.conn.NewBatch()
	b.Add(ctx, outcomes, append([][]byte{wire.Int8(nil, in.run), wire.Int8(nil, in.ofJob), in.ids.Value(), in.emails.Value()}, columns...)...)
	return b.Send(ctx, nil)
}

// conclude are the statements that make what follows from the records.
var conclude = [...]string{
	`ANALYZE imported_outcome, imported_intent`,
	// The state of a contact: its latest answer, or its latest outcome, and the calls that were lost after it.
	`INSERT INTO enrich.contact (key, email, ref, at, kind, lost)
		SELECT latest.key, latest.email, latest.id, latest.at, latest.kind, (
			SELECT ids[greatest(cardinality(ids) - 14, 1):] FROM (SELECT array_agg(o.id ORDER BY o.id) AS ids FROM imported_outcome AS o
				WHERE o.key = latest.key AND o.kind = 4 AND (latest.kind > 2 OR o.id > latest.id)) AS lost)
		FROM (SELECT DISTINCT ON (key) * FROM imported_outcome ORDER BY key, (kind <= 2) DESC, id DESC) AS latest`,
	// Claims: the intents of open jobs, and of runs that were not closed, that have no outcome.
	`INSERT INTO enrich.contact (key, email, ref, claim)
		SELECT DISTINCT ON (key) key, email, 0, CASE WHEN job = 0 THEN run ELSE -job END FROM (
			SELECT CASE WHEN job = 0 THEN run ELSE 0 END AS run, job, key, min(email::text)::uuid AS email, count(*) AS n FROM imported_intent GROUP BY 1, 2, 3) AS i
		WHERE n > (SELECT count(*) FROM imported_outcome AS o WHERE o.key = i.key AND o.job = i.job AND (i.job <> 0 OR o.run = i.run))
		ORDER BY key, job DESC
		ON CONFLICT (key) DO UPDATE SET claim = excluded.claim`,
	`UPDATE enrich.run SET commits = coalesce((SELECT max(commit) FROM enrich.intent WHERE intent.run = run.id), 0)`,
	`UPDATE enrich.run SET outcomes = o.n, first_id = o.first, last_at = o.latest
		FROM (SELECT run, count(*) AS n, min(id) AS first, max(at) AS latest FROM imported_outcome GROUP BY run) AS o WHERE o.run = run.id`,
	// What was spent, for the budgets: each answer or lost call counts as one credit. Of erased outcomes the API is not known.
	`INSERT INTO enrich.spending AS s (api, day, credits)
		SELECT api.id, (o.at AT TIME ZONE 'UTC')::date, count(*) FROM enrich.outcome AS o JOIN enrich.run ON run.id = o.run JOIN enrich.api ON api.url = run.url
		WHERE o.charged > 0 OR o.kind = 4 GROUP BY 1, 2`,
	`INSERT INTO enrich.spending AS s (api, day, credits) SELECT api.id, day, charged + lost FROM enrich.erased, enrich.api
		ON CONFLICT (api, day) DO UPDATE SET credits = s.credits + excluded.credits`,
	`SELECT setval(pg_get_serial_sequence('enrich.raw', 'id'), greatest(max(id), 1), max(id) IS NOT NULL) FROM enrich.raw`,
}

// finish makes what follows from the records.
func (in *importer) finish(ctx context.Context) error {
	if in.job != nil {
		if err := in.addJobRow(ctx); err != nil {
			return err
		}
	}
	if err := in.flush(ctx); err != nil {
		return err
	}
	for _, statement := range conclude {
		if _, err := in.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	const set = "SELECT setval(pg_get_serial_sequence('enrich.outcome', 'id'), greatest($1::bigint, 1), $1 > 0)"
	_, err := in.conn.Exec(ctx, set, in.last)
	return err
}
