package jsonrows

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A jsonFrame is one row as it was found: its text and, unless it is no object, the scanner's members of it.
type jsonFrame struct {
	text []byte
	line int64
	// broken says why the text is no row, after "line 5: "; "": it is an object.
	broken string
}

// errNotNow says that the next row needs more of the input, which would make the rows found before it invalid.
var errNotNow = errors.New("read on")

// framing finds the rows in a window. Its copy is a snapshot, as long as the window reads no more.
type framing struct {
	jsonWindow
	lines bool // one row a line; otherwise values anywhere, and arrays of them
	// skipping says that a row was too long, and its rest is to be passed.
	skipping bool
	skip     skipper
	array    int64 // stream: the line of the array that is open; 0: none
	after    token // stream: what came last
	// indent is how far the line is indented up to here; -1: other things stand before.
	indent int
}

// next finds the next row; io.EOF at the end. Only if it may, it reads more.
func (f *framing) next(scan *jsonScanner, frame *jsonFrame, may bool) error {
	if f.lines {
		return f.nextLine(scan, frame, may)
	}
	return f.nextValue(scan, frame, may)
}

// want reads more, if it may: errNotNow if not, io.EOF or the input's error if there is no more.
func (f *framing) want(may bool) error {
	switch {
	case f.Err != nil && f.failed() != nil:
		return fmt.Errorf("line %d: %w", f.line, f.failed())
	case f.Err != nil:
		return io.EOF
	case !may:
		return errNotNow
	}
	f.more()
	return nil
}

// verdictWords says why a line or value is no object.
func verdictWords(v verdict, at int, text []byte) string {
	switch v {
	case valueWhole:
		return "no JSON object but " + kindWords(text)
	case valueShort:
		return "no JSON object: it ends in the middle"
	case valueDeep:
		return fmt.Sprintf("nested deeper than %d", maxDepth)
	}
	found := ""
	if at < len(text) && text[at] < utf8.RuneSelf {
		found = fmt.Sprintf(" (%q)", text[at])
	}
	return fmt.Sprintf("not a JSON object: error at byte %d%s", at+1, found)
}

// kindWords names what a valid value is.
func kindWords(text []byte) string {
	for _, b := range text {
		switch b {
		case ' ', '\t', '\r', '\n':
			continue
		case '[':
			return "an array"
		case '"':
			return "a string"
		case 't', 'f':
			return "true or false"
		case 'n':
			return "null"
		}
		break
	}
	return "a number"
}

// tooLong is why a row above the limit is refused.
func (f *framing) tooLong() string {
	return fmt.Sprintf("longer than %d bytes, of which the first are kept", f.limits.row)
}

// head is how much of the start of a long text is kept: whole characters only.
func (f *framing) head(text []byte) int {
	n := min(len(text), f.limits.row)
	for i := 0; i < utf8.UTFMax && n > 0 && n < len(text) && !utf8.RuneStart(text[n]); i++ {
		n--
	}
	return n
}
