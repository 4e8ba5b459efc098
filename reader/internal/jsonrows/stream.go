package jsonrows

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"enrich/reader/internal/source"
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
			f.row(frame, 1, "a row is missing: nothing before a comma")
			f.after = afterComma
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
		text := f.Text()
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
		return fmt.Errorf("%w: line %d: it ends within a row", source.ErrBroken, f.line)
	case f.array > 0:
		return fmt.Errorf("%w: line %d: the array that begins in line %d is not closed", source.ErrBroken, f.line, f.array)
	}
	return err
}

// value takes the value that begins here.
func (f *framing) value(scan *jsonScanner, frame *jsonFrame, may bool) error {
	for {
		text := f.Text()
		looked := text[:min(len(text), f.limits.row+1)]
		at, v := scan.scan(looked)
		open := v == valueShort || v == valueWhole && at == len(looked) && isDigit(text[at-1])
		switch {
		case len(looked) > f.limits.row && (open || v == valueWhole && at > f.limits.row):
			f.long(frame)
			return nil
		case v == valueWhole && (!open || f.Ended()):
			broken := ""
			if !scan.isObject() {
				broken = verdictWords(v, at, text)
			}
			f.row(frame, at, broken)
			return nil
		case !open:
			return f.resync(frame, at, v, may)
		}
		if err := f.want(may); err != nil {
			return f.cut(err)
		}
	}
}

// row takes n bytes as a row; why it is none, if it is none.
func (f *framing) row(frame *jsonFrame, n int, broken string) {
	line := f.line // before it is passed
	*frame = jsonFrame{line: line, text: bytes.TrimRight(f.step(n), " \t\r\n"), broken: broken}
	f.after = afterValue
}

// cut is an input that ends within a value.
func (f *framing) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: line %d: the input ends within the row that begins here", source.ErrBroken, f.line)
	}
	return err
}

// long takes the start of a value that is too long; the rest is passed by the next call.
func (f *framing) long(frame *jsonFrame) {
	text := f.Text()[:f.head(f.Text())]
	f.skip = skipper{indent: -1}
	f.skip.run(text, len(text))
	f.row(frame, len(text), f.tooLong())
	f.skipping = true
}

// pass goes on passing a long row.
func (f *framing) pass() {
	n, ended := f.skip.run(f.Text(), 0)
	f.step(n)
	f.skipping = !ended
}
