package sqlite

import "cmp"

// A run with a slow API commits few outcomes at a time, and opening a ledger costs more for a row of ended than for an outcome
// in it. So after compactAfter rows that have few outcomes, they are compacted into one, in the transaction of the last of
// them. The row has the number of the last one and says how many commits it represents, and how many of those have intents.
const (
	compactAfter = 64
	compactBelow = 8 // outcomes per row, on average
)

// compaction is the state of the rows at the end of ended that may be compacted.
type compaction struct {
	run, job       int64 // the rows are of this run and this job (0: of none)
	after          int64 // and follow this commit
	rows, outcomes int64
}

// due counts one more row and reports whether it must be compacted with those before it. after replaces compactAfter unless it
// is 0.
func (s *compaction) due(c *commitRow, after int) bool {
	if s.run != c.run || s.job != c.job {
		*s = compaction{run: c.run, job: c.job, after: c.id - 1}
	}
	s.rows++
	s.outcomes += c.count()
	if s.rows < int64(cmp.Or(after, compactAfter)) {
		return false
	}
	few := s.outcomes < compactBelow*s.rows
	if !few {
		*s = compaction{run: c.run, job: c.job, after: c.id}
	}
	return few
}

// compact writes a new row together with those before it.
func (l *Ledger) compact(last *commitRow) error {
	var all commitRow
	for stmt, err := range l.rows(l.selectEnded()+" WHERE id > ? ORDER BY id", l.compaction.after) {
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
	if err := l.exec("DELETE FROM ended WHERE id > ?", l.compaction.after); err != nil {
		return err
	}
	l.compaction = compaction{run: last.run, job: last.job, after: last.id}
	return l.stmts.writeEnded(&all)
}

// join adds the row that follows. The commits between the two have only intents.
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
