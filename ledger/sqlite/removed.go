package sqlite

import (
	"time"

	"enrich/ledger"
)

// Removed returns when something was last forgotten or pruned, to the millisecond; the zero time if nothing ever was.
// Outputs that are older may contain what had to be deleted.
//
// Versions before this method recorded only the time of a prune.
func (l *Ledger) Removed() time.Time {
	if l.removed == 0 {
		return time.Time{}
	}
	return moment(l.removed)
}

// keepTime records when something was removed, unless a row of pruned says so already. The row repeats the numbers of
// the one before it: it prunes nothing, and names nobody.
func (e *erasure) keepTime() error {
	if e.n == (ledger.Erased{}) || e.dated {
		return nil
	}
	var last, commits, outcomes int64
	for stmt, err := range e.rows("SELECT id, commits, outcomes FROM pruned ORDER BY id DESC LIMIT 1") {
		if err != nil {
			return err
		}
		last, commits, outcomes = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)
	}
	row := []int64{last + 1, time.Now().UnixMilli(), commits, outcomes}
	return e.exec("INSERT INTO pruned VALUES(?,?,?,?,?)", append(row, checksum(row))...)
}
