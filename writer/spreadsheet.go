package writer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// formulaStarts are the characters with which a formula begins in a spreadsheet (OWASP, "CSV Injection"), also in full width.
const formulaStarts = "=+-@＝＋－＠"

// defuse puts an apostrophe before a cell that a spreadsheet would run as a formula. Programs may drop a tab or line break at
// the start and run the rest, so such a cell gets one, too. White space, invisible characters and quotes before a formula
// change nothing.
func defuse(cell string) string {
	rest := strings.TrimLeftFunc(cell, func(r rune) bool {
		return r == '"' || r == '\'' || r == '`' || unicode.IsSpace(r) || unicode.Is(unicode.C, r) || r == utf8.RuneError
	})
	first, size := utf8.DecodeRuneInString(rest)
	switch {
	case cell == "":
		return cell
	case cell[0] == '\t' || cell[0] == '\r' || cell[0] == '\n':
	case !strings.ContainsRune(formulaStarts, first) || rest == "":
		return cell
	case strings.ContainsRune("+-＋－", first) && isNumber(rest[size:]):
		return cell
	}
	return "'" + cell
}

// isNumber reports whether the text after a sign is a number or telephone number. These compute nothing and must stay usable.
func isNumber(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && strings.IndexByte(" ().,/-", s[i]) < 0 {
			return false
		}
	}
	return true
}
