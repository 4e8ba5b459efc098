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
)

// near is how far apart two outcomes may stand to be read by one step through the file: the rows between them are
// cheaper to pass over than a search from the top.
const near = 8

// Bounds of what one call of [Ledger.Outcomes] returns, in bytes.
const (
	// maxAnswers bounds the answers together; one alone may be longer.
	maxAnswers = 2 << 20
	// keptBody is how large the memory of an outcome's answer may be to be used again.
	keptBody = 8 << 10
)

const readColumns = "SELECT id, run, kind, at, status, attempts, charged, failure, message, contact, body, checksum FROM outcome"

// Outcomes reads outcomes by their references, out[i] that of refs[i]. The same reference may come twice. The fields
// Contact and Keys are not filled. Each row's checksum is looked at: [ledger.ErrDamaged] says that one is not what was written,
// or is not there.
//
// Memory is bounded: if the answers together are larger than 2 MiB, some outcomes are left with Kind 0 and must be read
// by another call. A call for one reference always reads it.
func (l *Ledger) Outcomes(_ context.Context, refs []ledger.Ref, out []contact.Outcome) error {
	l.db.Lock()
	defer l.db.Unlock()
	for i := range out[:len(refs)] {
		out[i] = contact.Outcome{Body: kept(out[i].Body)}
	}
	room := maxAnswers
	places := make([]int32, 0, len(refs))
	for i, ref := range refs {
		if ref < 0 {
			out[i] = l.found[-1-ref]
			continue
		}
		places = append(places, int32(i))
	}
	slices.SortFunc(places, func(a, b int32) int { return cmp.Compare(refs[a], refs[b]) })
	for len(places) > 0 && room > 0 {
		n := 1
		for n < len(places) && refs[places[n]]-refs[places[n-1]] <= near {
			n++
		}
		if err := l.readRange(refs, places[:n], out, &room); err != nil {
			return damaged(err)
		}
		places = places[n:]
	}
	return nil
}

// readRange reads the outcomes at some places, whose references are ascending and near one another, as long as
// there is room for their answers.
func (l *Ledger) readRange(refs []ledger.Ref, places []int32, out []contact.Outcome, room *int) (err error) {
	if l.stmts.read == nil {
		if l.conn == nil {
			return fmt.Errorf("%w: it is not open", ledger.ErrDamaged)
		}
		if l.stmts.read, _, err = l.conn.PrepareFlags(readColumns+" WHERE id BETWEEN ? AND ?", sqlite3.PREPARE_PERSISTENT); err != nil {
			return err
		}
	}
	stmt := l.stmts.read
	first, last := refs[places[0]], refs[places[len(places)-1]]
	if err := errors.Join(stmt.BindInt64(1, int64(first)), stmt.BindInt64(2, int64(last))); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Reset()) }()
	for stmt.Step() {
		id := ledger.Ref(stmt.ColumnInt64(0))
		if len(places) == 0 || refs[places[0]] != id {
			continue
		}
		var r record
		r.read(stmt)
		if r.sum() != stmt.ColumnInt64(11) {
			return fmt.Errorf("%w: outcome %d is not what was written", ledger.ErrDamaged, id)
		}
		for len(places) > 0 && refs[places[0]] == id {
			if *room < len(r.body) && *room < maxAnswers {
				*room = 0
				return nil
			}
			*room -= len(r.body)
			r.fill(&out[places[0]])
			places = places[1:]
		}
	}
	if err := stmt.Err(); err != nil {
		return err
	}
	if len(places) > 0 {
		return fmt.Errorf("%w: outcome %d is not there", ledger.ErrDamaged, refs[places[0]])
	}
	return nil
}

// read takes a row; its texts are SQLite's, and valid until the next step.
func (r *record) read(stmt *sqlite3.Stmt) {
	r.id, r.run, r.kind, r.at = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3)
	r.status, r.attempts, r.charged = stmt.ColumnInt64(4), stmt.ColumnInt64(5), stmt.ColumnInt64(6)
	r.failure, r.message, r.contact, r.body = stmt.ColumnRawText(7), stmt.ColumnRawText(8), stmt.ColumnRawText(9), stmt.ColumnRawText(10)
}

// kept is the memory of an answer if it may be used again.
func kept(b []byte) []byte {
	if cap(b) > keptBody {
		return nil
	}
	return b[:0]
}

// fill makes an outcome of the row, in the memory that the outcome has.
func (r *record) fill(o *contact.Outcome) {
	*o = contact.Outcome{
		Kind: contact.Kind(r.kind), At: moment(r.at), Status: int(r.status), Attempts: int(r.attempts), Charged: r.charged != 0,
		Failure: contact.Failure(r.failure), Message: string(r.message), Body: append(o.Body[:0], r.body...), Run: r.run,
	}
}
