package reader

import (
	"crypto/sha256"
	"hash"
	"io"
	"sync/atomic"
)

// A rawInput is the input's bytes as they are, hashed and counted on their way.
type rawInput struct {
	in    io.Reader
	hash  hash.Hash
	count atomic.Int64
	// closers free the decompressors above.
	closers []func() error
}

func newRawInput(in io.Reader) *rawInput {
	return &rawInput{in: in, hash: sha256.New()}
}

// Read implements io.Reader.
func (r *rawInput) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	r.hash.Write(b[:n])
	r.count.Add(int64(n))
	return n, err
}

// drain reads what is left, so that the hash is that of the whole input also where parsing ended early. It stops where
// reading fails.
func (r *rawInput) drain() {
	_, _ = io.Copy(io.Discard, struct{ io.Reader }{r})
}

func (r *rawInput) sum() (sum [32]byte, n int64) {
	r.hash.Sum(sum[:0])
	return sum, r.count.Load()
}

func (r *rawInput) close() error {
	var first error
	for _, c := range r.closers {
		if err := c(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
