package decode

import (
	"crypto/sha256"
	"fmt"
	"io"
	"sync/atomic"

	"enrich/reader/internal/source"
)

// Whole reads the input to its end and returns it for random access, with its size in bytes. Formats whose table of contents
// is at the end (workbooks, Parquet) need that. The bytes are those of at, which the input was opened from; their errors are
// as those of a forward reader: any but io.EOF and ErrStorage is ErrBroken.
//
// Random access does not see all bytes, so they are hashed before it (here) and after it ([Input.CheckUnchanged]): if both hashes
// are the same, they are the hash of what was parsed.
func (in *Input) Whole(at io.ReaderAt) (io.ReaderAt, int64, error) {
	in.Drain()
	if err := in.raw.err; err != io.EOF { //nolint:errorlint // a wrapped io.EOF is not the end
		return nil, 0, err
	}
	in.whole = &wholeReader{in: at}
	return in.whole, in.BytesRead(), nil
}

// CheckUnchanged hashes the input again if [Input.Whole] was called. It returns an error if the input cannot be read, or one that
// wraps [source.ErrChanged] if its bytes are others by now. Parsing errors that come from such bytes do not matter then.
func (in *Input) CheckUnchanged() error {
	if in.whole == nil {
		return nil
	}
	hash := sha256.New()
	n, err := io.Copy(hash, in.open())
	if err != nil {
		return source.Broken(err)
	}
	before, size := in.Sum()
	var after [32]byte
	if hash.Sum(after[:0]); n != size || after != before {
		return fmt.Errorf("%w: it had %d bytes and has %d; read it again when nothing writes to it", source.ErrChanged, size, n)
	}
	return nil
}

// A wholeReader is an input for random access. It remembers the error that ended it, because layers above may hide it.
type wholeReader struct {
	in  io.ReaderAt
	err atomic.Pointer[error]
}

// ReadAt implements [io.ReaderAt].
func (w *wholeReader) ReadAt(b []byte, at int64) (int, error) {
	n, err := w.in.ReadAt(b, at)
	err = source.Broken(err)
	if err != nil && err != io.EOF { //nolint:errorlint // see source.Broken
		w.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

// failed returns the first error of the input; nil if there was none.
func (w *wholeReader) failed() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return nil
}
