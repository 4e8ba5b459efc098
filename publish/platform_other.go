//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package publish

import (
	"errors"
	"io/fs"
	"os"
)

// hold has nothing to do on Windows, where an open file cannot be removed by others, so that a sweep that could remove
// a file was right to. Other systems without flock are not supported.
func hold(*os.File) holding { return held }

// removeOpen removes a file, which has to be closed for it.
func removeOpen(f *os.File) error {
	_ = f.Close() // what was in it is not wanted
	return os.Remove(f.Name())
}

// renameOpen gives a file its final name; it has to be closed for it.
func renameOpen(f *os.File, target string) error {
	return errors.Join(f.Close(), os.Rename(f.Name(), target))
}

// keepOwner has nothing to do: a file's rights are its directory's here.
func keepOwner(*os.File, fs.FileInfo) {}
