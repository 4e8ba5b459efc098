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

// A Set is the outputs of one run, published together. Begin each with [Set.Create], then end the set with
// [Set.Publish] or [Set.Discard]; whichever comes first counts, the other does nothing.
type Set struct {
	outputs []*output
	ended   bool
	// step, where it is not nil, is told of each operation on the disk before it is done, and an error of it is the
	// operation's: tests stand a failing disk and a killed process there.
	step func(operation, path string) error
}

var errEnded = errors.New("the set has ended already")

// NewSet returns an empty set.
func NewSet() *Set { return &Set{} }

// An output is one file of a set.
type output struct {
	name   string // as Create was given it
	w      io.Writer
	file   *os.File // nil: the standard output that Create was given
	target string   // where the links of name lead; "" for what is written straight
	temp   string   // what file is called until it is published; "" for what is written straight
	sum    hash.Hash
}

// Write counts what is written into the sum.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.sum.Write(p[:n]) // it never fails
	return n, err
}

// Create begins an output.
//
// "-", and a path that leads to the process's own standard output such as /dev/stdout, is written straight to
// stdout; an existing pipe or device is opened and written straight; anything else is written to a temporary file
// (0600) in the directory of its target, which is path with its links followed, and gets its name from
// [Set.Publish]. Temporary files that killed runs left for the same target are removed. Writes are not buffered.
//
// A pipe is opened, and each write to it waits, until somebody reads it or ctx is done.
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
		if err := s.openStraight(ctx, o, t.path); err != nil {
			return nil, err
		}
	default:
		if err := s.twice(t.path); err != nil {
			return nil, err
		}
		if err := s.createTemp(o, t.path); err != nil {
			return nil, err
		}
	}
	s.outputs = append(s.outputs, o)
	return o, nil
}

// openStraight opens a pipe or device.
func (s *Set) openStraight(ctx context.Context, o *output, path string) (err error) {
	if err := s.do("open", path); err != nil {
		return err
	}
	// Append, because a descriptor of this process (/dev/fd/3) may lead into the middle of a file.
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

// twice refuses a target that the set has already.
func (s *Set) twice(target string) error {
	for _, o := range s.outputs {
		if o.target == target {
			return fmt.Errorf("%q and %q are the same file", o.name, target)
		}
	}
	return nil
}

func (s *Set) createTemp(o *output, target string) error {
	sweep(target)
	if err := s.do("create", target); err != nil {
		return err
	}
	file, err := createTemp(target)
	if err != nil {
		return err
	}
	o.w, o.file, o.target, o.temp = file, file, target, file.Name()
	return nil
}

// do tells step of an operation.
func (s *Set) do(operation, path string) error {
	if s.step == nil {
		return nil
	}
	if err := s.step(operation, path); err != nil {
		return fmt.Errorf("%s %s: %w", operation, path, err)
	}
	return nil
}

// Sums returns, by the path that Create was given, the SHA-256 in hex of what was written to each output so far.
func (s *Set) Sums() map[string]string {
	sums := make(map[string]string, len(s.outputs))
	for _, o := range s.outputs {
		sums[o.name] = hex.EncodeToString(o.sum.Sum(nil))
	}
	return sums
}

// Streamed is [Set.Sums] for the outputs that were written straight.
func (s *Set) Streamed() map[string]string {
	sums := s.Sums()
	for _, o := range s.outputs {
		if o.target != "" {
			delete(sums, o.name)
		}
	}
	return sums
}

// Keep ends the set without replacing any file: outputs that were written straight are complete, the others are removed.
func (s *Set) Keep() error {
	if s.ended {
		return errEnded
	}
	var all error
	for _, o := range s.outputs {
		if o.target == "" {
			all = errors.Join(all, o.closeStraight())
		}
	}
	return errors.Join(all, s.Discard())
}

// Discard removes the temporary files, so that nothing of the set stands under a final name. What was written
// straight cannot be taken back.
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
		_ = f.Close() // it was synced and renamed, or is a pipe or device that nobody wants any more
		return nil
	}
	err := removeOpen(f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
