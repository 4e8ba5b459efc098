package sqlite

import "cmp"

// A run with a slow API commits few outcomes at a time, and opening a ledger costs more for a row of ended than for an
// outcome in it. So after packRows rows that hold few outcomes they are made one row, in the transaction of the last of
// them. It has that one's number, and says how many commits it is made of, and how many of those have intents.
const (
	packRows = 64
	packFew  = 8 // on average
)

// small is the rows at the end of ended that may be packed.
type small struct {
	run, after     int64 // theirs, and the commit before them
	rows, outcomes int64
}

// packs counts one more row, and says whether it is to be packed with those before it.
func (l *Ledger) packs(c *commitRow) bool {
	s := &l.small
	if s.run != c.run {
		*s = small{run: c.run, after: c.id - 1}
	}
	s.rows++
	s.outcomes += c.count()
	if s.rows < int64(cmp.Or(l.options.packRows, packRows)) {
		return false
	}
	few := s.outcomes < packFew*s.rows
	if !few {
		*s = small{run: c.run, after: c.id}
	}
	return few
}

// pack puts a new row together with those before it.
func (l *Ledger) pack(last *commitRow) error {
	var all commitRow
	for stmt, err := range l.rows(endedColumns+" WHERE id > ? ORDER BY id", l.small.after) {
		if err != nil {
			return err
		}
		c, err := readCommit(stmt)
		if err != nil {
			return err
		}
		all.join(&c)
	}
	all.join(last)
	if err := l.exec("DELETE FROM ended WHERE id > ?", l.small.after); err != nil {
		return err
	}
	l.small = small{run: last.run, after: last.id}
	return l.stmts.writeEnded(&all)
}

// join takes the row that follows. The commits between the two have intents and nothing else.
func (c *commitRow) join(next *commitRow) {
	if c.commits == 0 {
		*c = *next
		c.keys = append([]byte(nil), next.keys...)
		return
	}
	between := next.id - next.commits - c.id
	c.id, c.commits, c.asked = next.id, c.commits+between+next.commits, c.asked+between+next.asked
	c.keys = append(c.keys, next.keys...)
}
