package publish

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"enrich/internal/durable"
)

// Canonical returns the path by which two names of one file are compared: absolute, with links followed as far as
// possible, whether or not the file exists. All names of standard output become "-".
func Canonical(path string) string {
	if path == "-" {
		return "-"
	}
	path, _ = durable.FollowLinks(path, isStandardOutput) // with an error, the path that was reached
	if isStandardOutput(path) {
		return "-"
	}
	dir, base := filepath.Split(path)
	return filepath.Join(canonicalDir(dir), base)
}

// Relative returns the path of a file relative to a directory, with slashes, or its absolute path if there is none. Links in
// the file's directory are followed, but not the file itself: a link that leads to another export each day is one input.
func Relative(dir, path string) string {
	parent, base := filepath.Split(path)
	path = filepath.Join(canonicalDir(parent), base)
	if rel, err := filepath.Rel(canonicalDir(dir), path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// Dir returns the directory that paths in the summary are relative to: that of the summary, or the working directory if the
// summary goes to standard output, a pipe or a device.
func Dir(summary string) string {
	path := Canonical(summary)
	if info, err := os.Stat(path); path == "-" || err == nil && !info.Mode().IsRegular() {
		return "."
	}
	return filepath.Dir(path)
}

// canonicalDir returns a directory, absolute and with links followed, if it exists. "" is the working directory.
func canonicalDir(dir string) string {
	if real, err := durable.CanonicalDir(dir); err == nil {
		return real
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		return absolute
	}
	return dir
}

func isStandardOutput(path string) bool {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return true
	}
	return false
}

// isDescriptor reports whether a path names an open file of a process. On Linux it is a link, but the file that it leads to
// is open already and must not be replaced.
func isDescriptor(path string) bool {
	dir, _ := filepath.Split(path)
	return dir == "/dev/fd/" || strings.HasPrefix(dir, "/proc/") && strings.HasSuffix(dir, "/fd/")
}

// A Protected file is one that no output may replace: the ledger, a key, an input.
type Protected struct {
	Path string
	What string // for messages: "the ledger"
}

// Is reports whether path leads to the protected file, by whatever name, and whether or not it exists yet. Devices are not
// protected.
func (p Protected) Is(path string) bool {
	info, err := os.Stat(p.Path)
	if err == nil && !info.Mode().IsRegular() {
		return false
	}
	if Canonical(p.Path) == Canonical(path) {
		return true
	}
	if err != nil {
		return false
	}
	other, err := os.Stat(path)
	return err == nil && os.SameFile(info, other)
}

// IsOpen reports whether an open file is the protected one.
func (p Protected) IsOpen(file *os.File) bool {
	protected, err := os.Stat(p.Path)
	return err == nil && isRegularAnd(protected, file)
}

// SameOpenFile reports whether two open files, nil for none, are one regular file: a terminal or a pipe may be both input and output.
func SameOpenFile(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	info, err := a.Stat()
	return err == nil && isRegularAnd(info, b)
}

// isRegularAnd reports whether info is that of a regular file, and of an open one.
func isRegularAnd(info fs.FileInfo, file *os.File) bool {
	other, err := file.Stat()
	return err == nil && info.Mode().IsRegular() && os.SameFile(info, other)
}

// SameFile reports whether an output would replace the input, by whatever name. Only a regular file can be replaced: a
// terminal or a pipe may be both.
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
