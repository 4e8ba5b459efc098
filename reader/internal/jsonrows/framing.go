package jsonrows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"enrich/internal/jsonscan"
	"enrich/reader/internal/source"
)

// maxDepth is how deep a row's JSON may be nested. It is far beyond any lead and within what other programs read.
const maxDepth = 512

// A member is a member of a row: its name, unquoted, and the text of its value. Both are views of the row's text.
type member struct{ name, value string }

// A rowScanner scans one value and lists its members if it is an object.
type rowScanner struct {
	jsonscan.Scanner[string]
	members  []member
	isObject bool
}

// scan reads the value at the start of a text. It returns where the value ends, or where the text is wrong.
func (s *rowScanner) scan(text []byte) (end int, status jsonscan.Status) {
	s.Reset(source.View(text), maxDepth)
	s.members = s.members[:0]
	if s.isObject = s.Object(); !s.isObject {
		s.Value()
	} else {
		for name, ok := s.Member(); ok; name, ok = s.Member() {
			s.members = append(s.members, member{name: name, value: s.Value()})
		}
	}
	return s.Offset(), s.Status()
}

// A frame is the text of one row. The scanner that found it has its members.
type frame struct {
	text []byte
	line int64
	// problem says why the text is not a row, after "line 5: "; "" if it is an object.
	problem string
}

// errNeedMore says that the next row needs more of the input. Reading it would invalidate the rows found before.
var errNeedMore = errors.New("read more")

// A framing divides an input into rows. Rows are slices of its window: they are valid until it reads more. A copy is a
// snapshot until then.
type framing struct {
	source.Window
	limits limits
	line   int64 // of what is not yet taken
	// lineBreak is what ends lines: a line feed or, if the first block has none, a carriage return.
	lineBreak byte
	lines     bool // one row a line; otherwise values anywhere, and arrays of them
	// skipping says that a row was too long, and that its rest is to be skipped.
	skipping bool
	resync   resync // stream: finds the end of that rest
	array    int64  // stream: the line of the array that is open; 0: none
	after    token  // stream: what came last
	// indent is how far the line is indented up to here; -1: it has other text before this place.
	indent int
}

// newFraming reads the first block completely, so that it is the same in every pass, however the input is divided into reads.
func newFraming(in io.Reader, limits limits) framing {
	f := framing{Window: source.NewWindow(in, limits.block), limits: limits, line: 1, lineBreak: '\n'}
	block := f.Block()
	if bytes.IndexByte(block, '\n') < 0 && bytes.IndexByte(block, '\r') >= 0 {
		f.lineBreak = '\r'
	}
	return f
}

// double reads a block of twice the size, if there is more.
func (f *framing) double() {
	f.Fill()
	f.Block()
}

// take steps over n bytes.
func (f *framing) take(n int) []byte {
	taken := f.Take(n)
	f.line += int64(bytes.Count(taken, []byte{f.lineBreak}))
	return taken
}

// next finds the next row; io.EOF at the end. If it may not read, it returns errNeedMore instead.
func (f *framing) next(scan *rowScanner, row *frame, mayRead bool) error {
	if f.lines {
		return f.nextLine(scan, row, mayRead)
	}
	return f.nextValue(scan, row, mayRead)
}

// more reads more, if it may. It returns io.EOF or the input's error if there is no more.
func (f *framing) more(mayRead bool) error {
	switch {
	case f.Err != nil && f.failure() != nil:
		return fmt.Errorf("line %d: %w", f.line, f.failure())
	case f.Err != nil:
		return io.EOF
	case !mayRead:
		return errNeedMore
	}
	for size := len(f.Text()) + max(f.limits.block/4, 1); f.Err == nil && len(f.Text()) < size; {
		f.Fill()
	}
	return nil
}

// failure is the error by which the input ended early; nil if it goes on or ended properly.
func (f *framing) failure() error {
	if f.Err == nil || errors.Is(f.Err, io.EOF) {
		return nil
	}
	return source.Broken(f.Err)
}

// nextLine takes the next line that is not blank. A line is a row whatever it contains, so that a broken one does not affect
// the next. A last line without a line end is a row like any other. But if the input ended early with an error, a last line
// that is not an object is not a row: it may be incomplete.
func (f *framing) nextLine(scan *rowScanner, row *frame, mayRead bool) error {
	for {
		text := f.Text()
		end := bytes.IndexByte(text, f.lineBreak)
		switch {
		case f.skipping && end >= 0:
			f.skipping = false
			f.take(end + 1)
			continue
		case f.skipping:
			f.take(len(text))
		case end >= 0:
			line := f.line
			if f.setLine(scan, row, f.take(end + 1)[:end]) {
				row.line = line
				return nil
			}
			continue
		case len(text) > f.limits.row+1: // a carriage return at the end does not count
			f.skipping = true
			line := f.line
			f.setLine(scan, row, f.take(len(text)))
			row.line = line
			return nil
		}
		if err := f.more(mayRead); err != nil {
			return f.lastLine(scan, row, err)
		}
	}
}

// lastLine takes what follows the last line end.
func (f *framing) lastLine(scan *rowScanner, row *frame, err error) error {
	if errors.Is(err, errNeedMore) || len(f.Text()) == 0 {
		return err
	}
	line := f.line
	if !f.setLine(scan, row, f.take(len(f.Text()))) || !errors.Is(err, io.EOF) && row.problem != "" {
		return err
	}
	row.line = line
	return nil
}

// setLine makes a row of a line. It returns false if the line is blank.
func (f *framing) setLine(scan *rowScanner, row *frame, text []byte) bool {
	text = bytes.TrimSuffix(text, []byte{'\r'})
	if len(text) > f.limits.row {
		*row = frame{text: text[:f.head(text)], problem: f.tooLong()}
		return true
	}
	if isBlank(text) {
		return false
	}
	*row = frame{text: text}
	at, status := scan.scan(text)
	if status == jsonscan.Valid && !scan.End() {
		at, status = scan.Offset(), jsonscan.Malformed
	}
	if status != jsonscan.Valid || !scan.isObject {
		row.problem = problem(status, at, text)
	}
	return true
}

// tooLong says why a row above the limit is refused.
func (f *framing) tooLong() string {
	return fmt.Sprintf("longer than %d bytes; the rest is not kept", f.limits.row)
}

// head returns how many bytes of a long text are kept. It does not divide characters.
func (f *framing) head(text []byte) int {
	n := min(len(text), f.limits.row)
	for i := 0; i < utf8.UTFMax && n > 0 && n < len(text) && !utf8.RuneStart(text[n]); i++ {
		n--
	}
	return n
}

// problem says why a line or value is not an object.
func problem(status jsonscan.Status, at int, text []byte) string {
	switch status {
	case jsonscan.Valid:
		return "not a JSON object but " + kindOf(text)
	case jsonscan.Truncated:
		return "not a JSON object: it is incomplete"
	case jsonscan.TooDeep:
		return fmt.Sprintf("nested deeper than %d", maxDepth)
	}
	found := ""
	if at < len(text) && text[at] < utf8.RuneSelf {
		found = fmt.Sprintf(" (%q)", text[at])
	}
	return fmt.Sprintf("not a JSON object: error at byte %d%s", at+1, found)
}

// kindOf names the type of a valid value.
func kindOf(text []byte) string {
	switch trimLeft(text)[0] {
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// isBlank reports whether a text is JSON's white space.
func isBlank(text []byte) bool { return len(trimLeft(text)) == 0 }

// trimLeft returns a text without the white space at its start.
func trimLeft(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }
