package postgres

import (
	"context"
	"errors"
	"fmt"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// errDo marks an error of a caller's function, which is returned as it is.
type errDo struct{ error }

func (e errDo) Unwrap() error { return e.error }

// Each calls do with every outcome in the order of their numbers, until do returns an error, and returns that error. The record is
// valid until do returns; do must not use the ledger. The record's Keys are not filled. [ledger.ErrDamaged] means that the
// checksum of an outcome does not match.
func (l *Ledger) Each(ctx context.Context, do func(*ledger.Record) error) error {
	if err := ctx.Err(); err != nil || l.version == 0 {
		return err
	}
	var out ledger.Record
	const query = recordColumns + ", r.url FROM enrich.outcome AS o LEFT JOIN enrich.run AS r ON r.id = o.run WHERE o.id > $1 ORDER BY o.id"
	err := l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		// After a broken connection it continues behind the last record.
		return c.Lookup(ctx, query, func(values [][]byte) error {
			row := wire.NewRow(values)
			r := readRecord(&row)
			url := row.Bytes()
			if err := errors.Join(row.Err(), r.check()); err != nil {
				return err
			}
			if url == nil {
				return fmt.Errorf("%w: outcome %d is of run %d, which does not exist", ledger.ErrDamaged, r.id, r.run)
			}
			r.outcome(&out.Outcome)
			out.ID, out.URL, out.Contact = r.id, string(url), contact.ParseJSON(r.contact)
			if err := do(&out); err != nil {
				return errDo{err}
			}
			return nil
		}, wire.Int8(nil, out.ID))
	})
	var own errDo
	if errors.As(err, &own) {
		return own.error
	}
	return err
}
