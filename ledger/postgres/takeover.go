package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// A deadRun is a run whose open claims are lost.
type deadRun struct {
	id, openFrom, outcomes int64
	last                   time.Time
	state                  int16
}

// anyBeat is the beat of a run that is known to have ended.
const anyBeat = -1

// takeOver records the open claims of a run as lost and marks it as taken over, in one transaction, if it is still in a state and
// its beat is what it was; then ok is true. It returns the lost calls in the order of their intents.
func (l *Ledger) takeOver(ctx context.Context, id int64, state int16, beat int64) (lost []contact.Outcome, ok bool, err error) {
	token := newToken()
	tried := false
	err = l.transact(ctx, l.policy, func(ctx context.Context, c *connect.Conn, tx pgx.Tx) error {
		if tried { // it may have been committed without a reply
			const done = "SELECT EXISTS (SELECT FROM enrich.run WHERE id = $1 AND lost_by = $2)"
			if err := tx.QueryRow(ctx, done, id, token).Scan(&ok); err != nil || ok {
				return err
			}
		}
		tried = true
		lost, ok, err = takeOverOnce(ctx, c, tx, id, state, beat, token)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("take over the open calls of run %d: %w", id, err)
	}
	return lost, ok, nil
}

// takeOverOnce is one transaction of takeOver.
func takeOverOnce(ctx context.Context, c *connect.Conn, tx pgx.Tx, id int64, state int16, beat int64, token pgtype.UUID) (lost []contact.Outcome, ok bool, err error) {
	const mark = "UPDATE enrich.run SET state = 2, lost_by = $4 WHERE id = $1 AND state = $2 AND $3::bigint IN (-1, beat)"
	tag, err := tx.Exec(ctx, mark, id, state, beat, token)
	if err != nil || tag.RowsAffected() == 0 {
		return nil, false, err
	}
	lost, err = lose(ctx, c, id)
	return lost, err == nil, err
}

// lose records the open claims of a run as lost outcomes, in a transaction that has changed the row of the run, and returns them in
// the order of their intents. The contacts count as not sent by the run's generation: another run of it may send them.
func lose(ctx context.Context, c *connect.Conn, run int64) ([]contact.Outcome, error) {
	r := deadRun{id: run}
	const query = "SELECT open_from, outcomes, coalesce(last_at, started) FROM enrich.run WHERE id = $1"
	if err := c.QueryRow(ctx, query, run).Scan(&r.openFrom, &r.outcomes, &r.last); err != nil {
		return nil, err
	}
	lost, err := lostCalls(ctx, c, &r)
	if err != nil {
		return nil, err
	}
	if err := r.recordLost(ctx, c, 0, lost); err != nil {
		return nil, err
	}
	inJobs, err := r.loseJobs(ctx, c)
	return append(lost, inJobs...), err
}

// recordLost records lost calls of a job (0: that were alone).
func (r *deadRun) recordLost(ctx context.Context, c *connect.Conn, job int64, lost []contact.Outcome) error {
	if len(lost) == 0 {
		return nil
	}
	holder := r.id
	if job != 0 {
		holder = -job
	}
	rows := newOutcomeArrays()
	for n := range lost {
		rows.add(r.id, job, r.outcomes+int64(n)+1, &lost[n])
	}
	r.outcomes += int64(len(lost))
	b := c.NewBatch()
	const count = "UPDATE enrich.run SET outcomes = outcomes + $2, last_at = greatest(last_at, $3::timestamptz) WHERE id = $1"
	b.Add(ctx, count, wire.Int8(nil, r.id), wire.Int8(nil, int64(len(lost))), wire.Time(nil, lost[0].At))
	b.Add(ctx, addOutcomesSQL, rows.params(r.id, job, holder, 0)...)
	return b.Send(ctx, nil)
}

// lostCalls returns the open claims of a run as lost outcomes, at the time of its last outcome.
func lostCalls(ctx context.Context, c *connect.Conn, r *deadRun) ([]contact.Outcome, error) {
	open, err := openClaims(ctx, c, r.id, r.openFrom)
	if err != nil {
		return nil, err
	}
	lost := make([]contact.Outcome, 0, len(open))
	for _, i := range open {
		lost = append(lost, contact.Outcome{
			Contact: i.Contact, Keys: i.Keys, Kind: contact.Lost, At: r.last.UTC().Truncate(time.Millisecond), Attempts: 1,
			Failure: contact.Exhausted, Message: ledger.InterruptedMessage, Run: r.id,
		})
	}
	return lost, nil
}

// openClaims returns the intents of a run whose contacts it has claimed, in order. Only the last intent of a contact can be open.
func openClaims(ctx context.Context, c *connect.Conn, run, from int64) ([]ledger.Intent, error) {
	var intents []ledger.Intent
	last := map[contact.Key]int{}
	const query = "SELECT commit, crc, keys, contacts FROM enrich.intent WHERE run = $1 AND commit >= $2 AND job IS NULL ORDER BY commit"
	err := c.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		i := intentRow{run: run, commit: row.Int8(), crc: row.Int4(), keys: row.Bytes(), contacts: row.Bytes()}
		if err := row.Err(); err != nil {
			return err
		}
		list, err := i.intents()
		for _, intent := range list {
			last[intent.Keys.Request] = len(intents)
			intents = append(intents, intent)
		}
		return err
	}, wire.Int8(nil, run), wire.Int8(nil, from))
	if err != nil || len(intents) == 0 {
		return nil, err
	}
	var keys wire.Array
	keys.BeginUUIDs()
	for i := range intents {
		keys.UUID(intents[i].Keys.Request)
	}
	claimed := map[contact.Key]bool{}
	const claims = "SELECT c.key FROM unnest($1::uuid[]) AS asked(key) JOIN enrich.contact AS c ON c.key = asked.key WHERE c.claim = $2"
	err = c.Lookup(ctx, claims, func(values [][]byte) error {
		row := wire.NewRow(values)
		claimed[row.UUID()] = true
		return row.Err()
	}, keys.Value(), wire.Int8(nil, run))
	open := make([]ledger.Intent, 0, len(claimed))
	for i := range intents {
		if key := intents[i].Keys.Request; claimed[key] && last[key] == i {
			open = append(open, intents[i])
		}
	}
	return open, err
}

// deadRuns returns the runs that have open claims to record as lost: those whose store was closed and, in tests, those that are
// presumed dead.
func (l *Ledger) deadRuns(ctx context.Context, c *connect.Conn) (runs []deadRun, err error) {
	const query = "SELECT id, open_from, outcomes, coalesce(last_at, started), state FROM enrich.run WHERE state IN (0, 3) ORDER BY id"
	rows, err := c.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r deadRun
		if err := rows.Scan(&r.id, &r.openFrom, &r.outcomes, &r.last, &r.state); err != nil {
			return nil, err
		}
		if r.state == runLeft || l.options.presumeDead != nil && l.options.presumeDead(r.id) {
			runs = append(runs, r)
		}
	}
	return runs, rows.Err()
}

// takeOverLeft takes over the runs that have ended without an end of their claims.
func (l *Ledger) takeOverLeft(ctx context.Context, runs []deadRun) error {
	for i := range runs {
		lost, ok, err := l.takeOver(ctx, runs[i].id, runs[i].state, anyBeat)
		if err != nil {
			return err
		}
		if ok {
			l.interrupted = append(l.interrupted, lost...)
		}
	}
	return nil
}

// unrecordedCalls are the lost calls that the next run will record: a store that is read only shows them as if it had.
type unrecordedCalls struct {
	outcomes []contact.Outcome
	byKey    map[contact.Key][]int // indexes of outcomes, by the key that identifies a contact
	jobs     []*jobRow             // whose submission is not known to have been accepted
}

// findUnrecorded finds the unrecorded calls. The Ref of each is its index in found, counted backwards from -1.
func (l *Ledger) findUnrecorded(ctx context.Context, c *connect.Conn, runs []deadRun) error {
	l.interrupted, l.unrecorded = nil, unrecordedCalls{byKey: map[contact.Key][]int{}}
	for i := range runs {
		lost, err := lostCalls(ctx, c, &runs[i])
		if err == nil {
			err = l.findUnrecordedJobs(ctx, c, runs[i].id)
		}
		if err != nil {
			return err
		}
		l.interrupted = append(l.interrupted, lost...)
	}
	l.unrecorded.outcomes = l.interrupted
	for i := range l.interrupted {
		key := l.interrupted[i].Keys.By(l.options.ByEmail)
		l.unrecorded.byKey[key] = append(l.unrecorded.byKey[key], i)
	}
	return nil
}

// overlay applies the lost calls to states.
func (u *unrecordedCalls) overlay(keys []contact.Keys, states []ledger.State, byEmail bool) {
	if len(u.outcomes) == 0 {
		return
	}
	for i := range keys {
		for _, n := range u.byKey[keys[i].By(byEmail)] {
			o, s := &u.outcomes[n], &states[i]
			s.ClaimedElsewhere, s.InJob = false, false
			s.Lost = min(s.Lost+1, maxLost)
			if !s.Kind.Answered() {
				s.Kind, s.Ref, s.At = contact.Lost, ledger.Ref(-1-n), o.At
			}
		}
	}
}
