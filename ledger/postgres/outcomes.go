package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

const (
	// maxBodies bounds the answers that one call of Outcomes returns, together, in bytes; a single one may be longer.
	maxBodies = 1 << 20
	// maxReusedBody is the capacity up to which the memory of an outcome's answer is reused, in bytes.
	maxReusedBody = 4 << 10
	// outcomesAtOnce is how many outcomes one query asks for.
	outcomesAtOnce = 256
)

// A record is a row of table outcome. Its texts are valid while it is read.
type record struct {
	outcomeRow
	id  int64
	crc int32
}

const recordColumns = `SELECT o.id, o.run, o.n, coalesce(o.job, 0), o.at, o.crc, o.attempts, o.status, o.kind, o.charged, o.key, o.failure, o.message, o.contact,
	coalesce(convert_to(o.body, 'UTF8'), o.raw) `

// readRecord reads a row of recordColumns.
func readRecord(row *wire.Row) (r record) {
	r.id, r.run, r.n, r.job = row.Int8(), row.Int8(), int64(row.Int4()), row.Int8()
	r.at = wire.ToTime(row.Int8()).UnixMilli()
	r.crc, r.attempts, r.status, r.kind, r.charged = row.Int4(), int64(row.Int4()), int64(row.Int2()), int64(row.Int2()), int64(row.Int2())
	r.key, r.failure, r.message, r.contact, r.body = row.Bytes(), row.Bytes(), row.Bytes(), row.Bytes(), row.Bytes()
	return r
}

// check returns an error if the checksum does not match.
func (r *record) check() error {
	if r.crc != r.sum() {
		return fmt.Errorf("%w: outcome %d: checksum mismatch", ledger.ErrDamaged, r.id)
	}
	return nil
}

// outcome copies the row into an outcome and reuses the memory of its body.
func (r *record) outcome(o *contact.Outcome) {
	*o = contact.Outcome{
		Kind: contact.Kind(r.kind), At: time.UnixMilli(r.at).UTC(), Status: int(r.status), Attempts: int(r.attempts), Charged: r.charged == charged,
		Failure: contact.Failure(r.failure), Message: string(r.message), Body: append(o.Body[:0], r.body...), Run: r.run,
	}
}

// Outcomes reads outcomes by their references: out[i] is that of refs[i]. A reference may occur twice. Contact and Keys are not
// filled. [ledger.ErrDamaged] means that an outcome is missing or has another checksum.
//
// Memory is bounded: if the answers together are larger than 1 MiB, some outcomes are left with Kind 0 and must be read by
// another call. A call with one reference always reads it.
func (l *Ledger) Outcomes(ctx context.Context, refs []ledger.Ref, out []contact.Outcome) error {
	order := make([]int32, 0, len(refs)) // of their references
	for i, ref := range refs {
		out[i] = contact.Outcome{Body: reusable(out[i].Body)}
		if ref < 0 {
			out[i] = l.interrupted[-1-ref]
			continue
		}
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(refs[a], refs[b]) })
	budget := maxBodies
	for part := range slices.Chunk(order, outcomesAtOnce) {
		if budget <= 0 {
			break
		}
		if err := l.readOutcomes(ctx, refs, part, out, &budget); err != nil {
			return err
		}
	}
	return nil
}

func reusable(b []byte) []byte {
	if cap(b) > maxReusedBody {
		return nil
	}
	return b[:0]
}

// readOutcomes reads the outcomes at some indexes, whose references ascend, until budget bytes of answers are used up.
func (l *Ledger) readOutcomes(ctx context.Context, refs []ledger.Ref, indexes []int32, out []contact.Outcome, budget *int) error {
	var ids wire.Array
	ids.BeginInt8s()
	for n, i := range indexes {
		if n == 0 || refs[i] != refs[indexes[n-1]] {
			ids.Int8(int64(refs[i]))
		}
	}
	const query = recordColumns + "FROM unnest($1::bigint[]) AS asked(id) JOIN enrich.outcome AS o ON o.id = asked.id"
	return l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		left, found := *budget, make([]bool, len(indexes))
		err := c.Lookup(ctx, query, func(values [][]byte) error {
			row := wire.NewRow(values)
			r := readRecord(&row)
			if err := errors.Join(row.Err(), r.check()); err != nil {
				return err
			}
			n, _ := slices.BinarySearchFunc(indexes, r.id, func(i int32, id int64) int { return cmp.Compare(int64(refs[i]), id) })
			for ; n < len(indexes) && int64(refs[indexes[n]]) == r.id; n++ {
				found[n] = true
				if left < len(r.body) && left < maxBodies {
					left = 0
					continue
				}
				left -= len(r.body)
				r.outcome(&out[indexes[n]])
			}
			return nil
		}, ids.Value())
		if n := slices.Index(found, false); err == nil && n >= 0 {
			err = fmt.Errorf("%w: outcome %d is missing", ledger.ErrDamaged, refs[indexes[n]])
		}
		*budget = left
		return err
	})
}

// readError is the error of a read that failed.
func readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("read the ledger: %w", explain(err))
}
