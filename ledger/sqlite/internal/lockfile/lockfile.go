// Package lockfile has the lock of a ledger's file and the record of its newest commit, which is in the lock file beside it.
//
// One process at a time has the lock, whatever names the ledger has: what counts is a lock on a byte of the ledger itself. The
// system releases it when the process dies, however it dies. The lock file is locked too, because older versions look at
// nothing else. A [Look] keeps writers away for a moment without having the lock.
package lockfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"enrich/internal/durable"
	"enrich/ledger"
)

const (
	// retryInterval is how often a lock that another process has is tried again.
	retryInterval = 20 * time.Millisecond
	// lookTimeout is how long a run waits, beyond what it would wait for another run, if only readers are looking.
	lookTimeout = 10 * time.Second
	// quietFor is how long a wait for another run is not said.
	quietFor = time.Second
)

// A Wait says how long to wait for a lock.
type Wait struct {
	Most time.Duration // 0: not at all
	// Begins is called with who has the lock when the wait has taken a second. It may be nil.
	Begins func(owner string)
}

// A Lock is the right to write to a ledger.
type Lock struct {
	// Found is the record as it was when the lock was taken.
	Found Record

	file   *flock.Flock
	record *os.File // open for writing
	data   *os.File // the ledger
}

func path(ledger string) string { return ledger + ".lock" }

// RecordPath returns the path of the file that has the record and names the process with the lock: the lock file itself, but
// on Windows, where a locked file cannot be read or written.
func RecordPath(ledger string) string {
	if runtime.GOOS == "windows" {
		return path(ledger) + ".pid"
	}
	return path(ledger)
}

// Take takes the lock of a ledger, and may wait for it. It creates the ledger if there is none and the record
// has no commits, or if the loss is accepted. ledger.ErrLocked means that another process has the lock; ledger.ErrLinked that
// the ledger has several hard links.
func Take(ctx context.Context, ledger string, wait Wait, acceptLoss bool) (*Lock, error) {
	said := wait.Begins == nil || wait.Most == 0
	for start := time.Now(); ; {
		l, err := try(ledger, acceptLoss)
		if l != nil || err != nil {
			return l, err
		}
		timeout := wait.Most
		look, err := LookAt(ledger)
		if look.NoWriter { // only readers have it
			timeout += lookTimeout
		}
		if err := errors.Join(err, look.Close()); err != nil {
			return nil, err
		}
		waited := time.Since(start)
		if waited >= timeout {
			return nil, heldError(ledger, wait.Most)
		}
		if !said && waited >= quietFor && !look.NoWriter {
			said = true
			wait.Begins(owner(ledger))
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(retryInterval):
		}
	}
}

// try returns nil if another process has the lock.
func try(ledger string, acceptLoss bool) (*Lock, error) {
	l := &Lock{file: flock.New(path(ledger), flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))}
	ok, err := l.file.TryLock()
	if err == nil && ok {
		ok, err = l.takeLedger(ledger, acceptLoss)
	}
	if err != nil || !ok {
		return nil, errors.Join(err, l.Release())
	}
	return l, nil
}

// takeLedger locks the ledger itself, after the lock file, and reports false if another process has the lock.
func (l *Lock) takeLedger(ledger string, acceptLoss bool) (bool, error) {
	var err error
	if l.record, err = os.OpenFile(RecordPath(ledger), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return false, err
	}
	if l.Found, err = ReadRecord(ledger); err != nil {
		return false, err
	}
	if l.data, err = openLedger(ledger, l.Found, acceptLoss); err != nil {
		return false, err
	}
	if ok, err := tryLockByte(l.data, true); err != nil || !ok {
		return false, err
	}
	if same, err := isAt(l.data, ledger); err != nil || !same { // it was replaced after it was opened
		return false, err
	}
	if err := refuseLinks(l.data); err != nil {
		return false, err
	}
	text := thisProcess()
	if _, err := l.record.WriteAt([]byte(text), int64(recordSize)); err != nil {
		return false, err
	}
	return true, l.record.Truncate(int64(recordSize + len(text)))
}

// openLedger opens the ledger, or creates it empty, for its owner only.
func openLedger(path string, found Record, acceptLoss bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if !acceptLoss {
		if err := found.RefuseNew(); err != nil {
			return nil, err
		}
	}
	return durable.Create(path, 0o600)
}

// isAt reports whether a path leads to an open file.
func isAt(f *os.File, path string) (bool, error) {
	opened, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(opened, now), err
}

// refuseLinks refuses a ledger with several hard links. Under each name it would have a log of its own, and one log would not
// show what is only in the other.
func refuseLinks(f *os.File) error {
	n, err := countLinks(f)
	if err != nil {
		return err
	}
	if n > 1 {
		return fmt.Errorf("%w (%d): keep one and remove the others, or make a copy", ledger.ErrLinked, n)
	}
	return nil
}

// RefuseLinks returns ledger.ErrLinked if the file at a path has several hard links. A file that cannot be opened is left to
// SQLite, which reports it.
func RefuseLinks(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	return errors.Join(refuseLinks(f), f.Close())
}

func heldError(path string, wait time.Duration) error {
	who := owner(path)
	if wait > 0 {
		return fmt.Errorf("%w: %s still had it after %s", ledger.ErrLocked, who, wait)
	}
	return fmt.Errorf("%w: %s; wait for it with --lock-wait, or use another ledger", ledger.ErrLocked, who)
}

// Write replaces the record.
func (l *Lock) Write(r Record, sync bool) error {
	if _, err := l.record.WriteAt(r.line(), 0); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	if sync {
		if err := l.record.Sync(); err != nil {
			return fmt.Errorf("sync the lock file: %w", err)
		}
	}
	return nil
}

// Release releases the lock.
func (l *Lock) Release() error {
	var all error
	for _, f := range []*os.File{l.data, l.record} {
		if f != nil {
			all = errors.Join(all, f.Close())
		}
	}
	return errors.Join(all, l.file.Close())
}

// A Look shows whether a living process writes to a ledger. If none does, none can begin to before the look is closed.
type Look struct {
	// NoWriter means that no process writes to the ledger.
	NoWriter bool
	file     *flock.Flock
	data     *os.File
}

// LookAt takes a shared lock, which many readers can have but none beside a writer. A ledger that was never locked, or whose
// lock this user may not open, counts as one without a writer.
func LookAt(ledger string) (Look, error) {
	l := Look{file: flock.New(path(ledger), flock.SetFlag(os.O_RDONLY))}
	ok, err := l.file.TryRLock()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		ok, err = true, nil
	}
	if err != nil || !ok {
		return l, err
	}
	l.data, err = os.Open(ledger)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		l.data, l.NoWriter = nil, true
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.NoWriter, err = tryLockByte(l.data, false)
	return l, err
}

// Close ends the look. It may be called again.
func (l *Look) Close() error {
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
