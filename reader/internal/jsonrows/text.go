package jsonrows

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape is the text of a JSON string that a scanner found whole, without its quotes. It is not sound where the string
// holds half a surrogate pair, which no text can: U+FFFD stands for it then.
func unescape(s string) (text string, sound bool) {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s, true
	}
	sound = true
	b := make([]byte, 0, len(s))
	for ; at >= 0; at = strings.IndexByte(s, '\\') {
		b = append(b, s[:at]...)
		if s = s[at+1:]; s[0] != 'u' {
			b, s = append(b, escapes[s[0]]), s[1:]
			continue
		}
		r, n := codePoint(s)
		sound = sound && r != utf8.RuneError
		b, s = utf8.AppendRune(b, r), s[n:]
	}
	return string(append(b, s...)), sound
}

// escapes are the bytes that stand behind a backslash, and what they mean.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// codePoint reads uXXXX, or the two of a surrogate pair, and returns how long it is. A written U+FFFD is one as well as
// half a pair is; it says just as little about a person.
func codePoint(s string) (rune, int) {
	r := codeUnit(s)
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

// codeUnit reads uXXXX, which a scanner has checked.
func codeUnit(s string) rune {
	n, _ := strconv.ParseUint(s[1:5], 16, 16)
	return rune(n)
}

// plain is a value as a cell: a string's text, null as nothing, anything else as it stands.
func plain(value string) (cell string, sound bool) {
	switch {
	case value == "null":
		return "", true
	case value != "" && value[0] == '"':
		return unescape(value[1 : len(value)-1])
	}
	return value, true
}
