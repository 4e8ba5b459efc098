package contact

import (
	"slices"
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
	b = slices.Grow(b, len(s))[:from+len(s)]
	end := from
	for i := range len(s) {
		c := foldedBytes[s[i]]
		switch {
		case c == beyondASCII:
			return append(b[:from], fold(s)...)
		case c == ' ' && (end == from || b[end-1] == ' '):
			continue
		}
		b[end] = c
		end++
	}
	if end > from && b[end-1] == ' ' {
		end--
	}
	return b[:end]
}

// beyondASCII is a byte of a character that foldedBytes does not fold.
const beyondASCII = utf8.RuneSelf

// foldedBytes has for each byte the one that stands for it in a normal value: a space for white space and for NUL.
var foldedBytes = func() (table [256]byte) {
	for b := range table {
		switch c := byte(b); {
		case c >= utf8.RuneSelf:
			table[b] = beyondASCII
		case c == 0, c >= '\t' && c <= '\r':
			table[b] = ' '
		case c >= 'A' && c <= 'Z':
			table[b] = c + 'a' - 'A'
		default:
			table[b] = c
		}
	}
	return table
}()

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
