package sqlite

import (
	"errors"
	"fmt"
	"iter"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
)

// rows runs a query with arguments and yields each row; an error comes last. The statement is closed at the end.
func (l *Ledger) rows(query string, args ...int64) iter.Seq2[*sqlite3.Stmt, error] {
	return func(yield func(*sqlite3.Stmt, error) bool) {
		stmt, _, err := l.conn.Prepare(query)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = stmt.Close() }() // what went wrong was yielded
		for i, a := range args {
			if err := stmt.BindInt64(i+1, a); err != nil {
				yield(nil, err)
				return
			}
		}
		for stmt.Step() {
			if !yield(stmt, nil) {
				return
			}
		}
		if err := stmt.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// load reads what is known of each contact, from ended alone, and checks that nothing of it is missing: numbers have no
// gaps, and each table ends where another one says. It returns what runs left open.
func (l *Ledger) load(live bool) (open map[int64][]contact.Outcome, err error) {
	if l.runs, err = l.readRuns(); err != nil {
		return nil, err
	}
	if err := l.loadPruned(); err != nil {
		return nil, err
	}
	l.addresses.wanted = l.options.Addresses
	var kept int64 // the last outcome that was not forgotten
	for stmt, err := range l.rows(readEnds) {
		if err != nil {
			return nil, err
		}
		if err := l.loadEnded(stmt, &kept); err != nil {
			return nil, err
		}
	}
	if err := l.ends(kept); err != nil || live {
		return nil, err
	}
	return l.leftOpen()
}

// loadPruned takes the numbers that were given to what is no longer there.
func (l *Ledger) loadPruned() error {
	for stmt, err := range l.rows("SELECT id, at, commits, outcomes, checksum FROM pruned ORDER BY id") {
		if err != nil {
			return err
		}
		id, at, commits, outcomes := stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3)
		if checksum([]int64{id, at, commits, outcomes}) != stmt.ColumnInt64(4) {
			return fmt.Errorf("%w: what was pruned is not what was written", ledger.ErrDamaged)
		}
		l.pruned, l.commit, l.last = commits, commits, outcomes
		l.removed = max(l.removed, at)
	}
	return nil
}

// loadEnded takes one row's outcomes into the state.
func (l *Ledger) loadEnded(stmt *sqlite3.Stmt, kept *int64) error {
	c, err := readCommit(stmt)
	if err != nil {
		return err
	}
	if err := l.follow(&c); err != nil {
		return err
	}
	if l.outdated() {
		if _, err := l.rekeyRow(&c); err != nil {
			return err
		}
	}
	for i := 0; i < len(c.keys); i += endedSize {
		e := readEnded(c.keys[i:])
		if e.kind != 0 { // 0: forgotten
			*kept = c.first + int64(i/endedSize)
			l.note(e.keys, e.kind, ledger.Ref(*kept), e.at)
		}
	}
	return nil
}

// follow checks that nothing is missing between a row of ended and the one before it.
func (l *Ledger) follow(c *commitRow) error {
	if c.id-c.commits < l.commit || c.first != l.last+1 || c.run < 1 || c.run > int64(len(l.runs)) {
		return fmt.Errorf("%w: something is missing before commit %d", ledger.ErrDamaged, c.id)
	}
	l.commit = c.id
	l.last = c.first + c.count() - 1
	return nil
}

// ends checks that outcome ends where ended says, and finds the last commit.
func (l *Ledger) ends(kept int64) error {
	last, err := l.number("SELECT max(id) FROM outcome")
	if err != nil {
		return err
	}
	if last != kept {
		return fmt.Errorf("%w: its last outcome is %d, but should be %d", ledger.ErrDamaged, last, kept)
	}
	commit, err := l.number("SELECT max(id) FROM asked")
	if err != nil {
		return err
	}
	l.commit = max(l.commit, commit)
	return nil
}

// number runs a query that gives one number.
func (l *Ledger) number(query string, args ...int64) (n int64, err error) {
	for stmt, err := range l.rows(query, args...) {
		if err != nil {
			return 0, err
		}
		n = stmt.ColumnInt64(0)
	}
	return n, nil
}

// exec runs a statement with numbers as its arguments.
func (l *Ledger) exec(query string, args ...int64) error {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return err
	}
	for i, a := range args {
		err = errors.Join(err, stmt.BindInt64(i+1, a))
	}
	if err == nil {
		err = stmt.Exec()
	}
	return errors.Join(err, stmt.Close())
}
