package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
)

// perhaps is true of an outcome that may have been charged. The ledger does not store whether a charge was known: it follows
// from the answer's body. A 404 is an error of the API, which is never charged.
const perhaps = `(kind = 4 OR kind = 2 AND NOT charged AND status <> 404 AND charge_unknown(body))`

// addFunctions defines the SQL functions that queries use. charge_unknown reports whether an answer does not say if it was
// charged. It must agree with the run, which counts by the same parser: SQLite's own JSON functions take 0.0 for 0, and the
// first of two members. A body that cannot be read counts as the expensive case.
func (l *Ledger) addFunctions() error {
	return l.conn.CreateFunction("charge_unknown", 1, sqlite3.DETERMINISTIC|sqlite3.DIRECTONLY, func(ctx sqlite3.Context, body ...sqlite3.Value) {
		a, err := contact.ParseAnswer(body[0].RawBlob())
		ctx.ResultBool(err != nil || a.ChargeUnknown)
	})
}

// dayMS is a day in milliseconds. A day of UTC has no other length, as times since 1970 are counted.
const dayMS = int64(24 * time.Hour / time.Millisecond)

// SpentSince is what all runs spent from a moment on, also what was forgotten or pruned since. The moment must be the
// beginning of a day of UTC: what was removed is kept by the day. It reads the outcomes of the runs that ended since.
func (l *Ledger) SpentSince(_ context.Context, since time.Time) (ledger.Spent, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return ledger.Spent{}, nil
	}
	s, err := l.erasedSince(since.UnixMilli() / dayMS)
	if err != nil {
		return s, err
	}
	if l.options.ReadOnly { // a run will write them
		for i := range l.found {
			if !l.found[i].At.Before(since) {
				s.Lost++
			}
		}
	}
	from, err := l.firstSince(since.UnixMilli())
	if err != nil {
		return s, damaged(err)
	}
	const query = "SELECT coalesce(sum(charged), 0), coalesce(sum(" + perhaps + "), 0) FROM outcome WHERE id >= ? AND at >= ? AND (charged OR kind IN (2, 4))"
	for stmt, err := range l.rows(query, from, since.UnixMilli()) {
		if err != nil {
			return s, damaged(err)
		}
		s.Add(ledger.Spent{Charged: stmt.ColumnInt64(0), Lost: stmt.ColumnInt64(1)})
	}
	return s, nil
}

// firstSince is a number before which no outcome can be of a run that was under way since a moment: runs of a ledger
// follow one another, and so do the numbers of their outcomes.
func (l *Ledger) firstSince(ms int64) (int64, error) {
	run := len(l.runs)
	for run > 1 && l.runs[run-1].Started.UnixMilli() >= ms {
		run--
	}
	return l.firstOf(int64(run))
}

// firstOf is the number of the first outcome of a run or a later one.
func (l *Ledger) firstOf(run int64) (int64, error) {
	low, high := int64(1), l.last+1 // not sort.Search: an int may have 32 bits
	for low < high {
		middle := low + (high-low)/2
		of, err := l.number("SELECT coalesce((SELECT run FROM outcome WHERE id >= ? ORDER BY id LIMIT 1), 1 << 62)", middle)
		if err != nil {
			return 0, err
		}
		if of >= run {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}

// erasedSince is the cost of what was removed and had ended on a day or later.
func (l *Ledger) erasedSince(day int64) (s ledger.Spent, err error) {
	there, err := l.number("SELECT count(*) FROM sqlite_schema WHERE name = 'erased'")
	if err != nil || there == 0 { // it was only read, and has version 1
		return s, err
	}
	for stmt, err := range l.rows("SELECT day, charged, lost, checksum FROM erased WHERE day >= ?", day) {
		if err != nil {
			return s, damaged(err)
		}
		row := ledger.Spent{Charged: stmt.ColumnInt64(1), Lost: stmt.ColumnInt64(2)}
		if erasedSum(stmt.ColumnInt64(0), row) != stmt.ColumnInt64(3) {
			return s, fmt.Errorf("%w: what was erased of day %d is not what was written", ledger.ErrDamaged, stmt.ColumnInt64(0))
		}
		s.Add(row)
	}
	return s, nil
}

func erasedSum(day int64, s ledger.Spent) int64 { return checksum([]int64{day, s.Charged, s.Lost}) }

// addCost notes what the outcomes cost that are about to go.
func (e *erasure) addCost(which string, id int64) error {
	query := fmt.Sprintf("SELECT at / %d, sum(charged), sum(%s) FROM outcome WHERE %s AND (charged OR kind IN (2, 4)) GROUP BY 1", dayMS, perhaps, which)
	for stmt, err := range e.rows(query, id) {
		if err != nil {
			return err
		}
		day := stmt.ColumnInt64(0)
		s := e.cost[day]
		s.Add(ledger.Spent{Charged: stmt.ColumnInt64(1), Lost: stmt.ColumnInt64(2)})
		e.cost[day] = s
	}
	return nil
}

// keepCost adds it to what was erased before.
func (e *erasure) keepCost() (all error) {
	for day, s := range e.cost {
		var before ledger.Spent
		for stmt, err := range e.rows("SELECT charged, lost, checksum FROM erased WHERE day = ?", day) {
			if err != nil {
				return err
			}
			before = ledger.Spent{Charged: stmt.ColumnInt64(0), Lost: stmt.ColumnInt64(1)}
			if erasedSum(day, before) != stmt.ColumnInt64(2) {
				return fmt.Errorf("%w: what was erased of day %d is not what was written", ledger.ErrDamaged, day)
			}
		}
		s.Add(before)
		all = errors.Join(all, e.exec("INSERT OR REPLACE INTO erased VALUES(?,?,?,?)", day, s.Charged, s.Lost, erasedSum(day, s)))
	}
	return all
}
