package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// How often a lock that another process has is tried again, and how long at least: a reader looks whether there is a
// writer by taking the lock for an instant.
const (
	lockRetry = 20 * time.Millisecond
	lockLeast = 200 * time.Millisecond
)

// A lock is the right to write to a ledger. The system gives it back when its process dies, however it dies; the file
// stays, with the number of the process that had it last, and means nothing by being there.
type lock struct{ file *flock.Flock }

func lockPath(ledger string) string { return ledger + ".lock" }

// takeLock takes the lock of a ledger, or waits for it.
func takeLock(ctx context.Context, ledger string, wait time.Duration) (*lock, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, max(wait, lockLeast), ErrHeld)
	defer cancel()
	f := flock.New(lockPath(ledger), flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))
	ok, err := f.TryLockContext(ctx, lockRetry)
	switch {
	case errors.Is(context.Cause(ctx), ErrHeld) && !ok:
		return nil, held(ledger, wait)
	case err != nil:
		return nil, err
	}
	name := strconv.Itoa(os.Getpid()) + "\n"
	if err := os.WriteFile(lockPath(ledger), []byte(name), 0o600); err != nil {
		return nil, errors.Join(err, f.Unlock())
	}
	return &lock{f}, nil
}

// held says which process has it, and what to do.
func held(ledger string, wait time.Duration) error {
	who := "a process"
	if text, err := os.ReadFile(lockPath(ledger)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			who = fmt.Sprintf("process %d", pid)
		}
	}
	if wait > 0 {
		return fmt.Errorf("%w: %s still had it after %s", ErrHeld, who, wait)
	}
	return fmt.Errorf("%w: %s; wait for it with --lock-wait, or use another ledger", ErrHeld, who)
}

// isHeld says whether a living process writes to a ledger.
func isHeld(ledger string) (bool, error) {
	if _, err := os.Stat(lockPath(ledger)); err != nil {
		return false, nil // nobody ever locked it, or we may not look
	}
	f := flock.New(lockPath(ledger), flock.SetFlag(os.O_RDONLY))
	ok, err := f.TryRLock()
	if err != nil {
		return false, err
	}
	return !ok, f.Close()
}

func (l *lock) release() error { return l.file.Close() }
