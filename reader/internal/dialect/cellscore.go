package dialect

import (
	"strings"
	"unicode/utf8"
)

// cellScore returns how much a cell looks like one value: 1 for a number, a date, an address, a name or a sentence, less
// for text that may be a part of a cell or several cells.
func cellScore(cell string) float64 {
	s := strings.TrimSpace(cell)
	switch {
	case s == "":
		return 0.5
	case IsNumber(s):
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
	if isPhrase(s) {
		return 1
	}
	return 0.4
}

// IsNumber reports whether a cell is a number with its signs and currency, a date, a time or a phone number.
func IsNumber(s string) bool {
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

// isPhrase reports whether a text begins and ends like words, with no punctuation that belongs to something else.
func isPhrase(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return !strings.ContainsRune(":;,|'\"=&", first) && !strings.ContainsRune(";,|'\"=&(", last)
}
