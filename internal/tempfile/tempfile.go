// Package tempfile makes temporary files that nothing is left of however the process ends, if the system permits that.
package tempfile

import (
	"errors"
	"os"
)

// A File is a temporary file (0600). Its name is removed as soon as the system permits it: at once if an open file can be
// removed, otherwise (Windows) by Close.
type File struct {
	*os.File
	named  bool // it still has its name
	remove func(name string) error
}

// Create creates a file in the system's folder for temporary files. pattern is that of [os.CreateTemp].
func Create(pattern string) (*File, error) { return create(pattern, os.Remove) }

func create(pattern string, remove func(name string) error) (*File, error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return nil, err
	}
	return &File{File: f, named: remove(f.Name()) != nil, remove: remove}, nil
}

// Close closes and removes the file.
func (f *File) Close() error {
	err := f.File.Close()
	if f.named {
		err = errors.Join(err, f.remove(f.Name()))
	}
	return err
}
