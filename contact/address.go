package contact

import (
	"net/mail"
	"net/url"
	"strings"
)

// cleanAddress returns the address in a cell. If there is no valid address in it, or more than one, it returns the cell, which
// [Contact.Check] then refuses with the reason.
func cleanAddress(s string) string {
	if s == "" || isPlain(s) {
		return s
	}
	if listed := visible(trim(s)); len(addresses(listed)) > 1 && squeeze(listed) != listed {
		return listed // without the spaces between them, two would look like one
	}
	if s = cleanURL(s); s == "" || isPlain(s) {
		return s
	}
	if a := strings.TrimRight(unquote(s), "."); badAddress(a) == "" {
		return a
	}
	if a := innerAddress(s); badAddress(a) == "" {
		return strings.TrimRight(a, ".")
	}
	return s
}

// isPlain is the fast path of cleanAddress: an address of ASCII letters, digits and the usual marks needs no cleaning.
func isPlain(s string) bool {
	if s == "" {
		return false
	}
	first, last := s[0], s[len(s)-1]
	if !isAlphanumeric(first) || !isAlphanumeric(last) && last != '@' {
		return false
	}
	ats := uint(0)
	for len(s) >= 8 { // eight at once, which is faster (BenchmarkCleaned)
		b := s[:8]
		ats += plainBytes[b[0]] + plainBytes[b[1]] + plainBytes[b[2]] + plainBytes[b[3]] + plainBytes[b[4]] + plainBytes[b[5]] + plainBytes[b[6]] + plainBytes[b[7]]
		s = s[8:]
	}
	for i := range len(s) {
		ats += plainBytes[s[i]]
	}
	return ats == 1
}

// plainBytes has 0 for each byte of a plain address, 1 for the @ and, for any other, more than an address may have.
var plainBytes = func() (table [256]uint) {
	for b := range table {
		switch b := byte(b); {
		case b == '@':
			table[b] = 1
		case !isAlphanumeric(b) && strings.IndexByte(".-_+", b) < 0:
			table[b] = 2
		}
	}
	return table
}()

func isAlphanumeric(b byte) bool {
	return isLetter(b) || b >= '0' && b <= '9'
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// innerAddress returns the address inside what people and programs write around it: a display name, angle brackets, mailto:, quotes,
// trailing punctuation. It returns "" if there is none, or if there are several.
func innerAddress(s string) string {
	for range maxWrappings {
		inner := unwrap(s)
		if inner == s {
			break
		}
		s = inner
	}
	if badAddress(s) == "" {
		return s
	}
	address := bracketed(s)
	if a, err := mail.ParseAddress(s); err == nil {
		address = unwrap(a.Address)
	}
	for _, other := range addresses(s) { // a part of it, if a separator is in the address itself
		if rest := len(address) - len(other); rest < 0 || !strings.EqualFold(other, address[rest:]) {
			return ""
		}
	}
	return address
}

// unquote removes typographic quotes, which would otherwise be letters of an international address.
func unquote(s string) string {
	for _, pair := range [...][2]string{{"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}} {
		if inner, ok := strings.CutPrefix(s, pair[0]); ok {
			if inner, ok = strings.CutSuffix(inner, pair[1]); ok {
				return trim(inner)
			}
		}
	}
	return s
}

// maxWrappings is the most layers around an address: "<mailto:ann@x.example>"; in quotes has four layers.
const maxWrappings = 6

// unwrap removes one layer from around an address.
func unwrap(s string) string {
	const mailto = "mailto:"
	if len(s) > len(mailto) && strings.EqualFold(s[:len(mailto)], mailto) {
		address, _, _ := strings.Cut(s[len(mailto):], "?")
		if plain, err := url.PathUnescape(address); err == nil {
			address = plain
		}
		return trim(squeeze(address))
	}
	if last := len(s) - 1; last > 0 {
		if i := strings.IndexByte("\"'`<([", s[0]); i >= 0 && s[last] == "\"'`>)]"[i] {
			return trim(s[1:last])
		}
	}
	if inner := unquote(s); inner != s {
		return inner
	}
	return trim(strings.TrimRight(s, ".,;:"))
}

// bracketed returns the text in angle brackets after a display name that net/mail refuses, such as "Lee, Ann <a@x.example>".
func bracketed(s string) string {
	_, rest, ok := strings.Cut(s, "<")
	if !ok || !strings.HasSuffix(rest, ">") {
		return ""
	}
	address := trim(rest[:len(rest)-1])
	if inner := unwrap(address); badAddress(inner) == "" {
		return inner
	}
	return address
}

// addresses lists the addresses in a cell, repeated ones too.
func addresses(s string) (list []string) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return isBlank(r) || strings.ContainsRune(",;/|<>()[]:", r) }) {
		part = strings.Trim(part, ".\"'`“”„‘’«»")
		if local, domain, ok := strings.Cut(part, "@"); ok && local != "" && strings.Contains(domain, ".") {
			list = append(list, part)
		}
	}
	return list
}
