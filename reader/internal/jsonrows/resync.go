package jsonrows

import (
	"bytes"
	"errors"
	"io"
)

// resync takes what went wrong at a place as a refused row, up to where the next row plainly begins, whichever comes
// first:
//
//   - where the brackets of the broken value are closed;
//   - a line that begins with an opening brace behind the place, no more indented than the broken value's own line: what
//     is indented more may be an object inside the broken one, and a part of a row must never be taken for a row;
//   - the end of a line within a string, which no string can hold.
func (f *framing) resync(frame *jsonFrame, at int, v verdict, may bool) error {
	for {
		text := f.Text()
		s := skipper{indent: max(f.indent, 0)} // 0: other things stand before it in its line
		n, ended := s.run(text[:min(len(text), f.limits.row)], at)
		switch {
		case ended || f.Ended() && len(text) <= f.limits.row:
			f.row(frame, n, verdictWords(v, at, text))
			return nil
		case len(text) > f.limits.row:
			f.row(frame, f.head(text), verdictWords(v, at, text)+"; "+f.tooLong())
			f.skip, f.skipping = s, true
			return nil
		}
		if err := f.want(may); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
}

// step passes n bytes and knows after them how far the line is indented.
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

// A skipper runs over broken JSON, looking at quotes and brackets alone, to where it ends.
type skipper struct {
	depth           int
	quoted, escaped bool
	begun           bool // something was passed
	// indent is how far a line that begins with an opening brace may be indented to be a row; -1: no line is one.
	indent int
	// column is how far the line is indented up to here; -1: other things stood in it.
	column int
}

// run passes text and returns where the broken value ends in it: behind its closing bracket or before what is the next
// row's. Lines count as rows from behind on only.
func (s *skipper) run(text []byte, behind int) (n int, ended bool) {
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
			s.quote(b)
			continue
		case b == ' ' || b == '\t':
			if s.column >= 0 {
				s.column++
			}
			continue
		case b == '{' && s.column >= 0 && s.column <= s.indent && i >= behind:
			return i, true
		case s.begun && s.depth == 0 && ends(b):
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

// quote is a byte within quotes.
func (s *skipper) quote(b byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case b == '\\':
		s.escaped = true
	case b == '"':
		s.quoted = false
	}
}

// ends says whether a byte cannot belong to a broken word.
func ends(b byte) bool {
	return b == ',' || b == '{' || b == '[' || b == '}' || b == ']' || b == '"'
}
