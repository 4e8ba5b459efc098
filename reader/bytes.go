package reader

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync/atomic"
)

// A rawInput is the input's bytes as they are, hashed and counted on their way.
type rawInput struct {
	in    io.Reader
	hash  hash.Hash
	count atomic.Int64
	// free gives back what unpacking holds; nil: nothing.
	free func()
}

func newRawInput(in io.Reader) *rawInput {
	return &rawInput{in: in, hash: sha256.New()}
}

// Read implements io.Reader. Any error but io.EOF is one by which the input broke off.
func (r *rawInput) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	r.hash.Write(b[:n])
	r.count.Add(int64(n))
	return n, broken(err)
}

// drain reads what is left, so that the sum is that of the whole input also where parsing ended early. It stops where
// reading fails: that is known by then, or was no matter.
func (r *rawInput) drain() {
	_, _ = io.Copy(io.Discard, struct{ io.Reader }{r})
}

func (r *rawInput) sum() (sum [32]byte, n int64) {
	r.hash.Sum(sum[:0])
	return sum, r.count.Load()
}

func (r *rawInput) close() {
	if r.free != nil {
		r.free()
		r.free = nil
	}
}

// broken marks an error of a layer as one by which the input broke off.
func broken(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// A brokenReader marks the errors of what it reads.
type brokenReader struct {
	in io.Reader
	// what names the layer.
	what string
}

// Read implements io.Reader. An io.ErrUnexpectedEOF is said in words.
func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	switch {
	case err == nil, errors.Is(err, ErrBroken):
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("%w: the %s archive is cut", ErrBroken, b.what)
	case errors.Is(err, io.EOF):
		return n, io.EOF
	}
	return n, fmt.Errorf("%w: the %s archive is damaged: %w", ErrBroken, b.what, err)
}
