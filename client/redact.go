package client

import (
	"bytes"
	"strings"
)

// shortKey is how long a key is that may stand in a text by chance. Such a one is only replaced where it stands by
// itself: a key "test" must not spoil the address contest@example.com.
const shortKey = 12

// Redact returns b with the key replaced by "[key]", also where it is escaped as in JSON (\/, \u002F) or in a URL (%2F).
// b itself is not changed; it is returned as it is where there is nothing to replace.
func (k Key) Redact(b []byte) []byte {
	if k.secret == "" || len(b) < len(k.secret) {
		return b
	}
	if bytes.IndexByte(b, '\\') < 0 && bytes.IndexByte(b, '%') < 0 && !bytes.Contains(b, []byte(k.secret)) {
		return b
	}
	return k.redact(b)
}

// redactString is Redact for text.
func (k Key) redactString(s string) string { return string(k.Redact([]byte(s))) }

func (k Key) redact(b []byte) []byte {
	var out []byte
	from := 0
	for i := 0; i < len(b); i++ {
		if c := b[i]; c != k.secret[0] && c != '\\' && c != '%' {
			continue
		}
		n := k.matches(b[i:])
		if n == 0 || len(k.secret) < shortKey && !byItself(b, i, i+n) {
			continue
		}
		out = append(append(out, b[from:i]...), redacted...)
		from = i + n
		i = from - 1
	}
	if out == nil {
		return b
	}
	return append(out, b[from:]...)
}

// byItself says that neither a letter nor a digit stands before or behind a part of b; the n of \n is none.
func byItself(b []byte, from, to int) bool {
	alone := from == 0 || !wordByte(b[from-1]) || from > 1 && b[from-2] == '\\'
	return alone && (to == len(b) || !wordByte(b[to]))
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// matches says how many bytes at the start of b spell the key; 0: none.
func (k Key) matches(b []byte) int {
	at := 0
	for i := range len(k.secret) {
		n := spells(b[at:], k.secret[i])
		if n == 0 {
			return 0
		}
		at += n
	}
	return at
}

// spells says how many bytes at the start of b spell one character: itself, \c, \u00XX, %XX.
func spells(b []byte, c byte) int {
	switch {
	case len(b) == 0:
		return 0
	case len(b) >= 6 && b[0] == '\\' && b[1] == 'u' && hexByte(b[2:4]) == 0 && hexByte(b[4:6]) == int(c):
		return 6
	case len(b) >= 2 && b[0] == '\\' && b[1] == c && strings.IndexByte(`"\/`, c) >= 0:
		return 2
	case len(b) >= 3 && b[0] == '%' && hexByte(b[1:3]) == int(c):
		return 3
	case b[0] == c:
		return 1
	}
	return 0
}

// hexByte reads two hexadecimal digits; -1: they are none.
func hexByte(b []byte) int {
	n := 0
	for _, c := range b[:2] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | int(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | int(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return n
}
