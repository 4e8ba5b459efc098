package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/states"
)

// load reads the state of each contact, from table ended and the jobs that have not ended, and checks that nothing is missing:
// numbers have no gaps, and each table ends where another one says. It returns the calls that runs left open, unless a run is
// live.
func (l *Ledger) load() (open map[int64][]contact.Outcome, err error) {
	if l.runs, err = l.readRuns(); err != nil {
		return nil, err
	}
	if err := errors.Join(l.loadPruned(), l.loadJobs()); err != nil {
		return nil, err
	}
	lastKept, err := l.loadStates()
	if err != nil {
		return nil, err
	}
	if err := l.checkEnd(lastKept); err != nil {
		return nil, err
	}
	if err := l.loadOpenJobs(); err != nil || l.live {
		return nil, err
	}
	return l.openCalls()
}

// loadPruned reads the numbers that were assigned to what was pruned.
func (l *Ledger) loadPruned() error {
	for stmt, err := range l.rows("SELECT id, at, commits, outcomes, checksum FROM pruned ORDER BY id") {
		if err != nil {
			return err
		}
		id, at, commits, outcomes := stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3)
		if checksum([]int64{id, at, commits, outcomes}) != stmt.ColumnInt64(4) {
			return fmt.Errorf("%w: the record of pruned commits: checksum mismatch", ledger.ErrDamaged)
		}
		l.pruned, l.commit, l.last = commits, commits, outcomes
		l.lastErased = max(l.lastErased, at)
	}
	return nil
}

// loadStates reads table ended and returns its last outcome that was not forgotten.
func (l *Ledger) loadStates() (lastKept int64, err error) {
	states := l.states.Loader()
	defer states.Close()
	for stmt, err := range l.rows(l.selectEnded() + " ORDER BY id") {
		if err != nil {
			return 0, err
		}
		if err := l.loadEnded(stmt, &lastKept, states); err != nil {
			return 0, err
		}
	}
	return lastKept, nil
}

// loadEnded adds the outcomes of one row to the states.
func (l *Ledger) loadEnded(stmt *sqlite3.Stmt, lastKept *int64, states *states.Loader) error {
	c, err := readCommit(stmt)
	if err != nil {
		return err
	}
	if err := l.checkNext(&c); err != nil {
		return err
	}
	if l.outdated() {
		if _, err := l.rekeyRow(&c); err != nil {
			return err
		}
	}
	job := l.jobs[c.job] // nil: none, or it has ended
	for i := 0; i < len(c.keys); i += endedSize {
		e := readEnded(c.keys[i:])
		if job != nil {
			job.loaded = append(job.loaded, e.keys.Request)
		}
		if e.kind != 0 { // 0: forgotten
			*lastKept = c.first + int64(i/endedSize)
			states.Add(e.keys, e.kind, ledger.Ref(*lastKept), e.at)
		}
	}
	return nil
}

// checkNext checks that nothing is missing between a row of ended and the one before it.
func (l *Ledger) checkNext(c *commitRow) error {
	if c.id-c.commits < l.commit || c.first != l.last+1 || !l.hasRun(c.run) || !l.hasJob(c.job) {
		return fmt.Errorf("%w: something is missing before commit %d", ledger.ErrDamaged, c.id)
	}
	l.commit = c.id
	l.last = c.first + c.count() - 1
	l.noteRun(c.run, l.last)
	return nil
}

// noteRun notes that the outcomes up to a number are of a run.
func (l *Ledger) noteRun(run, last int64) {
	if run < l.lastRun {
		l.mixed = last
	}
	l.lastRun = max(l.lastRun, run)
}

// checkEnd checks that table outcome ends where ended says, and finds the last commit.
func (l *Ledger) checkEnd(lastKept int64) error {
	last, err := l.number("SELECT max(id) FROM outcome")
	if err != nil {
		return err
	}
	if last != lastKept {
		return fmt.Errorf("%w: its last outcome is %d, but should be %d", ledger.ErrDamaged, last, lastKept)
	}
	commit, err := l.number("SELECT max(id) FROM asked")
	if err != nil {
		return err
	}
	l.commit = max(l.commit, commit)
	return nil
}

// walk calls do with the commits from a number on, the intents of each before its outcomes, and checks that none is missing.
func (l *Ledger) walk(from int64, do func(*commitRow) error) error {
	merged := fmt.Sprintf(`SELECT id, 0, run, 0, 0, 0, keys, contacts, checksum, %[1]s FROM asked WHERE id >= ?1
		UNION ALL SELECT id, 1, run, first, commits, asked, keys, NULL, checksum, %[1]s FROM ended WHERE id >= ?1 ORDER BY 1, 2`, l.jobColumn())
	last := from - 1  // the last row of ended
	asked := int64(0) // rows of asked after it
	gap := int64(0)   // commits without a row after it
	for stmt, err := range l.rows(merged, from) {
		if err != nil {
			return err
		}
		c := commitRow{
			id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(2), first: stmt.ColumnInt64(3), commits: stmt.ColumnInt64(4),
			asked: stmt.ColumnInt64(5), keys: stmt.ColumnRawBlob(6), job: stmt.ColumnInt64(9),
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
			// Commits between two rows of ended have intents only.
			if before := max(c.id-c.commits-last, 0); before+c.asked != asked {
				return fmt.Errorf("%w: something is missing before commit %d", ledger.ErrDamaged, c.id)
			}
			last, asked, gap = c.id, 0, 0
		}
		switch {
		case !l.hasRun(c.run):
			return fmt.Errorf("%w: commit %d is of run %d, which does not exist", ledger.ErrDamaged, c.id, c.run)
		case !l.hasJob(c.job):
			return fmt.Errorf("%w: commit %d is of job %d, which does not exist", ledger.ErrDamaged, c.id, c.job)
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
		return fmt.Errorf("%w: something is missing after commit %d", ledger.ErrDamaged, last)
	}
	return nil
}
