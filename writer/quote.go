package writer

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote is the text of a JSON string that stands in its quotes. Half a surrogate pair, which no UTF-8 text can
// hold, becomes U+FFFD; what else is between the quotes stays as it is, bytes that are not UTF-8 too.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; at >= 0; at = strings.IndexByte(s, '\\') {
		b = append(b, s[:at]...)
		var n int
		b, n = appendEscape(b, s[at:])
		s = s[at+n:]
	}
	return string(append(b, s...))
}

// appendEscape appends what the escape at the start of s stands for, and returns how long it is.
func appendEscape(b []byte, s string) ([]byte, int) {
	if len(s) < 2 {
		return append(b, s...), len(s)
	}
	switch s[1] {
	case 'b':
		return append(b, '\b'), 2
	case 'f':
		return append(b, '\f'), 2
	case 'n':
		return append(b, '\n'), 2
	case 'r':
		return append(b, '\r'), 2
	case 't':
		return append(b, '\t'), 2
	case 'u':
		r, n := codeUnit(s), 6
		if r < 0 {
			return append(b, s[:2]...), 2
		}
		if utf16.IsSurrogate(r) {
			pair := utf16.DecodeRune(r, codeUnit(s[6:]))
			if r = pair; pair != utf8.RuneError {
				n = 12
			}
		}
		return utf8.AppendRune(b, r), n
	}
	return append(b, s[1]), 2
}

// codeUnit reads the \uXXXX at the start of s, or returns -1.
func codeUnit(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(s[2:6], 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}
