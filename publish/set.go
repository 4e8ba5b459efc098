package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// A Set is the output files of one run, published together. Create each file with [Set.Create], then end the set with
// [Set.Publish], [Set.Keep] or [Set.Discard].
type Set struct {
	outputs []*output
	ended   bool
	inject  func(operation, path string) error // tests make an operation fail with it; nil in production
}

var errEnded = errors.New("publish: set already closed")

// NewSet returns an empty set.
func NewSet() *Set { return &Set{} }

// An output is one file of a set.
type output struct {
	name   string // as it was given to Create
	w      io.Writer
	file   *os.File // nil for standard output, and after it was closed
	target string   // the path that will be replaced; "" if the output is written directly
	temp   string   // the path of the temporary file; "" if the output is written directly or has been renamed
	sum    hash.Hash
}

// Write implements [io.Writer]. It counts in the checksum what was written.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.sum.Write(p[:n]) // a hash never fails
	return n, err
}

// Create adds an output to the set and returns a writer to it, without a buffer.
//
// "-", and a path that leads to this process's standard output such as /dev/stdout, is written to stdout. An existing pipe
// or device is opened and written directly. Everything else is written to a temporary file (mode 0600) in the directory of
// the file that path leads to, and gets its name from [Set.Publish]. Create removes the temporary files that killed runs
// left for the same target.
//
// Opening a pipe, and each write to it, waits until there is a reader or ctx is done.
func (s *Set) Create(ctx context.Context, path string, stdout io.Writer) (io.Writer, error) {
	t, err := resolve(path)
	if err != nil {
		return nil, err
	}
	o := &output{name: path, sum: sha256.New()}
	switch t.kind {
	case standardOutput:
		o.w = stdout
	case direct:
		err = s.openDirect(ctx, o, t.path)
	default:
		err = s.createFile(o, t.path)
	}
	if err != nil {
		return nil, err
	}
	s.outputs = append(s.outputs, o)
	return o, nil
}

// openDirect opens a pipe or device.
func (s *Set) openDirect(ctx context.Context, o *output, path string) (err error) {
	if err := s.injectedError("open", path); err != nil {
		return err
	}
	// Append, because a descriptor of this process (/dev/fd/3) may be at the middle of a file.
	o.file, err = await(ctx, func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0) })
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("nobody opened %q to read: %w", path, err)
	case err != nil:
		return err
	}
	o.w = Interruptible(ctx, strconv.Quote(path), o.file)
	return nil
}

// createFile creates the temporary file of a target.
func (s *Set) createFile(o *output, target string) error {
	for _, other := range s.outputs {
		if other.target == target {
			return fmt.Errorf("%q and %q are the same file", other.name, target)
		}
	}
	removeStale(target)
	if err := s.injectedError("create", target); err != nil {
		return err
	}
	file, err := createTemp(target)
	if err != nil {
		return err
	}
	o.w, o.file, o.target, o.temp = file, file, target, file.Name()
	return nil
}

// injectedError returns the error that a test injects into an operation.
func (s *Set) injectedError(operation, path string) error {
	if s.inject == nil {
		return nil
	}
	if err := s.inject(operation, path); err != nil {
		return fmt.Errorf("%s %s: %w", operation, path, err)
	}
	return nil
}

// Sums returns the SHA-256 in hex of what has been written to each output, by the path that was given to Create.
func (s *Set) Sums() map[string]string {
	return s.sums(func(*output) bool { return true })
}

// DirectSums is [Set.Sums] for the outputs that are written directly.
func (s *Set) DirectSums() map[string]string {
	return s.sums(func(o *output) bool { return o.target == "" })
}

func (s *Set) sums(include func(*output) bool) map[string]string {
	sums := make(map[string]string, len(s.outputs))
	for _, o := range s.outputs {
		if include(o) {
			sums[o.name] = hex.EncodeToString(o.sum.Sum(nil))
		}
	}
	return sums
}

// Keep ends the set and replaces no file: it closes the outputs that are written directly and removes the others.
func (s *Set) Keep() error {
	if s.ended {
		return errEnded
	}
	var all error
	for _, o := range s.outputs {
		if o.target == "" {
			all = errors.Join(all, o.closeDirect())
		}
	}
	return errors.Join(all, s.Discard())
}

// Discard ends the set and removes its temporary files. What was written directly cannot be taken back. After the set has
// ended, Discard does nothing.
func (s *Set) Discard() error {
	if s.ended {
		return nil
	}
	s.ended = true
	var all error
	for _, o := range s.outputs {
		all = errors.Join(all, o.discard())
	}
	return all
}

func (o *output) discard() error {
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	if o.temp == "" {
		_ = f.Close() // it was synced and renamed, or is a pipe or device whose content no longer counts
		return nil
	}
	err := removeOpen(f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// closeDirect closes a pipe or device.
func (o *output) closeDirect() error {
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	return f.Close()
}
