package redact

import (
	"bytes"
	"strconv"
	"strings"
)

// maxEscapes bounds how often an escape may be escaped again, and the backslashes of one: a text of nothing but these would take the
// square of its length.
const maxEscapes = 32

// encodedLen returns how many bytes at the start of b are the character c: c itself, \c, \u00XX, %XX, &#NN; and similar
// escapes, which may be escaped again (\\u002F, %252F, &amp;#47;). It returns 0 if b does not start with c.
func encodedLen(b []byte, c byte, ignoreCase bool) int {
	if len(b) == 0 {
		return 0
	}
	n := 0
	switch b[0] { // first, because the character that escapes can be escaped itself
	case '\\':
		n = jsonEscapeLen(b, c, ignoreCase)
	case '%':
		n = urlEscapeLen(b, c, ignoreCase)
	case '&':
		n = htmlEscapeLen(b, c, ignoreCase)
	}
	if n == 0 && equal(b[0], c, ignoreCase) {
		n = 1
	}
	return n
}

func jsonEscapeLen(b []byte, c byte, ignoreCase bool) int {
	at := 0
	for at < len(b) && at < maxEscapes && b[at] == '\\' {
		at++
	}
	switch rest := b[at:]; {
	case c == '\\' && at >= 2:
		return 2
	case len(rest) >= 5 && rest[0] == 'u' && hexByte(rest[1:]) == 0 && equalCode(hexByte(rest[3:]), c, ignoreCase):
		return at + 5
	case len(rest) > 0 && rest[0] == c && strings.IndexByte(`"/'`, c) >= 0:
		return at + 1
	case len(rest) >= 3 && rest[0] == 'x' && equalCode(hexByte(rest[1:]), c, ignoreCase):
		return at + 3
	}
	return 0
}

func urlEscapeLen(b []byte, c byte, ignoreCase bool) int {
	at := 1
	for at < 2*maxEscapes && at+2 <= len(b) && b[at] == '2' && b[at+1] == '5' && c != '%' {
		at += 2
	}
	if at+2 <= len(b) && equalCode(hexByte(b[at:]), c, ignoreCase) {
		return at + 2
	}
	return 0
}

// entities are the named entities of characters that HTML escapes.
var entities = map[string]byte{
	"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "sol": '/', "plus": '+', "equals": '=', "lowbar": '_', "period": '.', "colon": ':',
}

func htmlEscapeLen(b []byte, c byte, ignoreCase bool) int {
	at := 1
	for at < 4*maxEscapes && bytes.HasPrefix(b[at:], []byte("amp;")) && at+4 < len(b) && (b[at+4] == '#' || isWordByte(b[at+4])) && c != '&' {
		at += 4
	}
	end := bytes.IndexByte(b[at:min(len(b), at+10)], ';')
	if end <= 0 {
		return 0
	}
	name, code := string(b[at:at+end]), -1
	switch {
	case name[0] != '#':
		if entity, known := entities[name]; known {
			code = int(entity)
		}
	case len(name) > 2 && name[1]|0x20 == 'x':
		code = parseCode(name[2:], 16)
	case len(name) > 1:
		code = parseCode(name[1:], 10)
	}
	if !equalCode(code, c, ignoreCase) {
		return 0
	}
	return at + end + 1
}

// parseCode parses the number of a character below 256; -1 if it is not one.
func parseCode(digits string, base int) int {
	n, err := strconv.ParseUint(digits, base, 8)
	if err != nil {
		return -1
	}
	return int(n)
}

// hexByte parses two hexadecimal digits; -1 if they are not.
func hexByte(b []byte) int {
	if b[0] == '+' || b[0] == '-' {
		return -1
	}
	return parseCode(string(b[:2]), 16)
}

func equalCode(code int, c byte, ignoreCase bool) bool {
	return code >= 0 && code <= 0x7f && equal(byte(code), c, ignoreCase)
}

func equal(a, b byte, ignoreCase bool) bool { return a == b || ignoreCase && lower(a) == lower(b) }

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b | 0x20
	}
	return b
}

func upper(b byte) byte {
	if b >= 'a' && b <= 'z' {
		return b &^ 0x20
	}
	return b
}
