package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"enrich/internal/durable"
)

// A targetKind is how an output is written.
type targetKind int

const (
	regular        targetKind = iota // to a temporary file, then renamed
	direct                           // directly: an existing pipe or device
	standardOutput                   // to the standard output that Create was given
)

// A target is the file that the path of an output leads to.
type target struct {
	path string
	kind targetKind
}

// resolve follows the links of an output's path. The file need not exist.
func resolve(path string) (target, error) {
	switch path {
	case "":
		return target{}, errors.New("output path is empty")
	case "-":
		return target{kind: standardOutput}, nil
	}
	if _, base := filepath.Split(path); base == "" || base == "." || base == ".." {
		return target{}, directoryError(path)
	}
	end, err := durable.FollowLinks(path, func(p string) bool { return isStandardOutput(p) || isDescriptor(p) })
	if err != nil {
		return target{}, err
	}
	switch {
	case isStandardOutput(end):
		return target{path: end, kind: standardOutput}, nil
	case isDescriptor(end):
		return target{path: end, kind: direct}, nil
	}
	info, err := os.Lstat(end)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return target{path: end}, nil
	case err != nil:
		return target{}, err
	case info.IsDir():
		return target{}, directoryError(path)
	case info.Mode().IsRegular():
		return target{path: end}, nil
	}
	return target{path: end, kind: direct}, nil
}

func directoryError(path string) error { return fmt.Errorf("%q is a directory: name a file", path) }

// CheckTarget reports, before a run, why an output could not be published under a path: it is a directory, its directory
// does not exist or cannot be written to, or the file, pipe or device that is there may not be replaced or opened. It leaves nothing
// behind. "-" is always possible.
func CheckTarget(path string) error {
	t, err := resolve(path)
	if err != nil {
		return err
	}
	switch t.kind {
	case regular:
		if err := checkDirectory(t.path); err != nil {
			return err
		}
		return checkReplaceable(t.path)
	case direct:
		return checkDirect(t.path)
	}
	return nil
}

// checkDirect checks a pipe or device without opening it, because a pipe waits for its reader.
func checkDirect(path string) error {
	info, err := os.Stat(path) // of a descriptor that is not open, there is nothing
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return directoryError(path)
	case info.Mode()&fs.ModeSocket != 0:
		return fmt.Errorf("%q is a socket: name a file or a pipe", path)
	}
	if err := mayWrite(path); err != nil {
		return fmt.Errorf("%q cannot be written to: %w", path, err)
	}
	return nil
}

// checkReplaceable checks that the file at a path, if there is one, may be replaced.
func checkReplaceable(path string) error {
	file, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if why := pinned(path); why != "" {
		return fmt.Errorf("%q %s", path, why)
	}
	dir, err := os.Stat(durable.Dir(path))
	if err == nil && !mayReplace(os.Geteuid(), dir, file) {
		err = fmt.Errorf("%q belongs to another user, and the sticky bit of its directory keeps others from replacing it: name another file or directory", path)
	}
	return err
}

// checkDirectory creates and removes a file in the directory where the target's temporary file will be.
func checkDirectory(target string) error {
	dir := durable.Dir(target)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the directory %q does not exist: create it first", dir)
	}
	f, err := createTemp(target)
	if err == nil {
		err = removeOpen(f)
	}
	// The name of the temporary file would only confuse.
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return fmt.Errorf("the directory %q cannot be written to: %w", dir, err)
	}
	return nil
}
