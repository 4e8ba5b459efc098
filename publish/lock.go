package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"enrich/internal/durable"
)

// How long Publish waits for another run that publishes the same files, and how often it tries the lock.
const (
	lockWait  = 10 * time.Second
	lockRetry = 5 * time.Millisecond
)

// lock keeps other runs from publishing the same files until unlock is called. There is one lock file beside each target,
// which exists only while it is locked; if a killed run left one, it is reused. Targets are locked in the order of their
// names, so that two runs never wait for each other.
func (s *Set) lock(ctx context.Context) (unlock func(), err error) {
	var names []string
	for _, o := range s.outputs {
		if o.temp != "" {
			names = append(names, durable.Beside(o.target, tempPrefix(o.target)+"enrich-publishing"))
		}
	}
	slices.Sort(names)
	var locks []*flock.Flock
	unlock = func() {
		for _, l := range slices.Backward(locks) {
			_ = os.Remove(l.Path()) // while it is locked; the next run reuses one that stays
			_ = l.Unlock()
		}
	}
	timeout, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for _, name := range names {
		var l *flock.Flock
		if err = s.injectedError("lock", name); err == nil {
			l, err = lockFile(timeout, name)
		}
		if err != nil {
			unlock()
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return nil, err
		}
		if l != nil {
			locks = append(locks, l)
		}
	}
	return unlock, nil
}

// lockFile creates and locks a file. It returns nil if the file system has no locks: each rename is atomic there, too, but
// the files of two runs may mix.
func lockFile(ctx context.Context, name string) (*flock.Flock, error) {
	for {
		l := flock.New(name, flock.SetPermissions(0o600))
		_, err := l.TryLockContext(ctx, lockRetry)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return nil, fmt.Errorf("another run is publishing the same outputs: it has locked %q", name)
		case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
			return nil, nil
		case err != nil:
			return nil, err
		}
		// The run that had the lock may have removed the file while this one waited for it.
		open, err := l.Stat()
		named, namedErr := os.Lstat(name)
		if err == nil && namedErr == nil && os.SameFile(open, named) {
			return l, nil
		}
		_ = l.Unlock()
		if err == nil && namedErr != nil && !errors.Is(namedErr, fs.ErrNotExist) {
			return nil, namedErr
		}
	}
}
