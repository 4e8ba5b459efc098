package sqlite

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"enrich/ledger"

	"github.com/ncruces/go-sqlite3"
)

// openFiles are the files of a ledger as they were when it was opened. A run that writes to a file which has no name any
// more, or whose log was cut, would lose what it pays for.
type openFiles struct {
	files    []openFile
	log      *os.File // of files[1]; nil: read only
	size     int64    // of the ledger, after the last checkpoint
	modified time.Time
	// foreign: somebody else has written to the ledger's file since it was opened.
	foreign  bool
	pageSize int64
}

type openFile struct {
	path string
	info fs.FileInfo
}

// remember notes which files have been opened. The log and its index are there as soon as SQLite has read something.
func (l *Ledger) remember() error {
	l.forgetFiles()
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
	if l.lock != nil {
		if l.opened.log, err = os.Open(paths[1]); err != nil {
			return err
		}
	}
	if l.opened.pageSize, err = l.number("PRAGMA page_size"); err != nil {
		return err
	}
	return l.measure()
}

// forgetFiles closes what [Ledger.remember] opened. On Windows SQLite cannot remove a log that is open.
func (l *Ledger) forgetFiles() {
	if l.opened.log != nil {
		_ = l.opened.log.Close() // it was only read
	}
	l.opened.files, l.opened.log = nil, nil
}

// measure notes how large the ledger is, and when it was written: until the next merge nobody but another program writes to it.
func (l *Ledger) measure() error {
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	l.opened.size, l.opened.modified = info.Size(), info.ModTime()
	return nil
}

// lookForOthers notes whether another program has written to the ledger's file since [Ledger.measure]. That may be a checkpoint,
// which is harmless, or a copy that was put over the file, which hides behind the log until the log is merged.
func (l *Ledger) lookForOthers() error {
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	l.opened.foreign = l.opened.foreign || !info.ModTime().Equal(l.opened.modified)
	return nil
}

// wholeDespiteOthers verifies the whole ledger if another program has written to its file.
func (l *Ledger) wholeDespiteOthers() error {
	if err := l.lookForOthers(); err != nil || !l.opened.foreign {
		return err
	}
	c := check{Ledger: l, open: map[int64]*openIntents{}}
	if err := c.all(); err != nil {
		return err
	}
	runs, err := l.readRuns()
	if err != nil {
		return err
	}
	if len(runs) != len(l.runs) {
		c.wrong("%d runs are there instead of %d", len(runs), len(l.runs))
	}
	if c.found.Problems > 0 {
		return fmt.Errorf("%w: %s", ledger.ErrChanged, c.found.Told[0])
	}
	l.opened.foreign = false
	return l.measure()
}

// Intact checks that the files are still those that were opened, and that the newest commit is in them. [Ledger.Commit],
// [Ledger.Begin] and [Ledger.Finish] do so too; it is for a caller who is about to publish. [ledger.ErrChanged] says that they are not.
func (l *Ledger) Intact(_ context.Context) error {
	l.db.Lock()
	defer l.db.Unlock()
	switch {
	case l.conn == nil:
		return nil // read only, and nothing there
	case l.lock == nil:
		_, err := l.sameFiles()
		return err
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
	sizes, err := l.sameFiles()
	if err == nil {
		err = l.sameLength(sizes)
	}
	if err != nil {
		return l.fail(err)
	}
	return nil
}

// fileSizes are the lengths of the ledger and of its log, in bytes.
type fileSizes struct{ data, log int64 }

// sameFiles checks that each path leads to the file that was opened.
func (l *Ledger) sameFiles() (fileSizes, error) {
	var sizes [2]int64
	for i, f := range l.opened.files {
		now, err := os.Stat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fileSizes{}, fmt.Errorf("%w: %s is gone", ledger.ErrChanged, f.path)
		case err != nil:
			return fileSizes{}, err
		case !os.SameFile(f.info, now):
			return fileSizes{}, fmt.Errorf("%w: another file is in the place of %s", ledger.ErrChanged, f.path)
		}
		if i < len(sizes) {
			sizes[i] = now.Size()
		}
	}
	return fileSizes{sizes[0], sizes[1]}, nil
}

// sameLength checks that nothing was cut. Another program may have made the ledger smaller, or merged and emptied the log:
// SQLite knows of that.
func (l *Ledger) sameLength(now fileSizes) error {
	if now.data < l.opened.size {
		pages, err := l.number("PRAGMA page_count")
		if err != nil {
			return err
		}
		if now.data < pages*l.opened.pageSize {
			return fmt.Errorf("%w: %s was cut", ledger.ErrChanged, l.path)
		}
		l.opened.size = now.data
	}
	ok, err := l.logThere(now.log)
	if err != nil || ok {
		return err
	}
	if err := l.askLog(); err != nil {
		return err
	}
	info, err := l.opened.log.Stat()
	if err != nil {
		return err
	}
	if ok, err = l.logThere(info.Size()); err == nil && !ok {
		return fmt.Errorf("%w: %s-wal was cut", ledger.ErrChanged, l.path)
	}
	return err
}

// logThere reports whether the log is as long as it should be, and begins as a log. One that was cut to nothing and written
// behind the cut begins with zeros.
func (l *Ledger) logThere(size int64) (bool, error) {
	if l.logPages == 0 {
		return true, nil
	}
	if size < logHeader+int64(l.logPages)*(frameHeader+l.opened.pageSize) {
		return false, nil
	}
	var head [4]byte
	if _, err := l.opened.log.ReadAt(head[:], 0); err != nil {
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
	return fmt.Errorf("%w: %s is not what was written to it", ledger.ErrChanged, filepath.Base(l.path)+"-wal")
}

// soundFrames counts the frames of the log that are what was written.
func (l *Ledger) soundFrames() (int, error) {
	if l.logPages == 0 {
		return 0, nil
	}
	all := io.NewSectionReader(l.opened.log, 0, math.MaxInt64)
	s := logScan{r: bufio.NewReaderSize(all, 1<<16)}
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
		return fmt.Errorf("%w: it ends with commit %d and outcome %d instead of %d and %d", ledger.ErrChanged, commit, outcome, l.commit, l.last)
	}
	sum, err := l.outcomeSum(l.last)
	if err == nil && sum != l.lastSum {
		err = fmt.Errorf("%w: outcome %d is not what was written", ledger.ErrChanged, l.last)
	}
	if err != nil {
		return err
	}
	return l.wholeDespiteOthers()
}
