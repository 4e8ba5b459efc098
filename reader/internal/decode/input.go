// Package decode turns the bytes of an input into text: it unpacks gzip, zstd and bzip2, finds the encoding, and decodes to
// UTF-8 without a byte order mark.
//
// It goes by content, never by a name. What cannot be decoded stays in the text as bytes that are not valid UTF-8, so that
// the row that has them is refused: a U+FFFD in the text was in the file. It refuses files that are not text, and says what
// they are. It does not parse rows.
package decode

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"enrich/reader/internal/source"
)

// An Input is the bytes of an input. They are hashed and counted while they are read.
type Input struct {
	open     func() io.Reader
	encoding string
	raw      *rawReader
	// ahead reads the same input ahead of raw; nil if that was not needed.
	ahead *rawReader
	// whole is the input as [Input.Whole] returned it; nil if it was not called.
	whole *wholeReader
}

// New returns the input that open reads from its beginning; encoding is the one of --encoding, "" to detect it. The input
// reads nothing until [Input.Head], [Input.Text] or [Input.Whole] is called.
func New(open func() io.Reader, encoding string) *Input {
	return &Input{open: open, encoding: encodingName(encoding), raw: newRawReader(open(), newHasher())}
}

// Head returns the first n bytes of the input, before unpacking, without taking them; fewer if it is shorter or cannot be read.
// n is at most 64 KiB.
func (in *Input) Head(n int) []byte {
	head, _ := in.raw.buffered.Peek(n) // an error comes again when the bytes are read
	return head
}

// A Text is decoded input.
type Text struct {
	source.Window
	// Compression is gzip, zstd, bzip2 or none.
	Compression string
	encoding    func() string
}

// Encoding returns the name of the encoding that was decoded, as far as it is known by now.
func (t *Text) Encoding() string { return t.encoding() }

// Unknown is the encoding of text that is neither UTF-8 nor Windows-1252.
const Unknown = "unknown"

// Text reads the first block of the text. It waits for the block, or for the end of the input. The text's encoding may be
// Unknown.
func (in *Input) Text() (*Text, error) { return in.raw.text(in.encoding) }

// Reopen reads the text again from its beginning, ahead of the first reading.
func (in *Input) Reopen() (source.Window, error) {
	if in.ahead != nil {
		in.ahead.close()
	}
	in.ahead = newRawReader(in.open(), nil)
	t, err := in.ahead.text(in.encoding)
	if err != nil {
		return source.Window{}, err
	}
	return t.Window, nil
}

// Sum returns the SHA-256 of the bytes read so far, before unpacking, and their number.
func (in *Input) Sum() (sum [32]byte, n int64) {
	return in.raw.hash.sum(), in.BytesRead()
}

// BytesRead counts the bytes read so far. Any goroutine may call it.
func (in *Input) BytesRead() int64 { return in.raw.count.Load() }

// Cause returns the error of the input itself if err hides it: a layer may take it for the end, or call the archive
// damaged because a temporary file failed.
func (in *Input) Cause(err error) error {
	raw := in.raw.err
	if in.whole != nil {
		raw = in.whole.failed()
	}
	if errors.Is(raw, source.ErrStorage) || err == io.EOF && errors.Is(raw, source.ErrBroken) { //nolint:errorlint // a wrapped io.EOF is not the end
		return raw
	}
	return err
}

// Drain reads what is left, so that Sum covers the whole input even if parsing ended early. It stops if reading fails: the
// error is known by then, or does not matter.
func (in *Input) Drain() { _, _ = io.Copy(io.Discard, struct{ io.Reader }{in.raw}) }

// Close frees what unpacking has allocated, and ends the goroutine that hashes. It does not close the input.
func (in *Input) Close() {
	in.raw.close()
	if in.ahead != nil {
		in.ahead.close()
	}
}

// A rawReader reads the bytes of an input as they are.
type rawReader struct {
	in    io.Reader
	hash  *hasher // nil: not needed
	count atomic.Int64
	// err is how the input ended. It stays: some layers read again after an error, and a second answer could hide the first.
	err error
	// free frees what unpacking has allocated; nil if there is nothing to free.
	free func()
	// buffered reads from the rawReader itself.
	buffered *bufio.Reader
}

func newRawReader(in io.Reader, h *hasher) *rawReader {
	r := &rawReader{in: in, hash: h}
	r.buffered = bufio.NewReaderSize(r, peekSize)
	return r
}

// Read implements io.Reader. Any error but io.EOF and ErrStorage is ErrBroken.
func (r *rawReader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(b)
	r.count.Add(int64(n))
	r.err = source.Broken(err)
	if r.hash != nil {
		r.hash.write(b[:n])
		if r.err != nil {
			r.hash.stop() // nothing follows
		}
	}
	return n, r.err
}

func (r *rawReader) close() {
	if r.hash != nil {
		r.hash.stop()
	}
	if r.free != nil {
		r.free()
		r.free = nil
	}
}

// text unpacks and decodes the bytes, and reads the first block.
func (r *rawReader) text(encoding string) (*Text, error) {
	in, compression, err := unpack(r)
	if err != nil {
		return nil, err
	}
	head, err := in.Peek(in.Size())
	if len(head) == 0 {
		return nil, emptyError(err)
	}
	if err := refuseRaw(head); err != nil {
		return nil, err
	}
	text, name, err := decode(in, encoding)
	if err != nil {
		return nil, err
	}
	t := &Text{Window: source.NewWindow(text, source.BlockSize), Compression: compression, encoding: name}
	block := t.Block()
	if len(bytes.TrimSpace(block)) == 0 && t.Err != nil {
		return nil, emptyError(t.Err)
	}
	if t.Encoding() == Unknown {
		return t, nil
	}
	return t, refuseText(block)
}

// emptyError returns the error of an input without text, which ended with err.
func emptyError(err error) error {
	if errors.Is(err, source.ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: there is no row in it", source.ErrEmpty)
}
