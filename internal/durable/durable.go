// Package durable has the file operations whose result must survive a power cut, and the rules for following links.
//
// After [SyncDir], [MkdirAll], [Create] or [WriteFile] has returned without an error, the new names are on the disk: on
// POSIX systems a name is durable only after its directory is synced. [WriteFile] replaces a file at once: a reader, or a
// crash, finds the old content or the new one.
//
// It does not sync what others write to the files that it creates, and does not lock anything.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// MkdirAll creates a directory and its missing parents, with the given permissions (before umask), and syncs the
// directory that contains each new one. It does nothing if dir exists.
func MkdirAll(dir string, perm fs.FileMode) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := MkdirAll(parent, perm); err != nil {
		return err
	}
	if err := os.Mkdir(dir, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncDir(parent)
}

// Create opens a file for reading and writing, creates it with the given permissions (before umask) if it does not exist,
// and syncs its directory.
func Create(path string, perm fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, perm)
	if err != nil {
		return nil, err
	}
	if err := SyncDir(Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// maxStem is how many bytes of a name the name of its temporary file has: that must stay below 255 bytes, too.
const maxStem = 200

// WriteFile replaces the file at path by data, with exactly the given permissions. It writes a temporary file named
// .NAME.*.tmp in the same directory, syncs it and renames it. A link at path is replaced, not followed. In a directory that this user
// may not read, the new name is not synced.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	dir, name := Dir(path), filepath.Base(path)
	f, err := os.CreateTemp(dir, "."+name[:min(len(name), maxStem)]+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(perm), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := SyncDir(dir); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
