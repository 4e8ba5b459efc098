package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"enrich/internal/durable"
)

// Publish gives all files of the set their names. It syncs every file, then renames them in the order of Create, so that
// the file created last (the summary) proves that all others are in place, and then syncs their directories. It waits up to
// ten seconds for another run that publishes the same files, so that files of two runs do not mix.
//
// Everything that can be checked, and ctx, is checked before the first rename; after it, ctx no longer counts. After an
// error nothing more is renamed, and the temporary files are removed.
func (s *Set) Publish(ctx context.Context) error {
	if s.ended {
		return errEnded
	}
	return errors.Join(s.publish(ctx), s.Discard())
}

func (s *Set) publish(ctx context.Context) error {
	for _, o := range s.outputs {
		if err := s.complete(ctx, o); err != nil {
			return err
		}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, o := range s.outputs {
		if err := o.checkRename(); err != nil {
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

// complete syncs a file, or closes a pipe or device.
func (s *Set) complete(ctx context.Context, o *output) error {
	if o.temp == "" {
		return o.closeDirect()
	}
	if err := copyMode(o.file, o.target); err != nil {
		return err
	}
	if err := s.injectedError("sync", o.temp); err != nil {
		return err
	}
	_, err := await(ctx, func() (struct{}, error) { return struct{}{}, o.file.Sync() })
	return err
}

// copyMode gives a file the permissions, and if possible the owner, of the file that it will replace.
func copyMode(f *os.File, target string) error {
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	copyOwner(f, info)
	return f.Chmod(info.Mode().Perm())
}

// checkRename returns an error if the rename would fail or would publish something else.
func (o *output) checkRename() error {
	if o.temp == "" {
		return nil
	}
	if !hasItsName(o.file) {
		return fmt.Errorf("the temporary file of %q was removed while it was written", o.target)
	}
	info, err := os.Lstat(o.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is no longer a regular file", o.target)
	}
	return nil
}

func (s *Set) rename(o *output) error {
	if o.temp == "" {
		return nil
	}
	if err := s.injectedError("rename", o.target); err != nil {
		return err
	}
	if err := renameOpen(o.file, o.target); err != nil {
		return err
	}
	o.temp = ""
	return nil
}

// syncDirectories makes the new names durable. A directory that this user may write to but not read cannot be opened, so it is not
// synced: after a power cut the old files may be there, and the ledger can write the new ones again.
func (s *Set) syncDirectories() error {
	done := map[string]bool{}
	for _, o := range s.outputs {
		dir := durable.Dir(o.target)
		if o.target == "" || done[dir] {
			continue
		}
		done[dir] = true
		err := s.injectedError("sync directory", dir)
		if err == nil {
			err = durable.SyncDir(dir)
		}
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}
