package postgres

import (
	"context"
	"fmt"
	"slices"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// maxMessages bounds the problems that are described.
const maxMessages = 20

// Verify reads the whole ledger as of one moment. It checks every checksum, that every key is that of its contact, API and constants,
// that no outcome is missing, that every intent of a run that has ended has an outcome, and that the states of contacts are what
// their outcomes say. A problem is not an error; an error means that the verification could not be completed.
func (l *Ledger) Verify(ctx context.Context) (ledger.Verification, error) {
	if err := ctx.Err(); err != nil || l.version == 0 {
		return ledger.Verification{}, err
	}
	var v *verification
	err := l.scan(ctx, func(ctx context.Context, c *connect.Conn) error {
		v = &verification{conn: c, runs: map[int64]*verifiedRun{}}
		for _, step := range []func(context.Context) error{v.readRuns, v.checkIntents, v.checkOutcomes, v.checkRuns, v.checkStates, v.checkJobs} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return ledger.Verification{}, err
	}
	return v.result, nil
}

type verification struct {
	conn   *connect.Conn
	runs   map[int64]*verifiedRun
	order  []int64
	result ledger.Verification
}

// A verifiedRun is what the verification knows of a run.
type verifiedRun struct {
	state                   int16
	commits                 int64
	outcomes, removed, seen int64
	identity                contact.Identity
}

func (v *verification) problem(format string, args ...any) {
	v.result.Problems++
	if len(v.result.Messages) < maxMessages {
		v.result.Messages = append(v.result.Messages, fmt.Sprintf(format, args...))
	}
}

func (v *verification) readRuns(ctx context.Context) error {
	const query = "SELECT id, started, url, input, version, constants, crc, state, commits, outcomes, removed FROM enrich.run ORDER BY id"
	return v.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		r := runRow{id: row.Int8(), started: wire.ToTime(row.Int8()), url: string(row.Bytes()), input: string(row.Bytes()), version: string(row.Bytes()), constants: string(row.Bytes())}
		if crc := row.Int4(); crc != r.sum() {
			v.problem("run %d: checksum mismatch", r.id)
		}
		if r.id != int64(len(v.order))+1 {
			v.problem("run %d is missing", len(v.order)+1)
		}
		var constants []byte
		if r.constants != "" {
			constants = []byte(r.constants)
		}
		v.runs[r.id] = &verifiedRun{
			state: row.Int2(), commits: row.Int8(), outcomes: row.Int8(), removed: row.Int8(), identity: contact.NewIdentity(r.url, constants),
		}
		v.order = append(v.order, r.id)
		return row.Err()
	})
}

// checkIntents checks that each intent has the key of its contact, by the API and the constants of its run.
func (v *verification) checkIntents(ctx context.Context) error {
	const query = intentColumns + "FROM enrich.intent ORDER BY run, commit"
	return v.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		i, refused := readIntent(&row)
		list, err := i.intents()
		r := v.runs[i.run]
		switch {
		case row.Err() != nil:
			return row.Err()
		case err != nil:
			v.problem("%v", err)
			return nil
		case r == nil || i.commit > r.commits:
			v.problem("run %d, commit %d: there is no such commit", i.run, i.commit)
			return nil
		}
		for n := range list {
			if r.identity.Keys(list[n].Contact) != list[n].Keys {
				v.problem("run %d, commit %d, intent %d: key does not match contact", i.run, i.commit, n+1)
			}
		}
		for n := range len(i.keys) / codec.KeysSize {
			if codec.ReadKeys(i.keys[n*codec.KeysSize:]) != (contact.Keys{}) && !slices.Contains(refused, int32(n)) {
				v.result.Intents++
			}
		}
		return nil
	})
}

// checkOutcomes checks each outcome, and counts those of each run. Outcomes of a job have the keys of the run that submitted it.
func (v *verification) checkOutcomes(ctx context.Context) error {
	const query = recordColumns + ", coalesce(j.run, o.run), coalesce(c.email, o.key) FROM enrich.outcome AS o LEFT JOIN enrich.job AS j ON j.id = o.job LEFT JOIN enrich.contact AS c ON c.key = o.key"
	return v.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		o := readRecord(&row)
		of, email := row.Int8(), row.UUID()
		r, by := v.runs[o.run], v.runs[of]
		v.result.Outcomes++
		switch {
		case row.Err() != nil:
			return row.Err()
		case o.check() != nil:
			v.problem("outcome %d: checksum mismatch", o.id)
			return nil
		case r == nil || by == nil:
			v.problem("outcome %d is of run %d, which does not exist", o.id, o.run)
			return nil
		}
		r.seen++
		keys := by.identity.Keys(contact.ParseJSON(o.contact))
		if keys.Request != contact.Key(o.key) || keys.Email != email {
			v.problem("outcome %d: key does not match contact", o.id)
		}
		return nil
	})
}

// checkRuns checks that no outcome is missing, and that no run that has ended has an open claim.
func (v *verification) checkRuns(ctx context.Context) error {
	for _, id := range v.order {
		if r := v.runs[id]; r.seen != r.outcomes-r.removed {
			v.problem("run %d has %d outcomes, and should have %d", id, r.seen, r.outcomes-r.removed)
		}
	}
	var claimed []int64
	const query = "SELECT DISTINCT claim FROM enrich.contact WHERE claim > 0 ORDER BY claim"
	err := v.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		claimed = append(claimed, row.Int8())
		return row.Err()
	})
	for _, id := range claimed {
		r := v.runs[id]
		if err != nil || r != nil && (r.state == runLive || r.state == runLeft) {
			continue
		}
		var open []ledger.Intent
		open, err = openClaims(ctx, v.conn, id, 1)
		for i := range open {
			v.problem("run %d: an intent has no outcome: %s", id, open[i].Contact.AppendJSON(nil))
		}
		if len(open) == 0 && err == nil {
			v.problem("run %d has a claim without an intent", id)
		}
	}
	return err
}

// checkStates checks that the states of contacts are what their outcomes say.
func (v *verification) checkStates(ctx context.Context) error {
	const query = `SELECT c.key, o.id FROM enrich.contact AS c LEFT JOIN enrich.outcome AS o ON o.id = c.ref
			WHERE c.kind <> 0 AND (o.key, o.kind, o.at) IS DISTINCT FROM (c.key, c.kind, c.at)
		UNION ALL SELECT o.key, o.id FROM enrich.outcome AS o LEFT JOIN enrich.contact AS c ON c.key = o.key
			WHERE c.key IS NULL OR c.kind = 0 OR o.kind IN (1, 2) AND (c.kind NOT IN (1, 2) OR c.ref < o.id) OR c.kind NOT IN (1, 2) AND c.ref < o.id`
	return v.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		key, id := row.UUID(), row.Int8()
		v.problem("the state of contact %x is not that of its outcomes (outcome %d)", key[:4], id)
		return row.Err()
	})
}
