package reader

import (
	"strings"
	"unicode/utf8"
)

// typedness says how much a cell looks like one thing: 1 for a number, a date, an address, a name or a sentence; less
// for what may be torn out of something or may hold several things.
func typedness(cell string) float64 {
	s := strings.TrimSpace(cell)
	switch {
	case s == "":
		return 0.5
	case numberLike(s):
		return 1
	case strings.ContainsAny(s, "\t|;\"\x1f"):
		return 0.1
	case strings.Count(s, "#") > 1:
		return 0.2
	case strings.Contains(s, "@") || strings.Contains(s, "://"):
		return 1
	case strings.Contains(s, ","):
		return 0.4
	}
	if wordLike(s) {
		return 1
	}
	return 0.4
}

// numberLike takes numbers with their signs and currency, dates, times and phone numbers.
func numberLike(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("+-.,/:%$€£() TZeE", r):
		default:
			return false
		}
	}
	return digits > 0
}

// wordLike takes words: it begins and ends with a letter, a digit or what may stand there.
func wordLike(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return !strings.ContainsRune(":;,|'\"=&", first) && !strings.ContainsRune(";,|'\"=&(", last)
}
