package jsonrows

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"enrich/internal/jsonscan"
	"enrich/reader/internal/source"
)

// A token is what came last between the values of a stream.
type token uint8

const (
	afterNothing token = iota // the beginning of the input or of an array
	afterValue
	afterComma
)

// nextValue takes the next value of a stream: objects one after the other, and objects in arrays, of which there may be several
// (pages of an API that were concatenated). A comma between two values, or after the last, may be missing or present. A comma
// after nothing is a missing row, and is refused.
//
// A value that is not an object is refused, and [framing.skipBroken] finds the next row. If the input ends within an array or
// an object, it ended early.
func (f *framing) nextValue(scan *rowScanner, row *frame, mayRead bool) error {
	for {
		b, err := f.peek(mayRead)
		switch {
		case f.skipping && err == nil:
			f.skipRest()
			continue
		case err != nil:
			return f.streamEnd(err)
		case b == ',' && f.after == afterValue:
			f.step(1)
			f.after = afterComma
			continue
		case b == ',':
			f.setRow(row, 1, "a row is missing before this comma")
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
		return f.value(scan, row, mayRead)
	}
}

// peek skips white space, unless the rest of a long row is being skipped.
func (f *framing) peek(mayRead bool) (byte, error) {
	for {
		text := f.Text()
		blanks := len(text) - len(trimLeft(text))
		if f.skipping {
			blanks = 0
		}
		f.step(blanks)
		if blanks < len(text) {
			return text[blanks], nil
		}
		if err := f.more(mayRead); err != nil {
			return 0, err
		}
	}
}

// streamEnd returns the error of a stream that ends here.
func (f *framing) streamEnd(err error) error {
	switch {
	case !errors.Is(err, io.EOF):
		return err
	case f.skipping:
		return fmt.Errorf("%w: line %d: it ends within a row", source.ErrBroken, f.line)
	case f.array > 0:
		return fmt.Errorf("%w: line %d: the array that begins on line %d is not closed", source.ErrBroken, f.line, f.array)
	}
	return err
}

// value takes the value that begins here.
func (f *framing) value(scan *rowScanner, row *frame, mayRead bool) error {
	for {
		text := f.Text()
		allowed := text[:min(len(text), f.limits.row+1)]
		at, status := scan.scan(allowed)
		// A number at the end may go on.
		open := status == jsonscan.Truncated || status == jsonscan.Valid && at == len(allowed) && isDigit(text[at-1])
		switch {
		case len(allowed) > f.limits.row && (open || status == jsonscan.Valid && at > f.limits.row):
			f.setLongRow(row)
			return nil
		case status == jsonscan.Valid && (!open || f.Ended()):
			f.setRow(row, at, "")
			if !scan.isObject {
				row.problem = problem(status, at, row.text)
			}
			return nil
		case !open:
			return f.skipBroken(row, at, status, mayRead)
		}
		if err := f.more(mayRead); errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: line %d: the input ends within the row that begins here", source.ErrBroken, f.line)
		} else if err != nil {
			return err
		}
	}
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// setRow takes n bytes as a row, with the problem that it has.
func (f *framing) setRow(row *frame, n int, problem string) {
	line := f.line // before the row
	*row = frame{line: line, text: bytes.TrimRight(f.step(n), " \t\r\n"), problem: problem}
	f.after = afterValue
}

// setLongRow takes the start of a value that is too long. The next call skips the rest.
func (f *framing) setLongRow(row *frame) {
	text := f.Text()[:f.head(f.Text())]
	f.resync = resync{indent: -1}
	f.resync.run(text, len(text))
	f.setRow(row, len(text), f.tooLong())
	f.skipping = true
}

// skipRest continues to skip a long row.
func (f *framing) skipRest() {
	n, ended := f.resync.run(f.Text(), 0)
	f.step(n)
	f.skipping = !ended
}

// step takes n bytes and notes how far the line is indented after them.
func (f *framing) step(n int) []byte {
	taken := f.take(n)
	tail := taken
	if i := bytes.LastIndexByte(taken, f.lineBreak); i >= 0 {
		f.indent, tail = 0, taken[i+1:]
	}
	for _, b := range tail {
		if b != ' ' && b != '\t' || f.indent < 0 {
			f.indent = -1
			break
		}
		f.indent++
	}
	return taken
}

// skipBroken takes a value that is wrong at a place as a refused row. The row ends where the next row clearly begins, whichever
// comes first:
//
//   - after the bracket that closes the broken value;
//   - before a line behind the place that begins with an opening brace and is not indented more than the broken value's own
//     line. A line that is indented more may be an object inside the broken one, and a part of a row must never become a row;
//   - at the end of a line within a string, because no string contains one.
func (f *framing) skipBroken(row *frame, at int, status jsonscan.Status, mayRead bool) error {
	for {
		text := f.Text()
		s := resync{indent: max(f.indent, 0)} // 0: its line has other text before it
		n, ended := s.run(text[:min(len(text), f.limits.row)], at)
		switch {
		case ended || f.Ended() && len(text) <= f.limits.row:
			f.setRow(row, n, problem(status, at, text))
			return nil
		case len(text) > f.limits.row:
			f.setRow(row, f.head(text), problem(status, at, text)+"; "+f.tooLong())
			f.resync, f.skipping = s, true
			return nil
		}
		if err := f.more(mayRead); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
}

// resync finds the end of broken JSON. It looks only at quotes, brackets and line ends.
type resync struct {
	depth           int
	quoted, escaped bool
	begun           bool // something was skipped
	// indent is how far a line that begins with an opening brace may be indented to be a row; -1: no line is a row.
	indent int
	// column is how far the line is indented up to here; -1: it has other text before this place.
	column int
}

// run skips text and returns where the broken value ends in it: after its closing bracket, or before the next row. Before the
// place behind, no line is a row.
func (s *resync) run(text []byte, behind int) (n int, ended bool) {
	if !s.begun {
		s.column = -1
	}
	for i, b := range text {
		switch {
		case b == '\n' || b == '\r':
			if s.quoted || s.begun && s.depth == 0 {
				return i, true
			}
			s.column = 0
			continue
		case s.quoted:
			s.quotedByte(b)
			continue
		case b == ' ' || b == '\t':
			if s.column >= 0 {
				s.column++
			}
			continue
		case b == '{' && s.column >= 0 && s.column <= s.indent && i >= behind:
			return i, true
		case s.begun && s.depth == 0 && endsWord(b):
			return i, true
		}
		s.begun, s.column = true, -1
		switch b {
		case '"':
			s.quoted = true
		case '{', '[':
			s.depth++
		case '}', ']':
			if s.depth--; s.depth <= 0 {
				s.depth = 0
				return i + 1, true
			}
		}
	}
	return len(text), false
}

// quotedByte skips a byte within quotes.
func (s *resync) quotedByte(b byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case b == '\\':
		s.escaped = true
	case b == '"':
		s.quoted = false
	}
}

// endsWord reports whether a byte cannot belong to a broken word.
func endsWord(b byte) bool {
	return b == ',' || b == '{' || b == '[' || b == '}' || b == ']' || b == '"'
}
