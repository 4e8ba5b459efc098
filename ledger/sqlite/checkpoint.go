package sqlite

import (
	"cmp"
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// How much the log grows, in pages, and how long a commit is in the log alone, before it is brought into the file.
const (
	pagesBetween = 2000
	timeBetween  = 3 * time.Second
)

// checkpoint brings the log into the file if it has grown, and sees to it that this happens soon in any case. SQLite would
// do it by itself, but would not tell when a write or sync of it failed.
func (l *Ledger) checkpoint() error {
	if l.logPages < l.checkpointed { // it began anew
		l.checkpointed = 0
	}
	if l.logPages >= l.checkpointed+cmp.Or(l.options.pages, pagesBetween) {
		return l.merge()
	}
	if l.timer == nil && l.logPages > l.checkpointed {
		l.timer = time.AfterFunc(cmp.Or(l.options.mergeAfter, timeBetween), l.mergeLater)
	}
	return nil
}

// mergeLater is called by the timer. What goes wrong is told by the next call of a method that writes.
func (l *Ledger) mergeLater() {
	l.db.Lock()
	defer l.db.Unlock()
	l.timer = nil
	if l.mayWrite() != nil {
		return
	}
	if err := l.merge(); err != nil {
		_ = l.fail(err)
	}
}

// merge brings the log into the file. The file then says that a log follows it, and the log at once says that nothing
// else is missing (see complete.go). A transaction or a checkpoint of another program postpones it.
func (l *Ledger) merge() error {
	if err := errors.Join(l.lookForOthers(), l.logWhole()); err != nil {
		return err
	}
	err := l.mergeMarked()
	l.checkpointed = l.logPages
	return errors.Join(unlessBusy(err), l.measure())
}

// mergeMarked writes and syncs both marks, like every transaction: checkLog relies on it.
func (l *Ledger) mergeMarked() error {
	if err := l.markLog(true); err != nil {
		return err
	}
	if _, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE); err != nil {
		return err
	}
	l.recordSynced = false
	return l.markLog(false)
}

func unlessBusy(err error) error {
	if errors.Is(err, sqlite3.BUSY) {
		return nil
	}
	return err
}

// unmarkLog takes back the mark of a process that was killed: the ledger has been found complete.
func (l *Ledger) unmarkLog() error {
	needed, err := l.number("SELECT needed FROM log")
	if err != nil || needed == 0 {
		return err
	}
	if err := l.markLog(false); err != nil {
		return unwritten(err)
	}
	return nil
}

// markLog says in the ledger whether it needs the log that follows. A commit takes back a mark that is left.
func (l *Ledger) markLog(needed bool) error {
	if err := l.exec("UPDATE log SET needed = ?", flag(needed)); err != nil {
		return err
	}
	l.marked = needed
	return nil
}
