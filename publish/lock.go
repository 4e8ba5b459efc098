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

// How long a publication waits for another one of the same targets, and how often it looks.
const (
	lockWait  = 10 * time.Second
	lockRetry = 5 * time.Millisecond
)

// lock keeps other runs from publishing the same targets until unlock is called. Targets are locked in the order of
// their names, so that two runs cannot wait for each other. Each lock is a file beside its target that is there only
// meanwhile; one that a killed run left is taken over.
func (s *Set) lock(ctx context.Context) (unlock func(), err error) {
	var names []string
	for _, o := range s.outputs {
		if o.temp != "" {
			names = append(names, durable.Beside(o.target, tempPrefix(o.target)+"enrich-publishing"))
		}
	}
	slices.Sort(names)
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	var locks []*flock.Flock
	unlock = func() {
		for _, l := range slices.Backward(locks) {
			_ = os.Remove(l.Path()) // while it is locked; one that stays is taken over
			_ = l.Unlock()
		}
	}
	for _, name := range names {
		if err = s.do("lock", name); err == nil {
			var l *flock.Flock
			if l, err = lockFile(ctx, name); l != nil {
				locks = append(locks, l)
			}
		}
		if err != nil {
			unlock()
			if parent.Err() != nil {
				err = context.Cause(parent)
			}
			return nil, err
		}
	}
	return unlock, nil
}

// lockFile locks the file of a name. It returns nil where the file system has no locks: a rename is whole there too,
// only files of two runs may then mix.
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
		// Whoever had it may have removed the file that we waited for.
		open, err := l.Stat()
		named, nerr := os.Lstat(name)
		if err == nil && nerr == nil && os.SameFile(open, named) {
			return l, nil
		}
		_ = l.Unlock()
		if err == nil && nerr != nil && !errors.Is(nerr, fs.ErrNotExist) {
			return nil, nerr
		}
	}
}
