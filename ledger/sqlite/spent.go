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

// maybeCharged is true of an outcome that may have been charged. The ledger does not store whether a charge was known: it
// follows from the answer's body. A 404 is an error of the API, which is never charged.
const maybeCharged = `(kind = 4 OR kind = 2 AND NOT charged AND status <> 404 AND charge_unknown(body))`

// addFunctions defines the SQL functions that queries use. charge_unknown reports whether an answer does not say if it was
// charged. It must agree with the run, which counts by the same parser: SQLite's own JSON functions take 0.0 for 0, and the
// first of two members. A body that cannot be parsed counts as the expensive case.
func (l *Ledger) addFunctions() error {
	return l.conn.CreateFunction("charge_unknown", 1, sqlite3.DETERMINISTIC|sqlite3.DIRECTONLY, func(ctx sqlite3.Context, body ...sqlite3.Value) {
		a, err := contact.ParseAnswer(body[0].RawBlob())
		ctx.ResultBool(err != nil || a.ChargeUnknown)
	})
}

// dayMS is a day in milliseconds. Unix time has no leap seconds, so each UTC day is this long.
const dayMS = int64(24 * time.Hour / time.Millisecond)

// SpentSince returns what all runs spent since a moment, including what was forgotten or pruned. The moment must be the
// beginning of a day of UTC, because the cost of what was removed is kept by the day.
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
	if l.options.ReadOnly { // the next run will write them
		for i := range l.interrupted {
			if !l.interrupted[i].At.Before(since) {
				s.MaybeCharged++
			}
		}
	}
	from, err := l.firstSince(since.UnixMilli())
	if err != nil {
		return s, damaged(err)
	}
	// One query, so that what a run commits beside it is not counted twice.
	query := "SELECT coalesce(sum(charged), 0), coalesce(sum(" + maybeCharged + "), 0) + " + l.pendingInJobs() +
		" FROM outcome WHERE id >= ? AND at >= ? AND (charged OR kind IN (2, 4))"
	for stmt, err := range l.rows(query, from, since.UnixMilli()) {
		if err != nil {
			return s, damaged(err)
		}
		s.Add(ledger.Spent{Charged: stmt.ColumnInt64(0), MaybeCharged: stmt.ColumnInt64(1)})
	}
	return s, nil
}

// pendingInJobs is the SQL expression for how many contacts wait for the results of a job. Each may be charged, whenever its job
// was submitted. The contacts of a submitted job whose run died are lost calls; for a reader they are in interrupted.
func (l *Ledger) pendingInJobs() string {
	switch {
	case l.version < jobVersion:
		return "0"
	case l.options.ReadOnly && !l.live:
		return "(SELECT coalesce(sum(pending), 0) FROM job WHERE state = 'open')"
	}
	return "(SELECT coalesce(sum(pending), 0) FROM job WHERE state IN ('submitted', 'open'))"
}

// firstSince returns a number such that no earlier outcome is of a run that was active after a moment: the runs of a ledger
// follow one another, and so do the numbers of their outcomes, but for those that were copied from a ledger of many machines.
func (l *Ledger) firstSince(ms int64) (int64, error) {
	run := len(l.runs)
	for run > 1 && l.runs[run-1].Started.UnixMilli() >= ms {
		run--
	}
	first, err := l.firstOutcome(int64(run))
	if first <= l.mixed+1 {
		first = 1
	}
	return first, err
}

// firstOutcome returns the number of the first outcome of a run or a later one, among those whose runs ascend.
func (l *Ledger) firstOutcome(run int64) (int64, error) {
	low, high := l.mixed+1, l.last+1 // not sort.Search: an int may have 32 bits
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

// AnsweredFrom reports whether the ledger has an answer from a base URL (normalised, as in [ledger.Run]). Then a 404 of that API
// means a contact that it does not know, and not a wrong URL. Answers that were 404s do not count: they prove nothing.
//
// It looks at the outcomes of the runs with that URL, the newest first, and ends at the first answer.
func (l *Ledger) AnsweredFrom(_ context.Context, url string) (bool, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil || l.Answers() == 0 {
		return false, nil
	}
	next := l.last + 1
	for i := len(l.runs) - 1; i >= 0; i-- {
		first, err := l.firstOutcome(l.runs[i].id)
		if err != nil {
			return false, damaged(err)
		}
		if l.runs[i].URL == url && first < next {
			const query = "SELECT EXISTS(SELECT 1 FROM outcome WHERE id >= ? AND id < ? AND kind IN (1, 2) AND status BETWEEN 200 AND 299)"
			found, err := l.number(query, first, next)
			if err != nil {
				return false, damaged(fmt.Errorf("look for an answer of run %d: %w", l.runs[i].id, err))
			}
			if found != 0 {
				return true, nil
			}
		}
		next = first
	}
	return l.answeredInMixed(url)
}

// answeredInMixed is AnsweredFrom for the outcomes whose runs need not ascend.
func (l *Ledger) answeredInMixed(url string) (bool, error) {
	const query = "SELECT DISTINCT run FROM outcome WHERE id <= ? AND kind IN (1, 2) AND status BETWEEN 200 AND 299"
	for stmt, err := range l.rows(query, l.mixed) {
		if err != nil {
			return false, damaged(fmt.Errorf("look for an answer: %w", err))
		}
		if run := stmt.ColumnInt64(0); l.hasRun(run) && l.runs[run-1].URL == url {
			return true, nil
		}
	}
	return false, nil
}

// erasedSince returns the cost of outcomes that were removed and had ended on a day or later.
func (l *Ledger) erasedSince(day int64) (s ledger.Spent, err error) {
	exists, err := l.number("SELECT count(*) FROM sqlite_schema WHERE name = 'erased'")
	if err != nil || exists == 0 { // it is only read, and has version 1
		return s, err
	}
	for stmt, err := range l.rows("SELECT day, charged, lost, checksum FROM erased WHERE day >= ?", day) {
		if err != nil {
			return s, damaged(err)
		}
		row, err := readErased(stmt)
		if err != nil {
			return s, err
		}
		s.Add(row)
	}
	return s, nil
}

func readErased(stmt *sqlite3.Stmt) (ledger.Spent, error) {
	day, s := stmt.ColumnInt64(0), ledger.Spent{Charged: stmt.ColumnInt64(1), MaybeCharged: stmt.ColumnInt64(2)}
	if erasedSum(day, s) != stmt.ColumnInt64(3) {
		return s, fmt.Errorf("%w: the cost of erased outcomes of day %d: checksum mismatch", ledger.ErrDamaged, day)
	}
	return s, nil
}

func erasedSum(day int64, s ledger.Spent) int64 {
	return checksum([]int64{day, s.Charged, s.MaybeCharged})
}

// addCost adds up the cost of outcomes that are about to be removed.
func (e *erasure) addCost(condition string, id int64) error {
	query := fmt.Sprintf("SELECT at / %d, sum(charged), sum(%s) FROM outcome WHERE %s AND (charged OR kind IN (2, 4)) GROUP BY 1", dayMS, maybeCharged, condition)
	for stmt, err := range e.rows(query, id) {
		if err != nil {
			return err
		}
		day := stmt.ColumnInt64(0)
		s := e.cost[day]
		s.Add(ledger.Spent{Charged: stmt.ColumnInt64(1), MaybeCharged: stmt.ColumnInt64(2)})
		e.cost[day] = s
	}
	return nil
}

// recordCost adds the cost to what was erased before.
func (e *erasure) recordCost() (all error) {
	for day, s := range e.cost {
		for stmt, err := range e.rows("SELECT day, charged, lost, checksum FROM erased WHERE day = ?", day) {
			if err != nil {
				return err
			}
			before, err := readErased(stmt)
			if err != nil {
				return err
			}
			s.Add(before)
		}
		all = errors.Join(all, e.exec("INSERT OR REPLACE INTO erased VALUES(?,?,?,?)", day, s.Charged, s.MaybeCharged, erasedSum(day, s)))
	}
	return all
}
