package xlsx

import (
	"fmt"
	"unicode/utf8"
)

// appendText appends text to XML, as a string of ECMA-376 (ST_Xstring).
func appendText(b []byte, text string) []byte {
	done := 0 // text[:done] is in b
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' && c != '_' {
			i++
			continue
		}
		size, escape := escaped(text[i:])
		if escape != "" {
			b = append(append(b, text[done:i]...), escape...)
			done = i + size
		}
		i += size
	}
	return append(b, text[done:]...)
}

// escaped returns the size of the first character of a text, and its escape; "" if it needs none.
func escaped(text string) (size int, escape string) {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case r == '&':
		return size, "&amp;"
	case r == '<':
		return size, "&lt;"
	case r == '>':
		return size, "&gt;"
	case r == '\r': // unescaped, it is read as a line feed; more programs read this than _x000D_
		return size, "&#13;"
	case r == '\t' || r == '\n':
		return size, ""
	case r == utf8.RuneError && size == 1:
		if unit, ok := surrogate(text); ok {
			return 3, escapeUnit(unit)
		}
		return size, string(utf8.RuneError)
	case r < ' ', r == 0xFFFE, r == 0xFFFF, r == '_' && startsEscape(text):
		return size, escapeUnit(r)
	}
	return size, ""
}

// escapeUnit returns the escape of a UTF-16 code unit.
func escapeUnit(unit rune) string { return fmt.Sprintf("_x%04X_", unit) }

// startsEscape reports whether a text would be read as an escape. The underscore at its end does not count: it may be the first
// one of the escape of the next character.
func startsEscape(text string) bool {
	if len(text) < len("_xHHHH") || text[1] != 'x' {
		return false
	}
	for _, c := range []byte(text[2:6]) {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// surrogate returns half a surrogate pair from the three bytes that UTF-8 would have for it if it were allowed there.
func surrogate(text string) (unit rune, ok bool) {
	if len(text) < 3 || text[0] != 0xED || text[1] < 0xA0 || text[1] > 0xBF || text[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F), true
}

// needsPreserve reports whether a reader may drop white space at an end of a text unless it is told not to.
func needsPreserve(text string) bool {
	return text[0] <= ' ' || text[len(text)-1] <= ' '
}

// codeUnits returns the length of a text in UTF-16.
func codeUnits(text string) int {
	n := 0
	for _, r := range text {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}
