package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
	"enrich/ledger/sqlite/internal/wal"
)

// A checkpoint writes the log into the file when checkpointPages pages were added to it, and at the latest checkpointDelay after a
// commit.
const (
	checkpointPages = 2000
	checkpointDelay = 3 * time.Second
)

// checkpoint merges the log into the file if it has grown, or arranges for it to happen soon. SQLite would do so by itself, but
// would not report a failed write or sync.
func (l *Ledger) checkpoint() error {
	if l.logPages < l.checkpointed { // it was restarted
		l.checkpointed = 0
	}
	if l.logPages >= l.checkpointed+cmp.Or(l.options.checkpointPages, checkpointPages) {
		return l.merge()
	}
	if l.timer == nil && l.logPages > l.checkpointed {
		l.timer = time.AfterFunc(cmp.Or(l.options.checkpointDelay, checkpointDelay), l.mergeLater)
	}
	return nil
}

// mergeLater is called by the timer. The next write returns its error.
func (l *Ledger) mergeLater() {
	l.db.Lock()
	defer l.db.Unlock()
	l.timer = nil
	if l.writable() != nil {
		return
	}
	if err := l.merge(); err != nil {
		_ = l.fail(err)
	}
}

// merge merges the log into the file. The file then says that a log must follow, and the log at once says that nothing else is
// missing (see complete.go). A transaction or a checkpoint of another program postpones the merge.
func (l *Ledger) merge() error {
	if err := errors.Join(l.files.checkWriters(), l.checkLog()); err != nil {
		return err
	}
	err := l.mergeMarked()
	l.checkpointed = l.logPages
	return errors.Join(ignoreBusy(err), l.files.measure())
}

// checkLog reads the log back before it is merged: damaged frames would be copied into the ledger.
func (l *Ledger) checkLog() error {
	for range 3 {
		n, err := wal.ValidFrames(l.files.log, l.logPages)
		if err != nil || n >= l.logPages {
			return err
		}
		if err := l.updateLogPages(); err != nil { // another program may have merged it
			return err
		}
	}
	return fmt.Errorf("%w: %s was overwritten", ledger.ErrChanged, filepath.Base(wal.Path(l.path)))
}

// mergeMarked writes and syncs both marks, like every transaction: wal.Check relies on it.
func (l *Ledger) mergeMarked() error {
	if err := l.setLogNeeded(true); err != nil {
		return err
	}
	if _, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE); err != nil {
		return err
	}
	l.recordSynced = false
	return l.setLogNeeded(false)
}

func ignoreBusy(err error) error {
	if errors.Is(err, sqlite3.BUSY) {
		return nil
	}
	return err
}

// clearMark clears the mark of a process that was killed: the ledger was found complete.
func (l *Ledger) clearMark() error {
	needed, err := l.number("SELECT needed FROM log")
	if err != nil || needed == 0 {
		return err
	}
	if err := l.setLogNeeded(false); err != nil {
		return writeError(err)
	}
	return nil
}

// setLogNeeded records in the ledger whether a log must follow. The next commit clears a mark that is left.
func (l *Ledger) setLogNeeded(needed bool) error {
	if err := l.exec("UPDATE log SET needed = ?", flag(needed)); err != nil {
		return err
	}
	l.logNeeded = needed
	return nil
}
