// Package redact removes an API key from text that comes from outside, before the text is stored or shown.
//
// It finds the key itself, in lower and upper case, in hexadecimal, and in base64 at each of its three alignments ("Bearer
// KEY" in base64 is one), standard or URL-safe. Each character of these may be escaped as in JSON (\/, \u002F), a URL (%2F)
// or HTML (&#47; &#x2f; &amp;), and an escape may itself be escaped. A text may end inside any of these: the beginning of a
// key at the end of a text is replaced if it is long enough.
//
// It does not find a key that is encrypted, compressed, or spread over several texts.
package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// Marker replaces a key.
const Marker = "[key]"

const (
	// minLongKey is the length from which a key is unlikely to be in a text by chance. A shorter key is replaced only if it is
	// a word of its own: a key "test" must not change the address contest@example.com.
	minLongKey = 12
	// minEncodedKey is the length from which a key is searched in its encoded forms. Those of a shorter key are in many texts.
	minEncodedKey = 8
	// minPrefix is how many characters of a key are replaced at least if a text ends inside the key.
	minPrefix = 8
	// escapes are the bytes with which an escaped character begins.
	escapes = `\%&`
)

// A Redactor replaces one key. It is safe for concurrent use.
type Redactor struct {
	patterns []pattern
	// first are the bytes with which a match can begin, and second those that can follow one that is not an escape. Most bytes of a
	// text need only these.
	first, second byteSet
	short         bool
}

// A pattern is one form of a key.
type pattern struct {
	text       string
	minPrefix  int // how many characters are replaced at least at the end of a text
	ignoreCase bool
	// ambiguous: the text may contain what looks like an escape, such as \\ or %25.
	ambiguous bool
}

// New returns a Redactor for a key. An empty key is found nowhere.
func New(key string) *Redactor {
	r := &Redactor{short: len(key) < minLongKey}
	if key == "" {
		return r
	}
	r.add(key, minPrefix, !r.short)
	if len(key) >= minEncodedKey {
		r.add(hex.EncodeToString([]byte(key)), 2*minPrefix, true)
		for offset := range 3 {
			std := base64Core(key, offset)
			r.add(std, minPrefix*8/6, false)
			if url := strings.NewReplacer("+", "-", "/", "_").Replace(std); url != std {
				r.add(url, minPrefix*8/6, false)
			}
		}
	}
	for _, c := range escapes {
		r.first[c], r.second[c] = true, true
	}
	return r
}

// base64Core returns the base64 characters that depend on the key alone, if it starts at this offset modulo 3.
func base64Core(key string, offset int) string {
	all := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + key))
	return all[(offset*8+5)/6 : (offset+len(key))*8/6]
}

func (r *Redactor) add(text string, minPrefix int, ignoreCase bool) {
	r.patterns = append(r.patterns, pattern{text, minPrefix, ignoreCase, strings.ContainsAny(text, escapes)})
	r.first.add(text[0], ignoreCase)
	if len(text) > 1 {
		r.second.add(text[1], ignoreCase)
		return
	}
	for c := range r.second {
		r.second[c] = true
	}
}

// A byteSet is a set of bytes.
type byteSet [256]bool

func (s *byteSet) add(c byte, ignoreCase bool) {
	s[c] = true
	if ignoreCase {
		s[upper(c)], s[lower(c)] = true, true
	}
}

// Bytes returns b with each occurrence of the key replaced by [Marker]. It does not change b, and returns b itself if there is
// nothing to replace.
func (r *Redactor) Bytes(b []byte) []byte {
	var out []byte
	from := 0
	for i := r.next(b, 0); i < len(b); i = r.next(b, i) {
		n := r.match(b, i)
		if n == 0 {
			i++
			continue
		}
		out = append(append(out, b[from:i]...), Marker...)
		i += n
		from = i
	}
	if out == nil {
		return b
	}
	return append(out, b[from:]...)
}

// String is Bytes for a string.
func (r *Redactor) String(s string) string { return string(r.Bytes([]byte(s))) }

// next returns the next offset at which a match may begin, from at on; len(b) if there is none.
func (r *Redactor) next(b []byte, at int) int {
	first, second := &r.first, &r.second
	for ; at < len(b); at++ {
		if c := b[at]; first[c] && (at+1 == len(b) || second[b[at+1]] || isEscape(c)) {
			break
		}
	}
	return at
}

// isEscape reports whether a byte is one of escapes. Comparisons take two thirds of the time of a search.
func isEscape(c byte) bool { return c == '\\' || c == '%' || c == '&' }

// match returns the length of the key at an offset of b, or of the key's beginning if b ends there; 0 if there is none.
func (r *Redactor) match(b []byte, at int) int {
	c := b[at]
	isEscape := isEscape(c)
	for i := range r.patterns {
		p := &r.patterns[i]
		if !isEscape && !equal(c, p.text[0], p.ignoreCase) {
			continue
		}
		n, characters := p.match(b[at:])
		whole := characters == len(p.text)
		switch {
		case !whole && (characters < p.minPrefix || !isTextEnd(b[at+n:])):
		case whole && r.short && !isWord(b, at, at+n):
		default:
			return n
		}
	}
	return 0
}

// match returns how many characters of the pattern b begins with, and how many bytes they take.
func (p *pattern) match(b []byte) (length, characters int) {
	for ; characters < len(p.text); characters++ {
		n := encodedLen(b[length:], p.text[characters], p.ignoreCase)
		if n == 0 {
			break
		}
		length += n
	}
	if characters < len(p.text) && p.ambiguous {
		return p.matchEither(b)
	}
	return length, characters
}

// matchEither is match for a pattern of which b may have a character as it is where it looks like an escape. It follows both.
func (p *pattern) matchEither(b []byte) (length, characters int) {
	lengths := []int{0}
	for ; characters < len(p.text); characters++ {
		var next []int
		for _, from := range lengths {
			next = appendLengths(next, b, from, p.text[characters], p.ignoreCase)
		}
		if len(next) == 0 {
			break
		}
		slices.Sort(next)
		lengths = slices.Compact(next)
	}
	return slices.Max(lengths), characters
}

// appendLengths appends where the character c may end that begins at an offset of b.
func appendLengths(lengths []int, b []byte, from int, c byte, ignoreCase bool) []int {
	rest := b[from:]
	if n := encodedLen(rest, c, ignoreCase); n > 0 {
		lengths = append(lengths, from+n)
	}
	if len(rest) > 0 && equal(rest[0], c, ignoreCase) {
		lengths = append(lengths, from+1)
	}
	if c == '\\' { // escaped again and again
		rest = rest[:min(len(rest), maxEscapes)]
		run := len(rest) - len(bytes.TrimLeft(rest, `\`))
		for n := 4; n <= run; n *= 2 {
			lengths = append(lengths, from+n)
		}
	}
	return lengths
}

// isTextEnd reports whether the rest of a text is empty, or only closes the text: quotes, brackets, dots, an escape that is
// cut.
func isTextEnd(rest []byte) bool {
	const maxRest = 12
	if len(rest) > maxRest {
		return false
	}
	if i := bytes.IndexAny(rest, escapes); i >= 0 && len(rest)-i <= len(`&#x2f`) && !bytes.ContainsAny(rest[i:], `"' `) {
		rest = rest[:i]
	}
	return len(bytes.Trim(rest, "\"'.)]}> \r\n\t…\\")) == 0
}

// isWord reports whether b[from:to] has no letter or digit next to it. The n of \n is not a letter.
func isWord(b []byte, from, to int) bool {
	starts := from == 0 || !isWordByte(b[from-1]) || from > 1 && b[from-2] == '\\'
	return starts && (to == len(b) || !isWordByte(b[to]))
}

func isWordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}
