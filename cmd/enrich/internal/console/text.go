package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"enrich/internal/phrase"
	"enrich/report"
)

// MaxLine is the longest line of a message, in characters. Lines of the program's own words are far shorter: a longer one
// repeats a header, a cell, a path or a value from outside.
const MaxLine = 2000

// hidden reports whether a terminal obeys a character or shows nothing for it: control and format characters (zero-width
// characters, direction marks, tags), line and paragraph separators, private use, variation selectors and fillers.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

// Plain returns text that is safe for a terminal: hidden characters become "?", a tab becomes a space, line feeds stay,
// and no line is longer than [MaxLine].
func Plain(s string) string {
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
		if column++; column == MaxLine {
			r = '…'
		}
		if column <= MaxLine {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainLine is Plain for text that must stay on one line.
func plainLine(s string) string { return strings.ReplaceAll(Plain(s), "\n", "?") }

// Name returns a name from outside (a path, a column) as part of a sentence: as it is if it is printable, quoted otherwise.
func Name(name string) string {
	quoted := strconv.Quote(name)
	if quoted == `"`+name+`"` && !strings.ContainsFunc(name, hidden) && strings.TrimSpace(name) == name && name != "" {
		return name
	}
	return plainLine(quoted)
}

// Quote shortens text from an input to most characters and quotes it.
func Quote(s string, limit int) string { return plainLine(phrase.Quote(s, limit)) }

// Count returns a number with its noun: "1 call", "1,566 calls".
func Count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return report.Group(n) + " " + noun + "s"
}

// Duration returns a duration for people: "42 s", "1 min 48 s", "2 h 5 min". A negative one is 0.
func Duration(d time.Duration) string {
	s := max(0, int64((d+time.Second/2)/time.Second))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}
