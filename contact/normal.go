package contact

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Normal returns a value as it is compared: trimmed, white space inside collapsed to one space, without format characters,
// Unicode NFC, case folded. It is never sent. It contains no NUL byte, so values can be joined by one.
func Normal(s string) string {
	if isNormal(s) {
		return s
	}
	return string(appendNormal(nil, s))
}

// appendNormal appends Normal(s).
func appendNormal(b []byte, s string) []byte {
	from := len(b)
	gap := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return append(b[:from], fold(s)...)
		case c == ' ' || c >= '\t' && c <= '\r' || c == 0:
			gap = len(b) > from
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if gap {
			b = append(b, ' ')
			gap = false
		}
		b = append(b, c)
	}
	return b
}

// fold is Normal for text beyond ASCII.
func fold(s string) string {
	s = strings.ReplaceAll(visible(s), "\x00", " ")
	s = strings.Join(strings.FieldsFunc(s, isBlank), " ")
	// Folding can break NFC, so the text is composed before and after. Folding makes Cherokee letters upper case, so the result
	// is made lower case.
	return norm.NFC.String(strings.ToLower(cases.Fold().String(norm.NFC.String(s))))
}

// isNormal reports whether Normal would not change s. It is the fast path for plain ASCII, as in most cells.
func isNormal(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 'A' && b <= 'Z', b >= 0x80, b < ' ', b == 0x7f:
			return false
		case b == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' '):
			return false
		}
	}
	return true
}
