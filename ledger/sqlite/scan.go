package sqlite

import (
	"context"
	"fmt"

	"enrich/contact"
	"enrich/ledger"
)

// Each calls do with every outcome in the order of commits, until it returns an error, and returns that. The record is
// valid until do returns, which must not use the ledger; its Keys are not filled. [ledger.ErrDamaged] says that one is not what was written.
func (l *Ledger) Each(ctx context.Context, do func(*ledger.Record) error) error {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return nil // read only, and nothing there
	}
	var out ledger.Record
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
			return fmt.Errorf("%w: outcome %d is not what was written", ledger.ErrDamaged, r.id)
		}
		r.fill(&out.Outcome)
		if r.run < 1 || r.run > int64(len(l.runs)) {
			return fmt.Errorf("%w: outcome %d is of run %d, which is not there", ledger.ErrDamaged, r.id, r.run)
		}
		out.ID, out.URL, out.Contact = r.id, l.runs[r.run-1].URL, contact.ParseJSON(r.contact)
		if err := do(&out); err != nil {
			return err
		}
	}
	return nil
}
