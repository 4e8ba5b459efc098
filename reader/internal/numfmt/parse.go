package numfmt

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCode is the longest format code that is understood, in bytes; the specification has 255 characters.
const maxCode = 4096

// A Format is a parsed format code. It has up to four sections: for positive numbers, negative numbers, zero and text. The nil
// Format is General.
type Format struct{ sections []section }

// A section is the part of a format for some numbers.
type section struct {
	items     []item
	condition condition

	date, time, elapsed                              bool
	secondDecimals                                   int // of seconds, 0 to 3
	general, percent, thousands, exponent, amount    bool
	integers, zeros, decimals, minDecimals, literals int // digits before the point, zeros among them; after it; literals that count
}

// An item is a literal, or a place for a digit (0, # or ?), or the number itself (General).
type item struct {
	literal string
	place   byte // '0', '#', '?', '.', 'G'; 0 for a literal
}

// A condition says to which numbers a section applies: [>=100].
type condition struct {
	op    string // "" if there is none
	value float64
}

func (c condition) accepts(v float64) bool {
	switch c.op {
	case "<":
		return v < c.value
	case "<=":
		return v <= c.value
	case ">":
		return v > c.value
	case ">=":
		return v >= c.value
	case "=":
		return v == c.value
	case "<>":
		return v != c.value
	}
	return false
}

// Parse parses a format code. Every code is accepted: what is not understood is a literal.
func Parse(code string) *Format {
	if len(code) > maxCode || code == "" || strings.EqualFold(code, "General") || code == "@" {
		return nil
	}
	f := &Format{}
	p := parser{rest: code}
	for {
		f.sections = append(f.sections, p.section())
		if p.rest == "" {
			return f
		}
	}
}

// A parser takes a code apart.
type parser struct {
	rest string
	s    section
	// last is the letter of the last date or time part; months are minutes after hours and before seconds.
	last    byte
	pending bool // an m whose meaning the next part decides
}

// section parses up to the next semicolon or the end.
func (p *parser) section() section {
	p.s, p.last, p.pending = section{}, 0, false
	for p.rest != "" {
		c := p.rest[0]
		switch c {
		case ';':
			p.rest = p.rest[1:]
			return p.finish()
		case '"':
			text, rest, _ := strings.Cut(p.rest[1:], `"`)
			p.rest = rest
			p.literal(text)
		case '\\', '!':
			p.rest = p.rest[1:]
			p.literal(p.character())
		case '_', '*':
			p.rest = p.rest[1:]
			p.character()
		case '[':
			inside, rest, _ := strings.Cut(p.rest[1:], "]")
			p.rest = rest
			p.bracket(inside)
		default:
			p.unquoted(c)
		}
	}
	return p.finish()
}

// character takes the next character.
func (p *parser) character() string {
	_, n := utf8.DecodeRuneInString(p.rest)
	c := p.rest[:n]
	p.rest = p.rest[n:]
	return c
}

// literal adds text that is shown as it is.
func (p *parser) literal(text string) {
	if strings.ContainsAny(text, "$€£¥₹") {
		p.s.amount = true
	}
	if n := len(p.s.items); n > 0 && p.s.items[n-1].place == 0 {
		p.s.items[n-1].literal += text
	} else if text != "" {
		p.s.items = append(p.s.items, item{literal: text})
	}
}

// unquoted takes what has a meaning of its own.
func (p *parser) unquoted(c byte) {
	if n := len("General"); len(p.rest) >= n && strings.EqualFold(p.rest[:n], "General") {
		p.rest = p.rest[n:]
		p.s.general = true
		p.s.items = append(p.s.items, item{place: 'G'})
		return
	}
	if n := prefixOf(p.rest, "AM/PM", "A/P", "上午/下午"); n > 0 {
		p.rest = p.rest[n:]
		p.part('h')
		return
	}
	switch c {
	case '0', '#', '?':
		p.digit(c)
		p.rest = p.rest[1:]
	case '.':
		p.rest = p.rest[1:]
		p.point()
	case ',':
		p.rest = p.rest[1:]
		p.s.thousands = p.s.thousands || p.s.integers > 0
	case '%':
		p.rest = p.rest[1:]
		p.s.percent = true
		p.literal("%")
	case '@':
		p.rest = p.rest[1:]
		p.s.items = append(p.s.items, item{place: 'G'})
		p.s.general = true
	case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S', 'b', 'B', 'e', 'E', 'g', 'G':
		p.letters(c | 0x20)
	case 'a', 'A':
		p.weekday()
	case '/':
		p.rest = p.rest[1:]
		p.s.amount = p.s.amount || p.s.integers > 0 && !p.s.date // a fraction
		p.literal("/")
	default:
		p.literal(p.character())
	}
}

func prefixOf(s string, prefixes ...string) int {
	for _, prefix := range prefixes {
		if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			return len(prefix)
		}
	}
	return 0
}

// digit adds a place for a digit.
func (p *parser) digit(c byte) {
	p.s.items = append(p.s.items, item{place: c})
	switch {
	case p.s.decimals > 0:
		p.s.decimals++
		if c == '0' {
			p.s.minDecimals = p.s.decimals - 1
		}
	default:
		p.s.integers++
		if c == '0' {
			p.s.zeros++
		}
	}
}

// point begins the decimals. decimals counts the point too until the section ends. After seconds, they are fractions.
func (p *parser) point() {
	if p.last == 's' {
		n := 0
		for n < len(p.rest) && p.rest[n] == '0' {
			n++
		}
		p.rest = p.rest[n:]
		p.s.secondDecimals = min(n, 3)
		return
	}
	p.s.items = append(p.s.items, item{place: '.'})
	p.s.decimals = max(p.s.decimals, 1)
}

// letters takes a run of one letter of a date or time, or an exponent.
func (p *parser) letters(c byte) {
	if c == 'e' && len(p.rest) > 1 && (p.rest[1] == '+' || p.rest[1] == '-') {
		p.rest = p.rest[2:]
		p.s.exponent = true
		return
	}
	n := 1
	for n < len(p.rest) && p.rest[n]|0x20 == c {
		n++
	}
	p.rest = p.rest[n:]
	p.part(c)
}

// weekday takes the name of a day of the week in formats of East Asia: aaa or aaaa. One or two letters are text.
func (p *parser) weekday() {
	n := 0
	for n < len(p.rest) && p.rest[n]|0x20 == 'a' {
		n++
	}
	if n < 3 {
		p.literal(p.rest[:n])
	} else {
		p.part('d')
	}
	p.rest = p.rest[n:]
}

// part notes a part of a date or time.
func (p *parser) part(c byte) {
	if p.pending { // an m: minutes before seconds, else a month
		p.pending = false
		if c != 's' {
			p.s.date = true
		} else {
			p.s.time = true
		}
	}
	switch {
	case c == 'h' || c == 's':
		p.s.time = true
	case c != 'm':
		p.s.date = true
	case p.last == 'h':
		p.s.time = true
	default:
		p.pending = true
	}
	p.last = c
}

// bracket takes what is in brackets: a condition, an elapsed time, a currency; colors and languages are ignored.
func (p *parser) bracket(inside string) {
	switch lower := strings.ToLower(inside); {
	case lower == "":
	case strings.Trim(lower, lower[:1]) == "" && strings.Contains("hms", lower[:1]):
		p.s.time, p.s.elapsed = true, true
		p.last = lower[0]
		if lower[0] == 'm' {
			p.last = 'h' // [mm]:ss
		}
	case inside[0] == '$':
		symbol, _, _ := strings.Cut(inside[1:], "-")
		if symbol != "" {
			p.s.amount = true
			p.literal(symbol)
		}
	case strings.ContainsRune("<>=", rune(inside[0])):
		op := inside[:len(inside)-len(strings.TrimLeft(inside, "<>="))]
		if v, err := strconv.ParseFloat(strings.TrimSpace(inside[len(op):]), 64); err == nil {
			p.s.condition = condition{op, v}
		}
	}
}

// finish completes a section.
func (p *parser) finish() section {
	s := p.s
	if p.pending {
		s.date = true
	}
	if s.decimals > 0 {
		s.decimals-- // the point
	}
	first, last := -1, -1
	for i, it := range s.items {
		if it.place != 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	for i, it := range s.items {
		if it.place == 0 && (i > first && i < last || strings.Trim(it.literal, " -()") != "") {
			s.literals++
		}
	}
	return s
}
