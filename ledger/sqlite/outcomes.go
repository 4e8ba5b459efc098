package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/wal"
)

const (
	// maxGap is how many outcomes apart two references may be to be read by one query: reading the rows between them is
	// cheaper than another search.
	maxGap = 8
	// longRange is how many outcomes apart the ends of a range are for which the file is read ahead.
	longRange = 64
	// maxBodies bounds the answers that one call of Outcomes returns, together, in bytes; a single one may be longer.
	maxBodies = 1 << 20
	// maxReusedBody is the capacity up to which the memory of an outcome's answer is reused, in bytes.
	maxReusedBody = 4 << 10
)

// Outcomes reads outcomes by their references: out[i] is that of refs[i]. A reference may occur twice. Contact and Keys are not
// filled. [ledger.ErrDamaged] means that an outcome is missing or has another checksum.
//
// Memory is bounded: if the answers together are larger than 1 MiB, some outcomes are left with Kind 0 and must be read by
// another call. A call with one reference always reads it.
func (l *Ledger) Outcomes(_ context.Context, refs []ledger.Ref, out []contact.Outcome) error {
	l.db.Lock()
	defer l.db.Unlock()
	for i := range out[:len(refs)] {
		out[i] = contact.Outcome{Body: reusable(out[i].Body)}
	}
	indexes := make([]int32, 0, len(refs)) // in the order of their references
	for i, ref := range refs {
		if ref < 0 {
			out[i] = l.interrupted[-1-ref]
			continue
		}
		indexes = append(indexes, int32(i))
	}
	slices.SortFunc(indexes, func(a, b int32) int { return cmp.Compare(refs[a], refs[b]) })
	budget := maxBodies
	for len(indexes) > 0 && budget > 0 {
		n := 1
		for n < len(indexes) && refs[indexes[n]]-refs[indexes[n-1]] <= maxGap {
			n++
		}
		if err := l.readRange(refs, indexes[:n], out, &budget); err != nil {
			return damaged(err)
		}
		indexes = indexes[n:]
	}
	return nil
}

func reusable(b []byte) []byte {
	if cap(b) > maxReusedBody {
		return nil
	}
	return b[:0]
}

// readRange reads the outcomes at some indexes, whose references ascend, by one query. It stops when budget bytes of answers
// are used up.
func (l *Ledger) readRange(refs []ledger.Ref, indexes []int32, out []contact.Outcome, budget *int) (err error) {
	stmt, err := l.rangeStatement(refs[indexes[0]], refs[indexes[len(indexes)-1]])
	if err != nil {
		return err
	}
	long := refs[indexes[len(indexes)-1]]-refs[indexes[0]] >= longRange
	defer func() {
		if long {
			err = errors.Join(err, wal.SetReadAhead(l.conn, false))
		}
		if reset := stmt.Reset(); err == nil { // otherwise it repeats the error of the step
			err = reset
		}
	}()
	for first := true; stmt.Step(); first = false {
		if first && long { // the first row is read: the transaction has begun
			if err := wal.SetReadAhead(l.conn, true); err != nil {
				return err
			}
		}
		ref := ledger.Ref(stmt.ColumnInt64(0))
		if len(indexes) == 0 || refs[indexes[0]] != ref {
			continue
		}
		var r record
		if !r.read(stmt) {
			return r.damaged()
		}
		for len(indexes) > 0 && refs[indexes[0]] == ref {
			if *budget < len(r.body) && *budget < maxBodies {
				*budget = 0
				return nil
			}
			*budget -= len(r.body)
			r.outcome(&out[indexes[0]])
			indexes = indexes[1:]
		}
	}
	if err := stmt.Err(); err != nil {
		return err
	}
	if len(indexes) > 0 {
		return fmt.Errorf("%w: outcome %d is missing", ledger.ErrDamaged, refs[indexes[0]])
	}
	return nil
}

// rangeStatement returns the query for a range of outcomes.
func (l *Ledger) rangeStatement(first, last ledger.Ref) (*sqlite3.Stmt, error) {
	if l.stmts.read == nil {
		if l.conn == nil {
			return nil, fmt.Errorf("%w: it is not open", ledger.ErrDamaged)
		}
		var err error
		if l.stmts.read, _, err = l.conn.PrepareFlags(recordColumns+" WHERE id BETWEEN ? AND ?", sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
	}
	b := binder{stmt: l.stmts.read}
	b.int(int64(first))
	b.int(int64(last))
	return b.stmt, b.err
}

// Each calls do with every outcome in the order of commits, until do returns an error, and returns that error. The record is
// valid until do returns; do must not use the ledger. The record's Keys are not filled. [ledger.ErrDamaged] means that the
// checksum of an outcome does not match.
func (l *Ledger) Each(ctx context.Context, do func(*ledger.Record) error) error {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return nil // read only, and there is no file
	}
	var out ledger.Record
	for stmt, err := range l.rows(recordColumns + " ORDER BY id") {
		if err != nil {
			return damaged(err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var r record
		if !r.read(stmt) {
			return r.damaged()
		}
		if !l.hasRun(r.run) {
			return fmt.Errorf("%w: outcome %d is of run %d, which does not exist", ledger.ErrDamaged, r.id, r.run)
		}
		r.outcome(&out.Outcome)
		out.ID, out.URL, out.Contact = r.id, l.runs[r.run-1].URL, contact.ParseJSON(r.contact)
		if err := do(&out); err != nil {
			return err
		}
	}
	return nil
}
