package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"enrich/internal/durable"
)

// Publish makes the set final: every file is synced, then all are renamed in the order of Create, so that what was
// created last (the summary) tells that all others are there; then their directories are synced. Another run that
// publishes the same targets is waited for, at most ten seconds, so that files of two runs do not mix.
//
// What would be wrong is looked for before the first rename, and so is ctx: once it is done, nothing is renamed any more,
// unless a file was already. After an error nothing more is renamed, and the temporary files are removed.
func (s *Set) Publish(ctx context.Context) error {
	if s.ended {
		return errEnded
	}
	return errors.Join(s.publish(ctx), s.Discard())
}

func (s *Set) publish(ctx context.Context) error {
	for _, o := range s.outputs {
		if err := s.finish(ctx, o); err != nil {
			return err
		}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, o := range s.outputs {
		if err := o.ready(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, o := range s.outputs {
		if err := s.rename(o); err != nil {
			return err
		}
	}
	return s.syncDirectories()
}

// finish brings what was written to the disk; a pipe or device is closed.
func (s *Set) finish(ctx context.Context, o *output) error {
	if o.temp == "" {
		return o.closeStraight()
	}
	if err := keepMode(o.file, o.target); err != nil {
		return err
	}
	if err := s.do("sync", o.temp); err != nil {
		return err
	}
	return awaitError(ctx, o.file.Sync)
}

// closeStraight closes a pipe or device.
func (o *output) closeStraight() error {
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	return f.Close()
}

// keepMode gives a file the permissions of the one that it will replace.
func keepMode(f *os.File, target string) error {
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	keepOwner(f, info)
	return f.Chmod(info.Mode().Perm())
}

// ready looks for what would make the rename fail or publish something else.
func (o *output) ready() error {
	if o.temp == "" {
		return nil
	}
	if !stillThere(o.file) {
		return fmt.Errorf("the temporary file of %q was removed while it was written", o.target)
	}
	info, err := os.Lstat(o.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a file any more", o.target)
	}
	return nil
}

func (s *Set) rename(o *output) error {
	if o.temp == "" {
		return nil
	}
	if err := s.do("rename", o.target); err != nil {
		return err
	}
	if err := renameOpen(o.file, o.target); err != nil {
		return err
	}
	o.temp = ""
	return nil
}

// syncDirectories makes the new names last.
func (s *Set) syncDirectories() error {
	done := map[string]bool{}
	for _, o := range s.outputs {
		dir := durable.Dir(o.target)
		if o.target == "" || done[dir] {
			continue
		}
		done[dir] = true
		if err := s.do("sync directory", dir); err != nil {
			return err
		}
		if err := durable.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}
