package ledger

import (
	"errors"
	"fmt"
	"iter"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
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

// load reads what is known of each contact, from ended alone, and checks that nothing of it is missing.
func (l *Ledger) load() error {
	l.addresses.wanted = l.options.Addresses
	for stmt, err := range l.rows("SELECT id, run, first, keys, checksum FROM ended ORDER BY id") {
		if err != nil {
			return err
		}
		if err := l.loadEnded(stmt); err != nil {
			return err
		}
	}
	return l.ends()
}

// loadEnded takes one commit's outcomes into the state.
func (l *Ledger) loadEnded(stmt *sqlite3.Stmt) error {
	id, run, first, keys := stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnRawBlob(3)
	if err := stmt.Err(); err != nil {
		return err
	}
	if err := checkEnded(id, run, first, keys, stmt.ColumnInt64(4)); err != nil {
		return err
	}
	for i := 0; i < len(keys); i += endedSize {
		e := readEnded(keys[i:])
		if e.kind != 0 { // 0: forgotten
			l.note(e.keys, e.kind, first+int64(i/endedSize), e.at)
		}
	}
	l.commit = id
	l.last = first + int64(len(keys)/endedSize) - 1
	return nil
}

func checkEnded(id, run, first int64, keys []byte, sum int64) error {
	if len(keys)%endedSize != 0 || checksum([]int64{id, run, first}, keys) != sum {
		return fmt.Errorf("%w: the outcomes of commit %d are not what was written", ErrDamaged, id)
	}
	return nil
}

// ends checks that the tables end where one another says. What is behind may have been pruned or forgotten.
func (l *Ledger) ends() error {
	last, err := l.number("SELECT max(id) FROM outcome")
	if err != nil {
		return err
	}
	if last > l.last {
		return fmt.Errorf("%w: it holds outcome %d, but the last one that it knows of is %d", ErrDamaged, last, l.last)
	}
	commit, err := l.number("SELECT max(id) FROM asked")
	if err != nil {
		return err
	}
	l.commit = max(l.commit, commit)
	return nil
}

// closeIntents finds the intents that runs left open when they ended. Each is a call that may have been charged: a lost
// outcome. To write, that is committed; a reader takes it so in memory, unless a run is still at it.
func (l *Ledger) closeIntents() error {
	if l.options.ReadOnly {
		if held, err := isHeld(l.path); held || err != nil {
			return err
		}
	}
	var open []int64
	for stmt, err := range l.rows("SELECT id FROM run WHERE closed = 0 ORDER BY id") {
		if err != nil {
			return err
		}
		open = append(open, stmt.ColumnInt64(0))
	}
	for _, run := range open {
		if err := l.closeRun(run); err != nil {
			return fmt.Errorf("close what run %d left open: %w", run, err)
		}
	}
	return nil
}

func (l *Ledger) closeRun(run int64) error {
	lost, err := l.openIntents(run)
	if err != nil {
		return err
	}
	l.found = append(l.found, lost...)
	if l.options.ReadOnly {
		for i := range lost {
			// Their place is among the found ones, counted backwards from -1.
			at := len(l.found) - len(lost) + i
			l.note(lost[i].Keys, contact.Lost, -1-int64(at), lost[i].At.UnixMilli())
		}
		return nil
	}
	if err := l.Commit(run, nil, lost); err != nil {
		return err
	}
	return l.exec("UPDATE run SET closed = 1 WHERE id = ?", run)
}

// openIntents are the intents of a run without an outcome, as lost outcomes. Commits are read in their order: the
// outcomes of one close intents of those before it, so that never more are open than the run had permits.
func (l *Ledger) openIntents(run int64) ([]contact.Outcome, error) {
	open := openIntents{at: map[contact.Key]int{}}
	const merged = `SELECT id, 0, keys, NULL, first, checksum FROM ended WHERE run = ?1
		UNION ALL SELECT id, 1, keys, contacts, 0, checksum FROM asked WHERE run = ?1 ORDER BY 1, 2`
	for stmt, err := range l.rows(merged, run) {
		if err != nil {
			return nil, err
		}
		id, keys, sum := stmt.ColumnInt64(0), stmt.ColumnRawBlob(2), stmt.ColumnInt64(5)
		if stmt.ColumnInt64(1) == 0 {
			if err := checkEnded(id, run, stmt.ColumnInt64(4), keys, sum); err != nil {
				return nil, err
			}
			for i := 0; i < len(keys); i += endedSize {
				open.close(readEnded(keys[i:]).keys)
			}
			continue
		}
		if err := open.intents(id, run, keys, stmt.ColumnRawText(3), sum); err != nil {
			return nil, err
		}
	}
	return open.lost(l.moment(run)), nil
}

// moment is when a run that did not finish was last heard of: its last outcome, or its start.
func (l *Ledger) moment(run int64) int64 {
	var at int64
	for stmt, err := range l.rows("SELECT max(coalesce((SELECT max(at) FROM (SELECT at FROM outcome WHERE run = ?1 ORDER BY id DESC LIMIT 1)), 0), started) FROM run WHERE id = ?1", run) {
		if err == nil {
			at = stmt.ColumnInt64(0)
		}
	}
	return at
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
