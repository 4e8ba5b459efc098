package jsonscan

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"enrich/internal/quoting"
)

// Unquote returns the text of a valid JSON string, which has its quotes. ok is false if the string contains half a surrogate
// pair, which no text can: U+FFFD takes its place. A written \uFFFD counts as one, because it says as little.
func Unquote[T Text](quoted T) (text string, ok bool) {
	s := string(quoted[1 : len(quoted)-1])
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s, true
	}
	ok = true
	b := make([]byte, 0, len(s))
	for ; at >= 0; at = strings.IndexByte(s, '\\') {
		b = append(b, s[:at]...)
		if s = s[at+1:]; s[0] != 'u' {
			b, s = append(b, escapes[s[0]]), s[1:]
			continue
		}
		r, n := codePoint(s)
		ok = ok && r != utf8.RuneError
		b, s = utf8.AppendRune(b, r), s[n:]
	}
	return string(append(b, s...)), ok
}

// Unescape replaces the valid escapes of a text that need not be JSON. Everything else stays.
func Unescape(s string) string {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; at >= 0; at = strings.IndexByte(s, '\\') {
		b = append(b, s[:at]...)
		switch s = s[at:]; {
		case isCodeUnit(s):
			r, n := codePoint(s[1:min(len(s), 6)])
			if isCodeUnit(s[6:]) {
				r, n = codePoint(s[1:])
			}
			b, s = utf8.AppendRune(b, r), s[1+n:]
		case len(s) >= 2 && escapes[s[1]] != 0:
			b, s = append(b, escapes[s[1]]), s[2:]
		default:
			b, s = append(b, '\\'), s[1:]
		}
	}
	return string(append(b, s...))
}

// isCodeUnit reports whether a text begins with \uXXXX.
func isCodeUnit(s string) bool {
	return len(s) >= 6 && s[0] == '\\' && s[1] == 'u' && isHex(s[2]) && isHex(s[3]) && isHex(s[4]) && isHex(s[5])
}

// codePoint reads uXXXX, or the two of a surrogate pair, and returns how long it is.
func codePoint(s string) (r rune, size int) {
	r = codeUnit(s)
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
		if r = utf16.DecodeRune(r, codeUnit(s[6:])); r != utf8.RuneError {
			return r, 11
		}
	}
	return utf8.RuneError, 5
}

// codeUnit reads uXXXX.
func codeUnit(s string) rune {
	n, _ := strconv.ParseUint(s[1:5], 16, 16) // it is valid
	return rune(n)
}

// ToText returns a valid value as text: of a string what [Unquote] returns, of null nothing, of any other value its JSON.
func ToText[T Text](value T) (text string, ok bool) {
	switch {
	case len(value) > 0 && value[0] == '"':
		return Unquote(value)
	case string(value) == "null":
		return "", true
	}
	return string(value), true
}

// AppendString appends a text as a JSON string, with no more escapes than necessary. Bytes that are not UTF-8 become U+FFFD,
// because JSON cannot contain them.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	if quoting.Index(s, 0, '\\') == len(s) && utf8.ValidString(s) { // the quick way for most
		return append(append(b, s...), '"')
	}
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		case c == '"' || c == '\\':
			b = append(append(b, s[from:i]...), '\\', c)
			from = i + 1
		case c < ' ':
			b = appendControl(append(b, s[from:i]...), c)
			from = i + 1
		}
		i++
	}
	return append(append(b, s[from:]...), '"')
}

func appendControl(b []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
