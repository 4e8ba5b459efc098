// Package tempfile makes temporary files that nothing is left of however the process ends, if the system permits that.
//
// All errors of such a file are of one kind, [Error], and say what to do: its disk is full or fails, which says nothing about what
// is copied to it.
package tempfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// ErrFailed is what every [Error] is, for [errors.Is].
var ErrFailed = errors.New("a temporary file failed")

// An Error means that a temporary file cannot be created, written or read.
type Error struct {
	Purpose string // of the file: "copy standard input"
	Err     error  // never io.EOF: the end of the file is not the end of what was copied to it
}

// Failed returns the [Error] of a temporary file with a purpose. An error that is one already stays as it is, and so does nil.
func Failed(purpose string, err error) error {
	if err == nil || errors.Is(err, ErrFailed) {
		return err
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err // the name is gone, or says nothing
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{purpose, err}
}

// Error implements error.
func (e *Error) Error() string {
	variable := "TMPDIR"
	if runtime.GOOS == "windows" {
		variable = "TMP"
	}
	return fmt.Sprintf("%s to a temporary file in %s: %v; free space there, or set %s to another directory", e.Purpose, os.TempDir(), e.Err, variable)
}

// Unwrap returns the error of the system.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is [ErrFailed].
func (e *Error) Is(target error) bool { return target == ErrFailed }

// A File is a temporary file (0600). Its name is removed as soon as the system permits it: at once if an open file can be
// removed, otherwise (Windows) by Close. The errors of all its methods are an [Error].
type File struct {
	file    *os.File
	purpose string
	named   bool // it still has its name
	remove  func(name string) error
}

// Create creates a file in the system's folder for temporary files. pattern is that of [os.CreateTemp]; purpose says in messages
// what is done: "copy standard input".
func Create(pattern, purpose string) (*File, error) { return create(pattern, purpose, os.Remove) }

func create(pattern, purpose string, remove func(name string) error) (*File, error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return nil, Failed(purpose, err)
	}
	return &File{file: f, purpose: purpose, named: remove(f.Name()) != nil, remove: remove}, nil
}

// Write implements [io.Writer].
func (f *File) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	return n, Failed(f.purpose, err)
}

// WriteAt implements [io.WriterAt].
func (f *File) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.file.WriteAt(b, at)
	return n, Failed(f.purpose, err)
}

// ReadAt implements [io.ReaderAt], but for its end: nobody reads what was not written, so that is an [Error], too.
func (f *File) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.file.ReadAt(b, at)
	return n, Failed(f.purpose, err)
}

// Close closes and removes the file.
func (f *File) Close() error {
	err := f.file.Close()
	if f.named {
		err = errors.Join(err, f.remove(f.file.Name()))
	}
	return Failed(f.purpose, err)
}
