package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
	"enrich/ledger/sqlite/internal/lockfile"
	"enrich/ledger/sqlite/internal/wal"
)

// openFiles are the files of a ledger as they were when it was opened. A run would lose what it pays for if it wrote to a file
// that has no name any more, or whose log was cut.
type openFiles struct {
	files    []openFile // the ledger; then, to write, its log, the log's index and the lock file
	log      *os.File   // nil: read only
	pageSize int64
	size     int64     // of the ledger, after the last merge
	modified time.Time // likewise
	// otherWriter: another program has written to the ledger's file since it was opened. That may be a checkpoint, which is
	// harmless, or a copy that was put over the file, which stays hidden behind the log until the log is merged.
	otherWriter bool
}

type openFile struct {
	path string
	info fs.FileInfo
}

// watchFiles notes which files are open. The log and its index exist as soon as SQLite has read something.
func (l *Ledger) watchFiles() (err error) {
	f := &l.files
	f.close()
	paths := []string{l.path}
	if l.lock != nil {
		paths = append(paths, wal.Path(l.path), l.path+"-shm", lockfile.RecordPath(l.path))
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		f.files = append(f.files, openFile{path, info})
	}
	if l.lock != nil {
		if f.log, err = os.Open(paths[1]); err != nil {
			return err
		}
	}
	if f.pageSize, err = l.number("PRAGMA page_size"); err != nil {
		return err
	}
	return f.measure()
}

// close closes the log. On Windows SQLite cannot remove a log that is open.
func (f *openFiles) close() {
	if f.log != nil {
		_ = f.log.Close() // it was only read
	}
	f.files, f.log = nil, nil
}

// measure notes the ledger's size and when it was written. Until the next merge only another program writes to it.
func (f *openFiles) measure() error {
	info, err := os.Stat(f.files[0].path)
	if err != nil {
		return err
	}
	f.size, f.modified = info.Size(), info.ModTime()
	return nil
}

// checkWriters notes whether another program has written to the ledger since the last measure.
func (f *openFiles) checkWriters() error {
	info, err := os.Stat(f.files[0].path)
	if err != nil {
		return err
	}
	f.noteWriter(info)
	return nil
}

func (f *openFiles) noteWriter(ledger fs.FileInfo) {
	f.otherWriter = f.otherWriter || !ledger.ModTime().Equal(f.modified)
}

// fileSizes are the lengths of the ledger and of its log, in bytes.
type fileSizes struct{ data, log int64 }

// check checks that each path leads to the file that was opened.
func (f *openFiles) check() (fileSizes, error) {
	var sizes [2]int64
	for i, opened := range f.files {
		now, err := os.Stat(opened.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fileSizes{}, fmt.Errorf("%w: %s is gone", ledger.ErrChanged, opened.path)
		case err != nil:
			return fileSizes{}, err
		case !os.SameFile(opened.info, now):
			return fileSizes{}, fmt.Errorf("%w: another file is in the place of %s", ledger.ErrChanged, opened.path)
		}
		if i == 0 {
			f.noteWriter(now)
		}
		if i < len(sizes) {
			sizes[i] = now.Size()
		}
	}
	return fileSizes{sizes[0], sizes[1]}, nil
}

// CheckUnchanged returns [ledger.ErrChanged] unless the files are still those that were opened and contain the newest commit.
// [Ledger.Commit], [Ledger.Begin] and [Ledger.Finish] check the files too; CheckUnchanged is for a caller that is about to publish.
func (l *Ledger) CheckUnchanged(_ context.Context) error {
	l.db.Lock()
	defer l.db.Unlock()
	switch {
	case l.conn == nil:
		return nil // read only, and there is no file
	case l.lock == nil:
		_, err := l.files.check()
		return err
	}
	if err := l.ready(); err != nil {
		return err
	}
	if err := l.checkNewest(); err != nil {
		return l.fail(err)
	}
	return nil
}

// ready returns why nothing can be written now, or nil.
func (l *Ledger) ready() error {
	if err := l.writable(); err != nil {
		return err
	}
	sizes, err := l.files.check()
	if err == nil {
		err = l.checkSizes(sizes)
	}
	if err != nil {
		return l.fail(err)
	}
	return nil
}

// checkSizes checks that nothing was cut off. Another program may have made the ledger smaller, or merged and emptied the log:
// SQLite knows of that.
func (l *Ledger) checkSizes(now fileSizes) error {
	if now.data < l.files.size {
		pages, err := l.number("PRAGMA page_count")
		if err != nil {
			return err
		}
		if now.data < pages*l.files.pageSize {
			return fmt.Errorf("%w: %s is cut off", ledger.ErrChanged, l.path)
		}
		l.files.size = now.data
	}
	ok, err := l.hasLog(now.log)
	if err != nil || ok {
		return err
	}
	if err := l.updateLogPages(); err != nil {
		return err
	}
	info, err := l.files.log.Stat()
	if err != nil {
		return err
	}
	if ok, err = l.hasLog(info.Size()); err == nil && !ok {
		return fmt.Errorf("%w: %s is cut off", ledger.ErrChanged, wal.Path(l.path))
	}
	return err
}

// hasLog reports whether a log of some size is as long as it should be, and begins as one.
func (l *Ledger) hasLog(size int64) (bool, error) {
	if l.logPages == 0 {
		return true, nil
	}
	if size < wal.Size(l.logPages, l.files.pageSize) {
		return false, nil
	}
	return wal.HasHeader(l.files.log)
}

// updateLogPages asks SQLite how long the log is.
func (l *Ledger) updateLogPages() error {
	pages, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_NOOP)
	if err != nil {
		return ignoreBusy(err)
	}
	l.logPages = max(pages, 0)
	return nil
}

// checkNewest checks that the newest commit is in the files, and not only in SQLite's memory.
func (l *Ledger) checkNewest() error {
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
		err = fmt.Errorf("%w: outcome %d: checksum mismatch", ledger.ErrChanged, l.last)
	}
	if err != nil || !l.files.otherWriter {
		return err
	}
	return l.verifyAfterOtherWriter()
}

// verifyAfterOtherWriter verifies the whole ledger, because another program has written to its file.
func (l *Ledger) verifyAfterOtherWriter() error {
	v := newVerification(l)
	if err := v.run(); err != nil {
		return err
	}
	runs, err := l.readRuns()
	if err != nil {
		return err
	}
	if len(runs) != len(l.runs) {
		v.problem("%d runs are there instead of %d", len(runs), len(l.runs))
	}
	if v.result.Problems > 0 {
		return fmt.Errorf("%w: %s", ledger.ErrChanged, v.result.Messages[0])
	}
	l.files.otherWriter = false
	return l.files.measure()
}
