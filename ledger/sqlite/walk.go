package sqlite

import (
	"fmt"

	"enrich/ledger"

	"github.com/ncruces/go-sqlite3"
)

// A commitRow is a row of ended or, with contacts, of asked. It is valid until the next one.
type commitRow struct {
	id, run, first int64
	// commits is how many commits a row of ended is made of, up to its own number (see pack), and asked how many of
	// them have intents.
	commits, asked int64
	keys, contacts []byte
}

const (
	endedColumns = "SELECT id, run, first, commits, asked, keys, checksum FROM ended"
	readEnds     = endedColumns + " ORDER BY id"
)

// readCommit takes a row of ended.
func readCommit(stmt *sqlite3.Stmt) (commitRow, error) {
	c := commitRow{
		id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(1), first: stmt.ColumnInt64(2),
		commits: stmt.ColumnInt64(3), asked: stmt.ColumnInt64(4), keys: stmt.ColumnRawBlob(5),
	}
	return c, c.check(stmt.ColumnInt64(6))
}

// check says whether it is what was written.
func (c *commitRow) check(sum int64) error {
	if c.contacts != nil {
		return checkAsked(c.id, c.run, c.keys, c.contacts, sum)
	}
	if len(c.keys)%endedSize != 0 || c.sum() != sum {
		return fmt.Errorf("%w: the outcomes of commit %d are not what was written", ledger.ErrDamaged, c.id)
	}
	return nil
}

func (c *commitRow) sum() int64 {
	return checksum([]int64{c.id, c.run, c.first, c.commits, c.asked}, c.keys)
}

// count is how many outcomes it holds.
func (c *commitRow) count() int64 { return int64(len(c.keys) / endedSize) }

// walk goes through the commits from a number on, the intents of each before its outcomes, and checks that none is
// missing.
func (l *Ledger) walk(from int64, do func(*commitRow) error) error {
	const merged = `SELECT id, 0, run, 0, 0, 0, keys, contacts, checksum FROM asked WHERE id >= ?1
		UNION ALL SELECT id, 1, run, first, commits, asked, keys, NULL, checksum FROM ended WHERE id >= ?1 ORDER BY 1, 2`
	last, asked, gap := from-1, int64(0), int64(0) // the last row of ended; rows of asked since; numbers without one
	for stmt, err := range l.rows(merged, from) {
		if err != nil {
			return err
		}
		c := commitRow{
			id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(2), first: stmt.ColumnInt64(3), commits: stmt.ColumnInt64(4),
			asked: stmt.ColumnInt64(5), keys: stmt.ColumnRawBlob(6),
		}
		if stmt.ColumnInt64(1) == 0 {
			c.contacts = stmt.ColumnRawText(7)
			asked++
			gap = c.id - last - asked
		}
		if err := c.check(stmt.ColumnInt64(8)); err != nil {
			return err
		}
		if c.contacts == nil {
			// Before those that it is made of, each commit has intents.
			if before := max(c.id-c.commits-last, 0); before+c.asked != asked {
				return fmt.Errorf("%w: something is missing before commit %d", ledger.ErrDamaged, c.id)
			}
			last, asked, gap = c.id, 0, 0
		}
		if c.run < 1 || c.run > int64(len(l.runs)) {
			return fmt.Errorf("%w: commit %d is of run %d, which is not there", ledger.ErrDamaged, c.id, c.run)
		}
		if l.outdated() {
			if _, err := l.rekeyRow(&c); err != nil {
				return err
			}
		}
		if err := do(&c); err != nil {
			return err
		}
	}
	if gap != 0 {
		return fmt.Errorf("%w: something is missing behind commit %d", ledger.ErrDamaged, last)
	}
	return nil
}
