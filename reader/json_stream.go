package reader

import (
	"errors"
	"fmt"
	"io"
)

// A token is what stands between the values of a stream.
type token uint8

const (
	afterNothing token = iota // the beginning of the input or of an array
	afterValue
	afterComma
)

// nextValue takes the next value of a stream: objects one after the other, and those in arrays, which may follow one
// another too (pages of an API, joined). One comma between two values and one after the last are no matter; a comma with
// nothing before it is a row that is missing, and is refused as such. An object ends where it ends, so that a missing
// comma is no matter either.
//
// What is no object is refused, and the next row is looked for: see resync. An array or an object that the input ends
// within is an input that broke off.
func (f *framing) nextValue(scan *jsonScanner, frame *jsonFrame, may bool) error {
	for {
		b, err := f.peek(may)
		switch {
		case f.skipping && err == nil:
			f.pass()
			continue
		case err != nil:
			return f.streamEnd(err)
		case b == ',' && f.after == afterValue:
			f.step(1)
			f.after = afterComma
			continue
		case b == ',':
			*frame = jsonFrame{line: f.line, text: f.step(1), broken: "a row is missing: nothing stands before a comma"}
			return nil
		case b == ']' && f.array > 0:
			f.step(1)
			f.array, f.after = 0, afterValue
			continue
		case b == '[' && f.array == 0:
			f.array, f.after = f.line, afterNothing
			f.step(1)
			continue
		}
		return f.value(scan, frame, may)
	}
}

// peek passes white space, unless a long row is being skipped.
func (f *framing) peek(may bool) (byte, error) {
	for {
		text := f.text()
		for i, b := range text {
			if f.skipping || b != ' ' && b != '\t' && b != '\r' && b != '\n' {
				f.step(i)
				return b, nil
			}
		}
		f.step(len(text))
		if err := f.want(may); err != nil {
			return 0, err
		}
	}
}

// streamEnd is the end of a stream: in the middle of something, it broke off.
func (f *framing) streamEnd(err error) error {
	switch {
	case !errors.Is(err, io.EOF):
		return err
	case f.skipping:
		return fmt.Errorf("%w: line %d: it ends within a row", ErrBroken, f.line)
	case f.array > 0:
		return fmt.Errorf("%w: line %d: the array that begins in line %d is not closed", ErrBroken, f.line, f.array)
	}
	return err
}

// value takes the value that begins here.
func (f *framing) value(scan *jsonScanner, frame *jsonFrame, may bool) error {
	for {
		text := f.text()
		at, v := scan.scan(text)
		open := v == valueShort || v == valueWhole && at == len(text) && isDigit(text[at-1])
		switch {
		case (open || v == valueWhole && at > maxJSONRow) && len(text) > maxJSONRow:
			f.long(frame)
			return nil
		case v == valueWhole && (!open || f.ended()):
			*frame = jsonFrame{line: f.line, text: f.step(at)}
			if f.after = afterValue; !scan.isObject() {
				frame.broken = verdictWords(v, at, frame.text)
			}
			return nil
		case !open:
			return f.resync(frame, at, v, may)
		}
		if err := f.want(may); err != nil {
			return f.cut(err)
		}
	}
}

// cut is an input that ends within a value.
func (f *framing) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: line %d: the input ends within the row that begins here", ErrBroken, f.line)
	}
	return err
}

// long takes the start of a value that is too long; the rest is passed by the next call.
func (f *framing) long(frame *jsonFrame) {
	text := head(f.text())
	f.skip = skipper{indent: -1}
	f.skip.run(text, len(text))
	*frame = jsonFrame{line: f.line, text: f.step(len(text)), broken: tooLong}
	f.skipping, f.after = true, afterValue
}

// pass goes on passing a long row.
func (f *framing) pass() {
	n, ended := f.skip.run(f.text(), 0)
	f.step(n)
	f.skipping = !ended
}
