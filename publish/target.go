package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// How an output is written.
type targetKind int

const (
	file           targetKind = iota // a temporary file, renamed
	straight                         // an existing pipe or device
	standardOutput                   // the standard output that Create is given
)

// A target is where a path leads to.
type target struct {
	path string
	kind targetKind
}

// maxLinks is how many links a path may lead through, as the kernel's own bound.
const maxLinks = 40

// resolve follows the links of a path to a file, which need not exist yet.
func resolve(path string) (target, error) {
	switch path {
	case "":
		return target{}, errors.New("an output needs a name")
	case "-":
		return target{kind: standardOutput}, nil
	}
	if _, base := filepath.Split(path); base == "" || base == "." || base == ".." {
		return target{}, fmt.Errorf("%q is a directory: name a file", path)
	}
	at := path
	for range maxLinks {
		if kind, ok := descriptor(at); ok {
			return target{path: at, kind: kind}, nil
		}
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return target{path: at}, nil
		case err != nil:
			return target{}, err
		case info.Mode()&fs.ModeSymlink == 0:
			return existing(at, info)
		}
		link, err := os.Readlink(at)
		if err != nil {
			return target{}, err
		}
		if !filepath.IsAbs(link) {
			link = beside(at, link)
		}
		at = link
	}
	return target{}, fmt.Errorf("%q: too many links", path)
}

func existing(path string, info fs.FileInfo) (target, error) {
	switch {
	case info.IsDir():
		return target{}, fmt.Errorf("%q is a directory: name a file", path)
	case info.Mode().IsRegular():
		return target{path: path}, nil
	}
	return target{path: path, kind: straight}, nil
}

// descriptor says whether a path names an open file of a process, and whether that is our standard output. Such a
// path is a link on Linux, but what it leads to is not to be replaced: the file is already open.
func descriptor(path string) (targetKind, bool) {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return standardOutput, true
	}
	dir, _ := filepath.Split(path)
	return straight, dir == "/dev/fd/" || strings.HasPrefix(dir, "/proc/") && strings.HasSuffix(dir, "/fd/")
}

// directory is where a path's file stands.
func directory(path string) string {
	dir, _ := filepath.Split(path)
	if dir == "" {
		return "."
	}
	return dir
}

// beside is a name in the directory of a path. It is not filepath.Join, which would take "linked/.." for nothing: the
// parent of a linked directory is another.
func beside(path, name string) string {
	dir, _ := filepath.Split(path)
	return dir + name
}

// CheckTarget says before a run whether an output could be published under a path: its directory is there and can
// be written, it is no directory itself. It creates nothing that stays. "-" is always good.
func CheckTarget(path string) error {
	t, err := resolve(path)
	if err != nil || t.kind != file {
		return err
	}
	return probe(t.path)
}

// probe creates and removes a file where the target's temporary file will be.
func probe(target string) error {
	dir := directory(target)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the directory %q does not exist: create it first", dir)
	}
	f, err := createTemp(target)
	if err == nil {
		err = removeOpen(f)
	}
	if err != nil {
		return fmt.Errorf("the directory %q cannot be written to: %w", dir, reason(err))
	}
	return nil
}

// reason is an error without the name of a temporary file, which says nothing to anybody.
func reason(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// SameFile says whether an output would replace the input, also through links. Only a regular file can be replaced:
// a terminal or a pipe may be both.
func SameFile(input *os.File, output string) (bool, error) {
	in, err := input.Stat()
	if err != nil {
		return false, err
	}
	if output == "-" || !in.Mode().IsRegular() {
		return false, nil
	}
	out, err := os.Stat(output)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(in, out), err
}
