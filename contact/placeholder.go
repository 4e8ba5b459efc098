package contact

import (
	"strings"
	"unicode/utf8"
)

// maxPlaceholder is the longest cell, in bytes, that can be a placeholder.
const maxPlaceholder = 24

// isPlaceholder reports whether a trimmed cell of any column means "empty".
func isPlaceholder(s string) bool {
	if len(s) == 0 || len(s) > maxPlaceholder {
		return false
	}
	switch s[0] {
	case 'n', 'N': // of names, most are decided by the second byte
		return len(s) > 1 && (s[1] == '/' || s[1] >= utf8.RuneSelf) && strings.EqualFold(visible(s), "n/a")
	case '#':
		return isSpreadsheetError(strings.ToLower(visible(s)))
	case '\\':
		return strings.EqualFold(visible(s), `\n`)
	case '(', '[', '<', '{':
		return isBracketed(strings.ToLower(visible(s)))
	case '-', '_', '.', '?', 0xe2: // 0xe2 begins the dashes and the ellipsis beyond ASCII
		return isFiller(visible(s))
	}
	return false
}

// isFiller reports whether a cell is one character that people type for "nothing", once or repeated.
func isFiller(s string) bool {
	for _, filler := range [...]string{"-", "‐", "‑", "–", "—", "―", "−", "_", ".", "…", "?"} {
		if strings.HasPrefix(s, filler) {
			return strings.ReplaceAll(s, filler, "") == ""
		}
	}
	return false
}

// isBracketed reports whether a cell is a word for "nothing" in brackets: "(blank)", "(none)" and "[null]" are what pivot
// tables and database tools write. Names are not in brackets.
func isBracketed(s string) bool {
	if len(s) < 3 || strings.IndexByte("([<{", s[0]) < 0 || strings.IndexByte(")]>}", s[len(s)-1]) < 0 {
		return false
	}
	switch s[1 : len(s)-1] {
	case "blank", "none", "null", "nil", "empty", "n/a", "na", "nan", "unknown", "undefined":
		return true
	}
	return false
}

// isSpreadsheetError reports whether a cell is what a spreadsheet shows for a formula that failed: in English, and "not
// available", "reference" and "value" in the languages that exports come in.
func isSpreadsheetError(s string) bool {
	switch s {
	case "#n/a", "#n/a!", "#n/a n/a", "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "#spill!", "#calc!", "#field!", "#blocked!",
		"#connect!", "#busy!", "#unknown!", "#getting_data", "#error!", "#error", "#####",
		"#nv", "#bezug!", "#wert!", "#zahl!", // German
		"#valeur!", "#nom?", "#nombre!", "#nul!", // French
		"#n/d", "#¡ref!", "#¡valor!", "#¿nombre?", "#¡num!", "#¡nulo!", "#¡div/0!", // Spanish, Italian, Portuguese
		"#valore!", "#rif!", "#nome?", "#nullo!", "#valor!", "#nulo!",
		"#n/b", "#verw!", "#waarde!", "#naam?", "#getal!", "#leeg!", "#deel/0!", // Dutch
		"#n/d!", "#adr!", "#arg!", "#nazwa?", "#liczba!", "#zero!", // Polish
		"#saknas!", "#referens!", "#värdefel!", "#namn?", "#i/t", "#reference!", "#værdi!", "#verdi!", "#navn?": // Nordic
		return true
	}
	return false
}

// isNoValue reports whether a trimmed cell of an address, a domain or a URL means "empty". Some of these words are also people's
// names.
func isNoValue(s string) bool {
	if len(s) > maxPlaceholder || s == "" {
		return false
	}
	switch s[0] | 0x20 {
	case 'n', 'u', 'e':
	default:
		return s[0] >= 0x80 && visible(s) != s && isNoValue(visible(s))
	}
	switch strings.ToLower(visible(s)) {
	case "na", "n.a.", "n.a", "null", "none", "nil", "unknown", "nan", "undefined", "empty", "not available", "not provided":
		return true
	}
	return false
}

// isNobody reports whether a name may mean "no name". Null and Na are also people's names, so it counts only if both names are
// such and there is no address.
func isNobody(s string) bool {
	if len(s) > maxPlaceholder {
		return false
	}
	switch strings.ToLower(visible(s)) {
	case "null", "na", "none", "nan":
		return true
	}
	return false
}
