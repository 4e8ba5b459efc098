package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// How often a lock that another process has is tried again; and how long a run waits for readers, which have it for as
// long as it takes to look, beyond what it would wait for another run.
const (
	lockRetry   = 20 * time.Millisecond
	lookersWait = 10 * time.Second
)

// A lock is the right to write to a ledger. The system gives it back when its process dies, however it dies; the file
// stays, with the number of the process that had it last, and means nothing by being there.
type lock struct{ file *flock.Flock }

func lockPath(ledger string) string { return ledger + ".lock" }

// ownerPath is the file that says which process has the lock: the lock itself, but on Windows, where nobody can read or write
// what is locked.
func ownerPath(ledger string) string {
	if runtime.GOOS == "windows" {
		return lockPath(ledger) + ".pid"
	}
	return lockPath(ledger)
}

// takeLock takes the lock of a ledger, or waits for it.
func takeLock(ctx context.Context, ledger string, wait time.Duration) (*lock, error) {
	f := flock.New(lockPath(ledger), flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))
	for start := time.Now(); ; {
		ok, err := f.TryLock()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if ok {
			break
		}
		patience := wait
		if looked, err := lookAt(ledger); err != nil || looked.alone { // only readers have it
			patience += lookersWait
			err = errors.Join(err, looked.close())
			if err != nil {
				return nil, errors.Join(err, f.Close())
			}
		}
		if time.Since(start) >= patience {
			return nil, errors.Join(held(ledger, wait), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		case <-time.After(lockRetry):
		}
	}
	name := strconv.Itoa(os.Getpid()) + "\n"
	if err := os.WriteFile(ownerPath(ledger), []byte(name), 0o600); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lock{f}, nil
}

// held says which process has it, and what to do.
func held(ledger string, wait time.Duration) error {
	who := "a process"
	if text, err := os.ReadFile(ownerPath(ledger)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			who = fmt.Sprintf("process %d", pid)
		}
	}
	if wait > 0 {
		return fmt.Errorf("%w: %s still had it after %s", ErrHeld, who, wait)
	}
	return fmt.Errorf("%w: %s; wait for it with --lock-wait, or use another ledger", ErrHeld, who)
}

func (l *lock) release() error { return l.file.Close() }

// A look says whether a living process writes to a ledger. While nobody does, no one can begin to before it is closed.
type look struct {
	alone bool
	file  *flock.Flock
}

// lookAt takes a lock that many can have, but none beside a writer. A ledger that nobody ever locked, or whose lock we may
// not open, has no writer that we could know of.
func lookAt(ledger string) (look, error) {
	f := flock.New(lockPath(ledger), flock.SetFlag(os.O_RDONLY))
	ok, err := f.TryRLock()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return look{alone: true}, nil
	}
	return look{ok, f}, err
}

// close lets runs begin. It may be called again.
func (l *look) close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
