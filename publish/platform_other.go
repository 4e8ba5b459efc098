//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package publish

import (
	"errors"
	"io/fs"
	"os"
)

// tryLock does nothing on Windows: other processes cannot remove an open file there, so a file that can be removed is
// stale. Other systems without flock are not supported.
func tryLock(*os.File) lockState { return locked }

// removeOpen closes a file, because Windows removes no open file, and removes it.
func removeOpen(f *os.File) error {
	_ = f.Close() // its content no longer counts
	return os.Remove(f.Name())
}

// renameOpen closes a file, because Windows renames no open file, and renames it.
func renameOpen(f *os.File, target string) error {
	return errors.Join(f.Close(), os.Rename(f.Name(), target))
}

// copyOwner does nothing: on Windows a file's rights come from its directory.
func copyOwner(*os.File, fs.FileInfo) {}

// mayWrite does nothing: opening the file says whether it may be written.
func mayWrite(string) error { return nil }

// mayReplace does nothing: there is no sticky bit.
func mayReplace(_ int, _, _ fs.FileInfo) bool { return true }
