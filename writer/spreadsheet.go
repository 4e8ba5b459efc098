package writer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Dress makes a CSV output ready for spreadsheets. The zero value changes nothing.
type Dress struct {
	// Safe puts an apostrophe before cells that a spreadsheet would run as a formula. It changes data.
	Safe bool
	// BOM begins the file with a byte order mark, without which Excel does not take it for UTF-8.
	BOM bool
}

// formulaStarts are what spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), also in full width.
const formulaStarts = "=+-@＝＋－＠"

// defuse returns a cell that no spreadsheet runs. A tab or line break at the beginning is as bad as a formula, because some programs
// drop it, and see what follows; so are white space, what cannot be seen, and quotes.
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

// isNumber says whether what follows a sign is a number or a telephone number, which computes nothing and must stay usable.
func isNumber(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && strings.IndexByte(" ().,/-", s[i]) < 0 {
			return false
		}
	}
	return true
}

// defuseAll defuses cells into others, which are reused.
func defuseAll(into, cells []string) []string {
	into = into[:0]
	for _, c := range cells {
		into = append(into, defuse(c))
	}
	return into
}
