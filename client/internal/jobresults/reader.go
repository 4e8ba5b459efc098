package jobresults

import (
	"errors"
	"fmt"
	"io"

	"enrich/client/internal/body"
	"enrich/contact"
	"enrich/internal/jsonscan"
)

// elementDepth is how deep an element may be nested: two levels are around it.
const elementDepth = jsonscan.MaxDepth - 2

// A Reader reads the elements of the results in a [File].
type Reader struct {
	file     *File
	window   window
	place    place
	found    bool // a list of contacts has begun
	elements int64
	err      error // the end of Next
	credits  credits
	parts    parts // of the latest element
}

// A place says what comes next in a text.
type place uint8

const (
	beforeObject place = iota
	firstMember        // or the end of the object
	nextMember         // a comma, or the end of the object
	firstElement       // or the end of the list
	nextElement        // a comma, or the end of the list
)

// Remaining returns the account's credits, if the results stated them as far as they were read; otherwise nil. If only elements
// stated them, the lowest number counts, because elements come in any order.
func (r *Reader) Remaining() *int64 {
	if r.credits.stated != nil {
		return r.credits.stated
	}
	return r.credits.lowest
}

// HasContacts reports whether the text has a list of contacts, as far as it was read.
func (r *Reader) HasContacts() bool { return r.found }

// NewReader returns a reader of the file. The file stays the caller's.
func NewReader(f *File) *Reader {
	r := &Reader{file: f}
	r.Rewind()
	return r
}

// Rewind starts again before the first element. It keeps what is known about the credits.
func (r *Reader) Rewind() {
	*r = Reader{file: r.file, credits: r.credits, parts: r.parts, window: window{from: r.file.Text(), text: r.window.text[:0]}}
}

// Next returns the next element. It returns io.EOF after the last one, an error that wraps [contact.ErrResults] if the text is
// not {"contacts": [ … ]}, and any other error if the file failed. After an error it returns the same again.
func (r *Reader) Next() (Element, error) {
	if r.err != nil {
		return Element{}, r.err
	}
	raw, err := r.next()
	if err != nil {
		r.err = r.explain(err)
		return Element{}, r.err
	}
	r.elements++
	return r.element(raw), nil
}

// next steps to the next element and returns it, or io.EOF.
func (r *Reader) next() ([]byte, error) {
	w := &r.window
	for {
		switch r.place {
		case beforeObject:
			w.skipPrefix("\xef\xbb\xbf")
			if !w.skip('{') {
				return nil, r.unexpected("not an object")
			}
			r.place = firstMember
		case firstMember, nextMember:
			switch {
			case w.skip('}'):
				return nil, r.end()
			case r.place == nextMember && !w.skip(','):
				return nil, r.unexpected("")
			}
			if err := r.member(); err != nil {
				return nil, err
			}
		case firstElement, nextElement:
			if w.skip(']') {
				r.place = nextMember
				continue
			}
			if r.place == nextElement && !w.skip(',') {
				return nil, r.unexpected("")
			}
			r.place = nextElement
			return w.scanned(body.MaxSize, elementDepth, r.parts.scan)
		}
	}
}

// member steps over a member of the object, or into the list of contacts.
func (r *Reader) member() error {
	w := &r.window
	if w.peek() != '"' {
		return r.unexpected("")
	}
	quoted, err := w.value(body.MaxSize, 1)
	if err != nil {
		return err
	}
	name, _ := jsonscan.Unquote(quoted)
	if !w.skip(':') {
		return r.unexpected("")
	}
	r.place = nextMember
	if name == "contacts" {
		if !w.skip('[') {
			return r.unexpected("contacts is not a list")
		}
		r.found, r.place = true, firstElement
		return nil
	}
	value, err := w.value(body.MaxSize, jsonscan.MaxDepth-1)
	if err == nil {
		r.credits.read(name, value)
	}
	return err
}

// end returns io.EOF if the text ends here and had contacts. Some servers send zero bytes at the end.
func (r *Reader) end() error {
	w := &r.window
	for w.peek() == 0 && w.at < len(w.text) || w.peek() == 0x1a {
		w.at++
	}
	switch {
	case w.peek() != 0:
		return fmt.Errorf("%w: data after the end of the object", errMalformed)
	case w.err != nil && !errors.Is(w.err, io.EOF):
		return w.err
	case !r.found:
		return errors.New("contacts is missing")
	}
	return io.EOF
}

// unexpected returns the error for a byte that does not fit, or for the end of the text. what says what is wrong, if it is
// known.
func (r *Reader) unexpected(what string) error {
	switch w := &r.window; {
	case w.peek() == 0 && w.at == len(w.text):
		return errTruncated
	case what != "":
		return errors.New(what)
	}
	return errMalformed
}

// explain returns an error for the caller. An error of the file is the cause of any other.
func (r *Reader) explain(err error) error {
	cause := r.window.err
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case cause != nil && !errors.Is(cause, io.EOF):
		return cause
	case errors.Is(err, errTruncated) && r.file.fault != nil:
		err = r.file.fault
	}
	return fmt.Errorf("%w: %w (at byte %d, after %d contacts)", contact.ErrResults, err, r.window.offset(), r.elements)
}
