package postgres

import (
	"cmp"
	"context"
	"slices"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// maxLost bounds State.Lost.
const maxLost = 15

const (
	stateColumns = "i::integer, c.ref, c.at, c.generation, coalesce(c.claim, 0), c.kind, c.lost"
	byRequest    = "SELECT " + stateColumns + " FROM unnest($1::uuid[]) WITH ORDINALITY AS asked(key, i) JOIN enrich.contact AS c ON c.key = asked.key"
	byEmail      = "SELECT " + stateColumns + " FROM unnest($1::uuid[]) WITH ORDINALITY AS asked(email, i) JOIN enrich.contact AS c ON c.email = asked.email"
)

// States looks contacts up by their keys: states[i] is the state of keys[i]. All of one call are of one moment.
func (l *Ledger) States(ctx context.Context, keys []contact.Keys, states []ledger.State) error {
	clear(states[:len(keys)])
	if len(keys) == 0 || l.version == 0 {
		return nil
	}
	run, own := l.ownRun()
	rows := make([][]stateRow, 0)
	if l.options.ByEmail {
		rows = make([][]stateRow, len(keys))
	}
	return l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		clear(states[:len(keys)])
		clear(rows)
		err := l.lookup(ctx, c, keys, func(i int, s stateRow) {
			if l.options.ByEmail {
				rows[i] = append(rows[i], s)
				return
			}
			s.fill(&states[i], run, own)
		})
		for i := range rows {
			fillAddress(&states[i], rows[i], run, own)
		}
		l.unrecorded.overlay(keys, states, l.options.ByEmail)
		return err
	})
}

// ownRun returns the run of this store, and the values of contact.generation that count as this run.
func (l *Ledger) ownRun() (id int64, own []int64) {
	l.selfMu.Lock()
	defer l.selfMu.Unlock()
	return l.self, l.own
}

// read runs lookups on the connection for reading, again if it breaks.
func (l *Ledger) read(ctx context.Context, do func(context.Context, *connect.Conn) error) error {
	err := connect.Retry(ctx, l.policy, func(ctx context.Context) error {
		return l.reader.Use(ctx, func(c *connect.Conn) error { return do(ctx, c) })
	})
	if err != nil {
		return readError(ctx, err)
	}
	return nil
}

// lookup asks for the rows of contacts.
func (l *Ledger) lookup(ctx context.Context, c *connect.Conn, keys []contact.Keys, found func(int, stateRow)) error {
	var asked wire.Array
	asked.BeginUUIDs()
	for i := range keys {
		asked.UUID(keys[i].By(l.options.ByEmail))
	}
	query := byRequest
	if l.options.ByEmail {
		query = byEmail
	}
	return c.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		i := int(row.Int4()) - 1
		found(i, stateRow{ref: row.Int8(), at: row.Int8(), generation: row.Int8(), claim: row.Int8(), kind: contact.Kind(row.Int2()), lost: row.Int8s()})
		return row.Err()
	}, asked.Value())
}

// A stateRow is a row of table contact.
type stateRow struct {
	ref, at, generation, claim int64
	kind                       contact.Kind
	lost                       []int64 // the numbers of the outcomes, ascending
}

// fill fills the state of one request. run is that of this store.
func (r *stateRow) fill(s *ledger.State, run int64, own []int64) {
	s.ClaimedElsewhere = r.claim > 0 && r.claim != run
	s.InJob = r.claim < 0
	if r.kind == 0 {
		return
	}
	s.Kind, s.Ref, s.At, s.Lost = r.kind, ledger.Ref(r.ref), wire.ToTime(r.at), min(len(r.lost), maxLost)
	s.DoneThisRun = slices.Contains(own, r.generation)
}

// fillAddress fills the state of an address from the rows of its requests: the latest answer of any of them, or the latest outcome.
func fillAddress(s *ledger.State, rows []stateRow, run int64, own []int64) {
	slices.SortFunc(rows, func(a, b stateRow) int {
		return cmp.Or(boolCompare(a.kind.Answered(), b.kind.Answered()), cmp.Compare(a.ref, b.ref))
	})
	for i := range rows { // the last one counts
		var one ledger.State
		rows[i].fill(&one, run, own)
		one.ClaimedElsewhere = one.ClaimedElsewhere || s.ClaimedElsewhere
		one.InJob = one.InJob || s.InJob
		one.DoneThisRun = one.DoneThisRun || s.DoneThisRun
		if one.Kind == 0 {
			one.Kind, one.Ref, one.At = s.Kind, s.Ref, s.At
		}
		*s = one
	}
	s.Lost = 0
	for i := range rows {
		for _, ref := range rows[i].lost {
			if !s.Kind.Answered() || ref > int64(s.Ref) {
				s.Lost++
			}
		}
	}
	s.Lost = min(s.Lost, maxLost)
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
