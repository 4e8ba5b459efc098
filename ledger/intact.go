package ledger

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// openFiles are the files of a ledger as they were when it was opened. A run that writes to a file which has no name any
// more, or whose log was cut, would lose what it pays for.
type openFiles struct {
	files    []openFile
	size     int64 // of the ledger, after the last checkpoint
	pageSize int64
}

type openFile struct {
	path string
	info fs.FileInfo
}

// remember notes which files have been opened. The log and its index are there as soon as SQLite has read something.
func (l *Ledger) remember() error {
	l.opened.files = nil
	paths := []string{l.path}
	if l.lock != nil {
		paths = append(paths, l.path+"-wal", l.path+"-shm", ownerPath(l.path))
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		l.opened.files = append(l.opened.files, openFile{path, info})
	}
	var err error
	if l.opened.pageSize, err = l.number("PRAGMA page_size"); err != nil {
		return err
	}
	return l.measure()
}

// measure notes how large the ledger is.
func (l *Ledger) measure() error {
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	l.opened.size = info.Size()
	return nil
}

// Intact checks that the files are still those that were opened, and that the newest commit is in them. [Ledger.Commit],
// [Ledger.Begin] and [Ledger.Finish] do so too; it is for a caller who is about to publish. ErrChanged says that they are not.
func (l *Ledger) Intact() error {
	l.db.Lock()
	defer l.db.Unlock()
	switch {
	case l.conn == nil:
		return nil // read only, and nothing there
	case l.lock == nil:
		return l.sameFiles()
	}
	if err := l.ready(); err != nil {
		return err
	}
	if err := l.hasNewest(); err != nil {
		return l.fail(err)
	}
	return nil
}

// ready says why nothing can be written now, or nil.
func (l *Ledger) ready() error {
	if err := l.mayWrite(); err != nil {
		return err
	}
	err := l.sameFiles()
	if err == nil {
		err = l.sameLength()
	}
	if err != nil {
		return l.fail(err)
	}
	return nil
}

// sameFiles checks that each path leads to the file that was opened.
func (l *Ledger) sameFiles() error {
	for _, f := range l.opened.files {
		now, err := os.Stat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%w: %s is gone", ErrChanged, f.path)
		case err != nil:
			return err
		case !os.SameFile(f.info, now):
			return fmt.Errorf("%w: another file is in the place of %s", ErrChanged, f.path)
		}
	}
	return nil
}

// sameLength checks that nothing was cut. Another program may have made the ledger smaller, or merged and emptied the log:
// SQLite knows of that.
func (l *Ledger) sameLength() error {
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	if info.Size() < l.opened.size {
		pages, err := l.number("PRAGMA page_count")
		if err != nil {
			return err
		}
		if info.Size() < pages*l.opened.pageSize {
			return fmt.Errorf("%w: %s was cut", ErrChanged, l.path)
		}
		l.opened.size = info.Size()
	}
	ok, err := l.logThere()
	if err != nil || ok {
		return err
	}
	if err := l.askLog(); err != nil {
		return err
	}
	if ok, err = l.logThere(); err == nil && !ok {
		return fmt.Errorf("%w: %s-wal was cut", ErrChanged, l.path)
	}
	return err
}

// logThere reports whether the log is as long as it should be, and begins as a log. One that was cut to nothing and written
// behind the cut begins with zeros.
func (l *Ledger) logThere() (bool, error) {
	if l.logPages == 0 {
		return true, nil
	}
	f, err := os.Open(l.path + "-wal")
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil || info.Size() < logHeader+int64(l.logPages)*(frameHeader+l.opened.pageSize) {
		return false, err
	}
	var head [4]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return false, err
	}
	return binary.BigEndian.Uint32(head[:])&^1 == logMagic, nil
}

// askLog asks SQLite how long the log is.
func (l *Ledger) askLog() error {
	pages, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_NOOP)
	if err != nil {
		return unlessBusy(err)
	}
	l.logPages = max(pages, 0)
	return nil
}

// logWhole reads the log from its beginning, before it is merged: frames that are not what was written would be copied
// into the ledger.
func (l *Ledger) logWhole() error {
	for range 2 {
		n, err := l.soundFrames()
		if err != nil || n >= l.logPages {
			return err
		}
		if err := l.askLog(); err != nil { // another program may have merged it
			return err
		}
	}
	if n, err := l.soundFrames(); err != nil || n >= l.logPages {
		return err
	}
	return fmt.Errorf("%w: %s is not what was written to it", ErrChanged, filepath.Base(l.path)+"-wal")
}

// soundFrames counts the frames of the log that are what was written.
func (l *Ledger) soundFrames() (int, error) {
	if l.logPages == 0 {
		return 0, nil
	}
	f, err := os.Open(l.path + "-wal")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	s := logScan{r: bufio.NewReaderSize(f, 1<<16)}
	return s.count(l.logPages)
}

// hasNewest checks that the newest commit is in the files, and not only in SQLite's memory.
func (l *Ledger) hasNewest() error {
	if err := l.conn.Exec("PRAGMA shrink_memory"); err != nil {
		return err
	}
	commit, outcome, err := l.newest(len(migrations))
	if err != nil {
		return err
	}
	if commit != l.commit || outcome != l.last {
		return fmt.Errorf("%w: it ends with commit %d and outcome %d instead of %d and %d", ErrChanged, commit, outcome, l.commit, l.last)
	}
	sum, err := l.outcomeSum(l.last)
	if err == nil && sum != l.lastSum {
		err = fmt.Errorf("%w: outcome %d is not what was written", ErrChanged, l.last)
	}
	return err
}
