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
	// err is how it ended. It stays: some layers ask again after an error, and a second answer could hide the first.
	err error
	// free gives back what unpacking holds; nil: nothing.
	free func()
	// second is the same input read ahead; nil: nobody needed that.
	second *rawInput
}

func newRawInput(in io.Reader) *rawInput {
	return &rawInput{in: in, hash: sha256.New()}
}

// Read implements io.Reader. Any error but io.EOF and ErrStorage is one by which the input ended early.
func (r *rawInput) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(b)
	r.hash.Write(b[:n])
	r.count.Add(int64(n))
	r.err = broken(err)
	return n, r.err
}

// cause returns the error of the input itself if err hides it: a layer may take it for the end, or call the archive
// damaged because a temporary file failed.
func (r *rawInput) cause(err error) error {
	if errors.Is(r.err, ErrStorage) || err == io.EOF && errors.Is(r.err, ErrBroken) { //nolint:errorlint // a wrapped io.EOF is not the end
		return r.err
	}
	return err
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
	if r.second != nil {
		r.second.close()
		r.second = nil
	}
}

// broken marks an error of a layer as one by which the input ended early; [io.EOF] and ErrStorage stay what they are.
func broken(err error) error {
	if err == nil || err == io.EOF || errors.Is(err, ErrBroken) || errors.Is(err, ErrStorage) { //nolint:errorlint // an error that wraps io.EOF is not the end
		return err
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %v", ErrBroken, err) //nolint:errorlint // wrapped, it would be taken for the end
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
	case err == nil, errors.Is(err, ErrBroken), errors.Is(err, ErrStorage):
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("%w: the %s archive is cut", ErrBroken, b.what)
	case errors.Is(err, io.EOF):
		return n, io.EOF
	}
	return n, fmt.Errorf("%w: the %s archive is damaged: %w", ErrBroken, b.what, err)
}
