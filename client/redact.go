package client

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

const (
	// shortKey is how long a key is that may stand in a text by chance. A shorter one is only replaced where it stands by
	// itself: a key "test" must not spoil the address contest@example.com.
	shortKey = 12
	// codedKey is how long a key must be for its encoded spellings to be looked for: those of a shorter one are in many texts.
	codedKey = 8
	// cutKey is how many characters of a key show it, if a text ends inside of it.
	cutKey = 8
)

// A redactor replaces a key by "[key]". It finds the key itself, in capitals and in small letters, in hexadecimal, and in
// base64 at each of its three alignments (what stands before the key decides which; "Bearer KEY" is one), for URLs or not.
// Each character of these may be escaped as in JSON (\/, \u002F), a URL (%2F) or a page (&#47; &#x2f; &amp;), and a text may
// end inside of any: the beginning of a key is replaced too if it stands at the end and is long enough.
type redactor struct {
	patterns []pattern
	first    [256]bool // what a pattern can begin with
	short    bool
}

// A pattern is one spelling of a key.
type pattern struct {
	text string
	cut  int  // how many characters of it show the key
	fold bool // capitals and small letters are alike
}

func newRedactor(k Key) *redactor {
	r := &redactor{short: len(k.secret) < shortKey}
	if k.secret == "" {
		return r
	}
	r.add(k.secret, cutKey, !r.short)
	if len(k.secret) >= codedKey {
		r.add(hex.EncodeToString([]byte(k.secret)), 2*cutKey, true)
		for before := range 3 {
			std := base64Core(k.secret, before)
			r.add(std, cutKey*8/6, false)
			if url := strings.NewReplacer("+", "-", "/", "_").Replace(std); url != std {
				r.add(url, cutKey*8/6, false)
			}
		}
	}
	for _, c := range `\%&` {
		r.first[c] = true
	}
	return r
}

// base64Core is what is alike in the base64 of all texts that contain a key behind so many bytes, modulo three.
func base64Core(secret string, before int) string {
	all := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
	return all[(before*8+5)/6 : (before+len(secret))*8/6]
}

func (r *redactor) add(text string, cut int, fold bool) {
	r.patterns = append(r.patterns, pattern{text, cut, fold})
	r.first[text[0]] = true
	if fold {
		r.first[upper(text[0])], r.first[lower(text[0])] = true, true
	}
}

// Redact returns b with the key replaced by "[key]", however it is spelt: see [redactor]. b itself is not changed; it is
// returned as it is if there is nothing to replace.
func (k Key) Redact(b []byte) []byte { return newRedactor(k).redact(b) }

func (r *redactor) redact(b []byte) []byte {
	var out []byte
	from := 0
	for i := 0; i < len(b); i++ {
		if !r.first[b[i]] {
			continue
		}
		n := r.matches(b, i)
		if n == 0 {
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

// oversizeShown is how much is kept of a body that is too long to be an answer: far more than a message shows.
const oversizeShown = 64 << 10

// redactBody is redact for a body. One that is above maxBody keeps its length, which says that it is too long, and the
// beginning that a message may show; the rest is cleared, because looking for the key in all of it would cost too much.
func (r *redactor) redactBody(body []byte) []byte {
	if len(body) <= maxBody {
		return r.redact(body)
	}
	n := copy(body, r.redact(body[:oversizeShown]))
	clear(body[n:])
	return body
}

// redactString is redact for text.
func (r *redactor) redactString(s string) string { return string(r.redact([]byte(s))) }

// matches is how many bytes of b from at on spell the key, or its beginning if b ends there; 0: none.
func (r *redactor) matches(b []byte, at int) int {
	for i := range r.patterns {
		p := &r.patterns[i]
		bytes, characters := p.matches(b[at:])
		whole := characters == len(p.text)
		switch {
		case !whole && (characters < p.cut || !endsText(b[at+bytes:])):
		case whole && r.short && !byItself(b, at, at+bytes):
		default:
			return bytes
		}
	}
	return 0
}

// matches is how much of the pattern b begins with: so many bytes, which spell so many characters.
func (p *pattern) matches(b []byte) (bytes, characters int) {
	for ; characters < len(p.text); characters++ {
		n := spells(b[bytes:], p.text[characters], p.fold)
		if n == 0 {
			break
		}
		bytes += n
	}
	return bytes, characters
}

// endsText reports whether what is left of a text is nothing, or only the marks that end one: a quote, dots. An escape that
// was cut is such a rest as well.
func endsText(rest []byte) bool {
	const most = 12
	if len(rest) > most {
		return false
	}
	if i := bytes.IndexAny(rest, `\%&`); i >= 0 && len(rest)-i <= len(`&#x2f`) && !bytes.ContainsAny(rest[i:], `"' `) {
		rest = rest[:i]
	}
	return len(bytes.Trim(rest, "\"'.)]}> \r\n\t…\\")) == 0
}

// byItself reports whether neither a letter nor a digit stands before or behind a part of b; the n of \n is none.
func byItself(b []byte, from, to int) bool {
	alone := from == 0 || !wordByte(b[from-1]) || from > 1 && b[from-2] == '\\'
	return alone && (to == len(b) || !wordByte(b[to]))
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// spells is how many bytes at the start of b spell one character: itself, \c, \u00XX, %XX, &#NN; and their like. An escape may
// itself be escaped: \\u002F, %252F, &amp;#47;.
func spells(b []byte, c byte, fold bool) int {
	if len(b) == 0 {
		return 0
	}
	n := 0
	switch b[0] { // first, because what escapes can be escaped itself
	case '\\':
		n = spellsJSON(b, c, fold)
	case '%':
		at := 1
		for at+2 <= len(b) && b[at] == '2' && b[at+1] == '5' && c != '%' {
			at += 2
		}
		if at+2 <= len(b) && alikeCode(hexByte(b[at:]), c, fold) {
			n = at + 2
		}
	case '&':
		n = spellsHTML(b, c, fold)
	}
	if n == 0 && alike(b[0], c, fold) {
		n = 1
	}
	return n
}

func spellsJSON(b []byte, c byte, fold bool) int {
	at := 0
	for at < len(b) && b[at] == '\\' {
		at++
	}
	switch rest := b[at:]; {
	case c == '\\' && at >= 2:
		return 2
	case len(rest) >= 5 && rest[0] == 'u' && hexByte(rest[1:]) == 0 && alikeCode(hexByte(rest[3:]), c, fold):
		return at + 5
	case len(rest) > 0 && rest[0] == c && strings.IndexByte(`"/'`, c) >= 0:
		return at + 1
	case len(rest) >= 3 && rest[0] == 'x' && alikeCode(hexByte(rest[1:]), c, fold):
		return at + 3
	}
	return 0
}

// entities are the names that pages must use.
var entities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "sol": '/', "plus": '+', "equals": '=', "lowbar": '_', "period": '.', "colon": ':'}

func spellsHTML(b []byte, c byte, fold bool) int {
	at := 1
	for bytes.HasPrefix(b[at:], []byte("amp;")) && at+4 < len(b) && (b[at+4] == '#' || wordByte(b[at+4])) && c != '&' {
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
		code = number(name[2:], 16)
	case len(name) > 1:
		code = number(name[1:], 10)
	}
	if !alikeCode(code, c, fold) {
		return 0
	}
	return at + end + 1
}

// number reads digits; -1: they are none.
func number(digits string, base int) int {
	n, err := strconv.ParseUint(digits, base, 8)
	if err != nil {
		return -1
	}
	return int(n)
}

// hexByte reads two hexadecimal digits; -1: they are none.
func hexByte(b []byte) int {
	if b[0] == '+' || b[0] == '-' {
		return -1
	}
	return number(string(b[:2]), 16)
}

func alikeCode(code int, c byte, fold bool) bool {
	return code >= 0 && code <= 0x7f && alike(byte(code), c, fold)
}

func alike(a, b byte, fold bool) bool { return a == b || fold && lower(a) == lower(b) }

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
