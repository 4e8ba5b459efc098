package ledger

import (
	"context"
	"fmt"

	"enrich/contact"
)

// A Record is an outcome as the file holds it, for those who read all of it.
type Record struct {
	// ID is its number in the file, from 1, in the order of commits.
	ID int64
	// URL is the API that was asked.
	URL string
	contact.Outcome
}

// Each calls do with every outcome in the order of commits, until it returns an error, and returns that. The record is
// valid until do returns, which must not use the ledger; its Keys are not filled. ErrDamaged says that one is not what was written.
func (l *Ledger) Each(ctx context.Context, do func(*Record) error) error {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return nil // read only, and nothing there
	}
	var out Record
	for stmt, err := range l.rows(readColumns + " ORDER BY id") {
		if err != nil {
			return damaged(err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var r record
		r.read(stmt)
		if r.sum() != stmt.ColumnInt64(11) {
			return fmt.Errorf("%w: outcome %d is not what was written", ErrDamaged, r.id)
		}
		r.fill(&out.Outcome)
		if r.run < 1 || r.run > int64(len(l.runs)) {
			return fmt.Errorf("%w: outcome %d is of run %d, which is not there", ErrDamaged, r.id, r.run)
		}
		out.ID, out.URL, out.Contact = r.id, l.runs[r.run-1].URL, contact.ParseJSON(r.contact)
		if err := do(&out); err != nil {
			return err
		}
	}
	return nil
}
