package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineMost is the longest line of a message, in characters. Our own lines are far shorter: a longer one repeats a header,
// a cell, a path or a value that somebody else chose.
const lineMost = 2000

// hidden reports whether a terminal obeys a character, or shows nothing for it: control and format characters (zero-width
// characters, direction marks, tags), line and paragraph separators, private use, variation selectors and fillers.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

// plain returns text as it may go to a terminal: hidden characters become "?", a tab becomes a space, line feeds stay,
// and no line is longer than lineMost. The console applies it to every message, whatever the text is made of.
func plain(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	column := 0
	for _, r := range s {
		switch {
		case r == '\n':
			column = -1
		case r == '\t':
			r = ' '
		case r == utf8.RuneError, hidden(r):
			r = '?'
		}
		if column++; column == lineMost {
			r = '…'
		}
		if column <= lineMost {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainLine is plain for text that must not end its line.
func plainLine(s string) string { return strings.ReplaceAll(plain(s), "\n", "?") }

// shown returns a name that somebody else chose (a path, a column) as part of a sentence: as it is if it is printable,
// quoted otherwise.
func shown(name string) string {
	quoted := strconv.Quote(name)
	if quoted == `"`+name+`"` && !strings.ContainsFunc(name, hidden) && strings.TrimSpace(name) == name && name != "" {
		return name
	}
	return plainLine(quoted)
}
