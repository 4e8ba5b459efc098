package jobresults

import (
	"errors"
	"io"

	"enrich/internal/jsonscan"
)

// minWindow is how much of the text is in memory at least.
const minWindow = 64 << 10

// A window is the part of a text that is in memory. It steps over tokens and whole values, and reads on as they need.
type window struct {
	from   io.Reader
	text   []byte
	at     int   // what comes before was read
	before int64 // bytes of the text that are not in memory any more
	err    error // the end of from
	scan   jsonscan.Scanner[[]byte]

	escaping bool // control characters in strings are escaped: JSON forbids them, but some servers send them
	quoted   bool // the end of text is within a string
	escaped  bool // the end of text is after a backslash
}

var (
	errTruncated = errors.New("cut off")
	errTooLarge  = errors.New("too large")
	errMalformed = errors.New("not valid JSON")
	errTooDeep   = errors.New("nested too deep")
)

// offset returns how many bytes of the text were read.
func (w *window) offset() int64 { return w.before + int64(w.at) }

// more reads on. It reports whether anything came.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	n := copy(w.text, w.text[w.at:])
	w.before += int64(w.at)
	w.text, w.at = w.text[:n], 0
	if size := max(2*n, minWindow); size > cap(w.text) {
		w.text = append(make([]byte, 0, size), w.text...)
	}
	for w.err == nil && len(w.text) == n {
		m, err := w.from.Read(w.text[n:cap(w.text)])
		w.text, w.err = w.text[:n+m], err
	}
	if w.escaping {
		w.escapeFrom(n)
	}
	return len(w.text) > n
}

// peek skips white space and returns the next byte, 0 at the end of the text.
func (w *window) peek() byte {
	for {
		for ; w.at < len(w.text); w.at++ {
			switch b := w.text[w.at]; b {
			case ' ', '\t', '\n', '\r':
			default:
				return b
			}
		}
		if !w.more() {
			return 0
		}
	}
}

// skip steps over a byte, and reports whether it was there.
func (w *window) skip(b byte) bool {
	if w.peek() != b || w.at == len(w.text) {
		return false
	}
	w.at++
	return true
}

// skipPrefix steps over bytes at the beginning of a text as often as they are there.
func (w *window) skipPrefix(prefix string) {
	for {
		for len(w.text)-w.at < len(prefix) && w.more() {
		}
		if len(w.text)-w.at < len(prefix) || string(w.text[w.at:w.at+len(prefix)]) != prefix {
			return
		}
		w.at += len(prefix)
	}
}

// value steps over the next value and returns it, valid until the next call of a method. It must not be longer than limit
// bytes.
func (w *window) value(limit, maxDepth int) ([]byte, error) {
	return w.scanned(limit, maxDepth, func(s *jsonscan.Scanner[[]byte]) { s.Value() })
}

// scanned is value, and lets scan step over it. If not all of the value is in memory, scan is called again.
func (w *window) scanned(limit, maxDepth int, scan func(*jsonscan.Scanner[[]byte])) ([]byte, error) {
	w.peek()
	for {
		rest := w.text[w.at:]
		w.scan.Reset(rest, maxDepth)
		scan(&w.scan)
		end := w.scan.Offset()
		value := rest[:end]
		switch w.scan.Status() {
		case jsonscan.Valid:
			if end == len(rest) && !isClosed(value) && w.more() { // a number may go on
				continue
			}
			if len(value) > limit {
				return nil, errTooLarge
			}
			w.at += end
			return value, nil
		case jsonscan.Malformed:
			if w.escaping || end >= len(rest) || rest[end] >= ' ' {
				w.at += end
				return nil, errMalformed
			}
			w.escape()
			continue
		case jsonscan.TooDeep:
			return nil, errTooDeep
		}
		switch {
		case len(rest) > limit:
			return nil, errTooLarge
		case !w.more():
			w.at = len(w.text)
			return nil, errTruncated
		}
	}
}

// isClosed reports whether nothing can follow that belongs to a value.
func isClosed(value []byte) bool {
	switch value[len(value)-1] {
	case '}', ']', '"':
		return true
	}
	return false
}

// escape begins to escape control characters. The next byte must be outside of a string.
func (w *window) escape() {
	w.escaping, w.quoted, w.escaped = true, false, false
	w.escapeFrom(w.at)
}

// escapeFrom escapes the control characters in strings from an offset of the text on.
func (w *window) escapeFrom(at int) {
	rest := append([]byte(nil), w.text[at:]...)
	w.text = w.text[:at]
	for _, c := range rest {
		switch {
		case w.quoted && c < ' ':
			const digits = "0123456789abcdef"
			w.text = append(w.text, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			w.escaped = false
			continue
		case w.escaped:
			w.escaped = false
		case w.quoted && c == '\\':
			w.escaped = true
		case c == '"':
			w.quoted = !w.quoted
		}
		w.text = append(w.text, c)
	}
}
