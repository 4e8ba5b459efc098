package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"enrich/ledger"
)

// A runRow is a row of table run. It is the only row that is changed after it was written: when its run ends.
type runRow struct {
	id int64
	ledger.Run
	first    int64 // the first commit that can be the run's
	closed   bool  // none of its intents is open
	finished int64 // milliseconds; -1: it did not finish
	stopped  string
	exitCode int64 // -1: it did not finish
}

const (
	selectRuns = "SELECT id, started, first, url, input, version, constants, closed, coalesce(finished, -1), stopped, coalesce(exit_code, -1), checksum FROM run ORDER BY id"
	insertRun  = "INSERT INTO run(started, first, url, input, version, constants, closed, finished, stopped, exit_code, checksum, id) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"
	updateRun  = "UPDATE run SET started = ?, first = ?, url = ?, input = ?, version = ?, constants = ?, closed = ?, finished = ?, stopped = ?, exit_code = ?, checksum = ? WHERE id = ?"
)

func (r *runRow) sum() int64 {
	return checksum([]int64{r.id, r.Started.UnixMilli(), r.first, flag(r.closed), r.finished, r.exitCode},
		[]byte(r.URL), []byte(r.Input), []byte(r.Version), r.Constants, []byte(r.stopped))
}

// readRuns reads all runs in order. Their numbers have no gaps: a missing run was removed.
func (l *Ledger) readRuns() ([]runRow, error) {
	var runs []runRow
	for stmt, err := range l.rows(selectRuns) {
		if err != nil {
			return nil, err
		}
		r := runRow{
			id: stmt.ColumnInt64(0), first: stmt.ColumnInt64(2), closed: stmt.ColumnInt64(7) != 0,
			finished: stmt.ColumnInt64(8), stopped: stmt.ColumnText(9), exitCode: stmt.ColumnInt64(10),
			Run: ledger.Run{
				Started: moment(stmt.ColumnInt64(1)), URL: stmt.ColumnText(3), Input: stmt.ColumnText(4),
				Version: stmt.ColumnText(5), Constants: stmt.ColumnBlob(6, nil),
			},
		}
		if r.id != int64(len(runs))+1 || r.sum() != stmt.ColumnInt64(11) {
			return nil, fmt.Errorf("%w: run %d: checksum mismatch", ledger.ErrDamaged, len(runs)+1)
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// hasRun reports whether there is a run with a number.
func (l *Ledger) hasRun(run int64) bool { return run >= 1 && run <= int64(len(l.runs)) }

// Begin records a new run durably and returns its number, from 1.
func (l *Ledger) Begin(_ context.Context, run ledger.Run) (id int64, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return 0, err
	}
	r := runRow{id: int64(len(l.runs)) + 1, Run: run, first: l.commit + 1, finished: -1, exitCode: -1}
	if err := l.writeRun(insertRun, &r); err != nil {
		return 0, l.fail(err)
	}
	l.runs, l.current = append(l.runs, r), r.id
	// Before the first intent, the file says that a log must follow.
	if err := l.merge(); err != nil {
		return 0, l.fail(err)
	}
	return r.id, nil
}

// Finish records how a run ended: what stopped it ("" if nothing did), its exit code, and that none of its intents is open.
func (l *Ledger) Finish(_ context.Context, run int64, stopped string, exitCode int) error {
	return l.endRun(run, func(r *runRow) {
		r.closed, r.finished, r.stopped, r.exitCode = true, time.Now().UnixMilli(), stopped, int64(exitCode)
	})
}

// endRun changes the row of a run.
func (l *Ledger) endRun(run int64, change func(*runRow)) error {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	if err := l.checkNewest(); err != nil {
		return l.fail(err)
	}
	if !l.hasRun(run) {
		return fmt.Errorf("write the ledger: there is no run %d", run)
	}
	r := &l.runs[run-1]
	change(r)
	if err := l.writeRun(updateRun, r); err != nil {
		return l.fail(err)
	}
	return nil
}

// writeRun writes a row. SQLite syncs it, because every statement is a transaction.
func (l *Ledger) writeRun(query string, r *runRow) error {
	if err := l.writeRunRow(query, r); err != nil {
		return err
	}
	return l.checkpoint()
}

func (l *Ledger) writeRunRow(query string, r *runRow) error {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	b.int(r.Started.UnixMilli())
	b.int(r.first)
	for _, text := range []string{r.URL, r.Input, r.Version, string(r.Constants)} {
		b.text([]byte(text))
	}
	b.int(flag(r.closed))
	b.intOrNull(r.finished)
	if r.stopped == "" {
		b.null()
	} else {
		b.text([]byte(r.stopped))
	}
	b.intOrNull(r.exitCode)
	b.int(r.sum())
	b.int(r.id)
	return errors.Join(b.exec(), stmt.Close())
}
