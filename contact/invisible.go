package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isFormat reports whether a character is invisible: a Unicode format character (category Cf: zero-width space and joiners,
// direction marks, soft hyphen, byte order mark, tags) or another one that fonts do not draw (fillers, variation selectors).
func isFormat(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// brailleBlank looks like a space, but has another category.
const brailleBlank = '\u2800'

// isBlank reports whether a character is a space of any kind.
func isBlank(r rune) bool { return unicode.IsSpace(r) || r == brailleBlank }

// isMargin reports whether a character means nothing at the ends of a cell.
func isMargin(r rune) bool { return isBlank(r) || isFormat(r) || unicode.IsControl(r) }

// trim removes spaces of all kinds, format characters and control characters from both ends.
func trim(s string) string {
	if s == "" || isGraphic(s[0]) && isGraphic(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, isMargin)
}

// isGraphic reports whether a byte is a visible ASCII character.
func isGraphic(b byte) bool { return b > ' ' && b < 0x7f }

// isASCII reports whether s has no character beyond ASCII.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// squeeze removes format characters, and spaces beyond ASCII, from an address, a domain or a URL: they come from typesetting and
// cannot be part of it. An ASCII space separates words, so it stays and makes the value invalid.
func squeeze(s string) string {
	if isASCII(s) {
		return s
	}
	return removed(s, func(r rune) bool { return isFormat(r) || r >= utf8.RuneSelf && isBlank(r) })
}

// visible removes the format characters.
func visible(s string) string {
	if isASCII(s) {
		return s
	}
	return removed(s, isFormat)
}

// removed returns s without some characters. Bytes that are not UTF-8 stay as they are.
func removed(s string, unwanted func(rune) bool) string {
	if strings.IndexFunc(s, unwanted) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !unwanted(r) {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
