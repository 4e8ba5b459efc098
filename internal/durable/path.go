package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLinks is how many links a path may lead through: Linux has the same limit.
const maxLinks = 40

// ErrTooManyLinks means that a path leads through more than 40 links, probably in a circle.
var ErrTooManyLinks = errors.New("too many links")

// Dir returns the directory of a path, or "." if it has none. Unlike [filepath.Dir] it does not clean the path: in
// "linked/../file" the parent of a linked directory need not be the one that the link is in.
func Dir(path string) string {
	if dir, _ := filepath.Split(path); dir != "" {
		return dir
	}
	return "."
}

// Beside returns the path of name in the directory of path, without cleaning it (see [Dir]).
func Beside(path, name string) string {
	dir, _ := filepath.Split(path)
	return dir + name
}

// FollowLinks follows the links of a path's last element until it reaches something that is not a link or does not exist,
// or for which stop returns true; a nil stop never does. With an error it returns the path that it had reached.
func FollowLinks(path string, stop func(string) bool) (string, error) {
	for range maxLinks {
		if stop != nil && stop(path) {
			return path, nil
		}
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return path, nil
		case err != nil:
			return path, err
		case info.Mode()&fs.ModeSymlink == 0:
			return path, nil
		}
		link, err := os.Readlink(path)
		if err != nil {
			return path, err
		}
		if !filepath.IsAbs(link) {
			link = Beside(path, link)
		}
		path = link
	}
	return path, fmt.Errorf("%q: %w", path, ErrTooManyLinks)
}

// Canonical returns the absolute path of the file that a path leads to, with all links followed, so that two names of one
// file have one canonical path (except for hard links). The file need not exist, but its directory must.
func Canonical(path string) (string, error) {
	path, err := FollowLinks(path, nil)
	if err != nil {
		return "", err
	}
	dir, base := filepath.Split(path)
	if dir, err = CanonicalDir(dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, base), nil
}

// CanonicalDir is [Canonical] for a directory, which must exist. "" is the working directory.
func CanonicalDir(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir) // before Abs, which cleans the path
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir) // the working directory's name may have links, too
}
