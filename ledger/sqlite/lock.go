package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"enrich/ledger"

	"github.com/gofrs/flock"
)

// How often a lock that another process has is tried again; and how long a run waits for readers, which have it for as
// long as it takes to look, beyond what it would wait for another run.
const (
	lockRetry   = 20 * time.Millisecond
	lookersWait = 10 * time.Second
)

// A lock is the right to write to a ledger. The system gives it back when its process dies, however it dies.
//
// What counts is the lock on the ledger itself, because a file can have several names. The lock file beside it is locked
// too: older versions look at nothing else, and it keeps the record of the newest commit.
type lock struct {
	file  *flock.Flock
	owner *os.File   // the record and who has the lock; open for writing
	data  *os.File   // the ledger
	found lockRecord // what the record was when the lock was taken
}

func lockPath(path string) string { return path + ".lock" }

// ownerPath is the file that has the record and says which process has the lock: the lock file itself, but on Windows,
// where nobody can read or write what is locked.
func ownerPath(path string) string {
	if runtime.GOOS == "windows" {
		return lockPath(path) + ".pid"
	}
	return lockPath(path)
}

// takeLock takes the lock of a ledger, or waits for it. It makes the ledger if there is none and, says the lock file, there
// never was one with anything in it; or if the loss is accepted.
func takeLock(ctx context.Context, path string, wait time.Duration, accept bool) (*lock, error) {
	for start := time.Now(); ; {
		l, err := tryLock(path, accept)
		if l != nil || err != nil {
			return l, err
		}
		patience := wait
		looked, err := lookAt(path)
		if looked.alone { // only readers have it
			patience += lookersWait
		}
		if err := errors.Join(err, looked.close()); err != nil {
			return nil, err
		}
		if time.Since(start) >= patience {
			return nil, held(path, wait)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(lockRetry):
		}
	}
}

// tryLock returns nil if somebody else has the lock.
func tryLock(path string, accept bool) (*lock, error) {
	l := &lock{file: flock.New(lockPath(path), flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))}
	ok, err := l.file.TryLock()
	if err == nil && ok {
		ok, err = l.takeAll(path, accept)
	}
	if err != nil || !ok {
		return nil, errors.Join(err, l.release())
	}
	return l, nil
}

// takeAll takes the rest of the lock when the lock file has been locked, and reports false if somebody else has it.
func (l *lock) takeAll(path string, accept bool) (bool, error) {
	var err error
	if l.owner, err = os.OpenFile(ownerPath(path), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return false, err
	}
	if l.found, err = readRecord(path); err != nil {
		return false, err
	}
	if l.data, err = openData(path, l.found, accept); err != nil {
		return false, err
	}
	if ok, err := tryLockFile(l.data, true); err != nil || !ok {
		return false, err
	}
	if same, err := isAt(l.data, path); err != nil || !same { // another one took its place since it was opened
		return false, err
	}
	if err := oneName(l.data); err != nil {
		return false, err
	}
	text := ownerText()
	if _, err := l.owner.WriteAt([]byte(text), int64(recordSize)); err != nil {
		return false, err
	}
	return true, l.owner.Truncate(int64(recordSize + len(text)))
}

// openData opens the ledger, for its owner only if it is new. A new one is empty.
func openData(path string, found lockRecord, accept bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if !accept {
		if err := found.refuseNew("it is gone"); err != nil {
			return nil, err
		}
	}
	if f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := syncDirectory(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isAt reports whether a path leads to an open file.
func isAt(f *os.File, path string) (bool, error) {
	opened, err := f.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(opened, there), err
}

// oneName refuses a ledger with several hard links. Each name would have a log of its own, and what is only in the log of
// one would not be seen by the other.
func oneName(f *os.File) error {
	n, err := linksOf(f)
	if err != nil {
		return err
	}
	if n > 1 {
		return fmt.Errorf("%w: it has %d names (hard links): keep one of them and remove the others, or make a copy", ledger.ErrLinked, n)
	}
	return nil
}

// oneNameOf does so by the ledger's path. One that may not be opened is left to SQLite, which says so.
func oneNameOf(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	return errors.Join(oneName(f), f.Close())
}

// held says which process has it, and what to do.
func held(path string, wait time.Duration) error {
	who := owner(path)
	if wait > 0 {
		return fmt.Errorf("%w: %s still had it after %s", ledger.ErrHeld, who, wait)
	}
	return fmt.Errorf("%w: %s; wait for it with --lock-wait, or use another ledger", ledger.ErrHeld, who)
}

// write replaces the record.
func (l *lock) write(r lockRecord, sync bool) error {
	if _, err := l.owner.WriteAt(r.line(), 0); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	if sync {
		if err := l.owner.Sync(); err != nil {
			return fmt.Errorf("sync the lock file: %w", err)
		}
	}
	return nil
}

func (l *lock) release() error {
	var all error
	for _, f := range []*os.File{l.data, l.owner} {
		if f != nil {
			all = errors.Join(all, f.Close())
		}
	}
	return errors.Join(all, l.file.Close())
}

// A look says whether a living process writes to a ledger. While nobody does, no one can begin to before it is closed.
type look struct {
	alone bool
	file  *flock.Flock
	data  *os.File
}

// lookAt takes a lock that many can have, but none beside a writer. A ledger that nobody ever locked, or whose lock we may
// not open, has no writer that we could know of.
func lookAt(path string) (look, error) {
	l := look{file: flock.New(lockPath(path), flock.SetFlag(os.O_RDONLY))}
	ok, err := l.file.TryRLock()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		ok, err = true, nil
	}
	if err != nil || !ok {
		return l, err
	}
	l.data, err = os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		l.data, l.alone = nil, true
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.alone, err = tryLockFile(l.data, false)
	return l, err
}

// close lets runs begin. It may be called again.
func (l *look) close() error {
	var all error
	if l.data != nil {
		all = l.data.Close()
	}
	if l.file != nil {
		all = errors.Join(all, l.file.Close())
	}
	l.file, l.data = nil, nil
	return all
}
