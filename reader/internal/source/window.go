package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"
	"unsafe"
)

// BlockSize is the size of the first block of a text, in bytes, by which a parser decides how to read it.
const BlockSize = 128 << 10

// A Window is the part of an input's text that is being parsed: read, and not yet taken. Its copy is a snapshot until the
// next Fill.
type Window struct {
	in       io.Reader
	buf      []byte
	from, to int
	ascii    int   // all of Text before this index of buf is ASCII
	read     int64 // bytes of the text that were read

	// Err says how the text ended; nil if it goes on. The window's text comes before it.
	Err error
}

// NewWindow returns a window on the text of in, with a buffer of size bytes that grows if it must.
func NewWindow(in io.Reader, size int) Window { return Window{in: in, buf: make([]byte, size)} }

// Text returns the text that was read and not yet taken. It is valid until the next Fill.
func (w *Window) Text() []byte { return w.buf[w.from:w.to] }

// Take steps over the first n bytes of Text and returns them.
func (w *Window) Take(n int) []byte {
	taken := w.buf[w.from : w.from+n : w.from+n]
	w.from += n
	return taken
}

// Offset returns where Text begins in the whole text, in bytes.
func (w *Window) Offset() int64 { return w.read - int64(w.to-w.from) }

// Ended reports whether the text ended properly: a last row without a line end is complete.
func (w *Window) Ended() bool { return w.Err != nil && errors.Is(w.Err, io.EOF) }

// An asciiReader knows whether all text that it has returned is ASCII. The window need not look then.
type asciiReader interface{ IsASCII() bool }

// emptyReads is how often a reader may return no bytes and no error in a row.
const emptyReads = 100

// Fill reads once. It makes room first, by moving the text to the front of the buffer or, if that is full, by doubling it.
func (w *Window) Fill() {
	switch {
	case w.Err != nil:
		return
	case w.from == w.to:
		w.from, w.to, w.ascii = 0, 0, 0
	case w.to == len(w.buf) && w.from > 0:
		w.to = copy(w.buf, w.buf[w.from:w.to])
		w.ascii = max(w.ascii-w.from, 0)
		w.from = 0
	}
	if w.to == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for range emptyReads {
		n, err := w.in.Read(w.buf[w.to:])
		w.to += n
		w.read += int64(n)
		w.Err = err
		if n > 0 || err != nil {
			if a, ok := w.in.(asciiReader); ok && a.IsASCII() {
				w.ascii = w.to
			}
			return
		}
	}
	w.Err = Broken(io.ErrNoProgress)
}

// ASCII returns how many bytes of Text are ASCII before the first that is not. It looks at each byte once, as far as the window
// goes: row by row would take longer.
func (w *Window) ASCII() int {
	w.ascii = max(w.ascii, w.from)
	w.ascii += ASCIIPrefix(w.buf[w.ascii:w.to])
	return w.ascii - w.from
}

// IsValid reports whether the first n bytes of Text are valid UTF-8.
func (w *Window) IsValid(n int) bool {
	return w.ASCII() >= n || utf8.Valid(w.buf[w.ascii:w.from+n])
}

// Block reads until the buffer is full or the text ends, and returns Text.
func (w *Window) Block() []byte {
	for w.to < len(w.buf) && w.Err == nil {
		w.Fill()
	}
	return w.Text()
}

// Reader returns a reader of the window's text and of all that follows it.
func (w *Window) Reader() io.Reader { return Rejoin(w.Text(), w.in, w.Err) }

// Rejoin returns a reader of text that was read from rest already, and of what follows it: if err is nil, what rest still has,
// else only err.
func Rejoin(text []byte, rest io.Reader, err error) io.Reader {
	if err != nil {
		rest = failedReader{err}
	}
	return io.MultiReader(bytes.NewReader(text), rest)
}

// A failedReader is a reader that has ended with an error.
type failedReader struct{ err error }

// Read implements io.Reader.
func (f failedReader) Read([]byte) (int, error) { return 0, f.err }

// Poison overwrites the text that was taken, in builds with the race detector: tests then find code that keeps a view of it.
func (w *Window) Poison() { Poison(w.buf[:w.from]) }

// View returns bytes as a string without a copy: it changes when they do. Cells are views of the window, so that reading a row
// copies nothing.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// ASCIIPrefix returns how many bytes of a text are ASCII before the first that is not. It looks at 32 bytes at once, because all text of
// most inputs is ASCII.
func ASCIIPrefix(text []byte) int {
	const nonASCII = 0x8080808080808080
	n := 0
	for ; n < len(text)-31; n += 32 {
		b := (*[32]byte)(text[n:]) // an array: no index needs a check
		if (binary.LittleEndian.Uint64(b[:])|binary.LittleEndian.Uint64(b[8:])|binary.LittleEndian.Uint64(b[16:])|binary.LittleEndian.Uint64(b[24:]))&nonASCII != 0 {
			break
		}
	}
	for n+8 <= len(text) && binary.LittleEndian.Uint64(text[n:n+8])&nonASCII == 0 {
		n += 8
	}
	for n < len(text) && text[n] < utf8.RuneSelf {
		n++
	}
	return n
}
