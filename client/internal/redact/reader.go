package redact

import (
	"errors"
	"io"
)

const (
	// maxMatch is the longest occurrence of a key that is certainly found in a text that is read in parts: a key of the
	// maximum length in which every character is escaped.
	maxMatch = 64 << 10
	// readSize is how much of such a text is searched at once.
	readSize = 4 * maxMatch
	// context is how many bytes before a position decide whether a key begins there.
	context = 2
)

// NewReader returns a reader of the text that from contains, as [Redactor.Bytes] would return all of it.
func (r *Redactor) NewReader(from io.Reader) io.Reader { return &reader{redactor: r, from: from} }

// A reader redacts a text in parts. It decides about a position only if maxMatch bytes follow or the text ends.
type reader struct {
	redactor *Redactor
	from     io.Reader
	err      error  // the end of from
	text     []byte // what was read and not yet dropped
	at       int    // the position in text up to which all is redacted
	out      []byte // redacted, and not yet returned
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil && r.at == len(r.text) {
			return 0, r.err
		}
		r.fill()
		r.redact()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill drops what is redacted, and reads more.
func (r *reader) fill() {
	if r.text == nil {
		r.text = make([]byte, 0, readSize)
	}
	drop := max(0, r.at-context)
	n := copy(r.text, r.text[drop:])
	r.text, r.at = r.text[:n], r.at-drop
	for r.err == nil && len(r.text) < cap(r.text) {
		var n int
		n, r.err = r.from.Read(r.text[len(r.text):cap(r.text)])
		r.text = r.text[:len(r.text)+n]
		if n == 0 && r.err == nil {
			r.err = io.ErrNoProgress
		}
	}
}

// redact redacts up to the last position that can be decided.
func (r *reader) redact() {
	end := len(r.text)
	if !errors.Is(r.err, io.EOF) {
		end = max(r.at, end-maxMatch)
	}
	if r.err != nil {
		end = len(r.text)
	}
	r.out = r.out[:0]
	from := r.at
	for r.at < end {
		if r.at = r.redactor.next(r.text[:end], r.at); r.at == end {
			break
		}
		n := r.redactor.match(r.text, r.at)
		if n == 0 {
			r.at++
			continue
		}
		r.out = append(append(r.out, r.text[from:r.at]...), Marker...)
		r.at += n
		from = r.at
	}
	r.out = append(r.out, r.text[from:r.at]...)
}
