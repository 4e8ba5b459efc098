package reader

import (
	"bytes"
	"errors"
	"io"
)

// A window is the part of the text that is looked at: what was read and is not yet taken.
type window struct {
	in       io.Reader
	buf      []byte
	from, to int
	// read is how many bytes of the text were read.
	read int64
	// err is how the text ended; nil: it goes on. What is in buf comes before it.
	err error
}

func newWindow(in io.Reader, size int) window { return window{in: in, buf: make([]byte, size)} }

// text is what there is.
func (w *window) text() []byte { return w.buf[w.from:w.to] }

// offset is where text begins in the whole text.
func (w *window) offset() int64 { return w.read - int64(w.to-w.from) }

// ended says that the text ended as it should: what has no line end at its end is whole all the same.
func (w *window) ended() bool { return errors.Is(w.err, io.EOF) }

// emptyReads is how often a reader may return nothing and no error.
const emptyReads = 100

// fill reads once, after making room: by moving what there is to the front or, where that is all, by doubling.
func (w *window) fill() {
	switch {
	case w.err != nil:
		return
	case w.from == w.to:
		w.from, w.to = 0, 0
	case w.to == len(w.buf) && w.from > 0:
		w.to = copy(w.buf, w.buf[w.from:w.to])
		w.from = 0
	}
	if w.to == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for range emptyReads {
		n, err := w.in.Read(w.buf[w.to:])
		w.to += n
		w.read += int64(n)
		w.err = err
		if n > 0 || err != nil {
			return
		}
	}
	w.err = broken(io.ErrNoProgress)
}

// block reads until the buffer is full or the text ends.
func (w *window) block() []byte {
	for w.to < len(w.buf) && w.err == nil {
		w.fill()
	}
	return w.text()
}

// reader reads all that the window would.
func (w *window) reader() io.Reader {
	rest := w.in
	if w.err != nil {
		rest = failing{w.err}
	}
	return io.MultiReader(bytes.NewReader(w.text()), rest)
}

// failing is a reader at its end.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
