package mapping

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"enrich/contact"
	"enrich/internal/phrase"
)

const (
	maxListed = 20 // names in a message
	maxQuoted = 40 // characters of a name or a cell in a message
)

// ambiguous names two of the columns among which the user must choose.
func (m *mapper) ambiguous(f contact.Field, found []candidate) error {
	return fmt.Errorf("%w %s: %s and %s; choose with --map %s=COLUMN",
		ErrAmbiguous, f, Quote(m.unique[found[0].column]), Quote(m.unique[found[1].column]), f)
}

// noSuchColumn says which columns there are, and which of them was perhaps meant.
func (m *mapper) noSuchColumn(f contact.Field, name string) error {
	what := "column"
	if m.options.JSON {
		what = "member"
	}
	hint := ""
	if near := m.nearest(name); near != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", Quote(near))
	}
	return fmt.Errorf("%w: %s=%s: no %s has this name%s; there are %s", ErrMap, f, Quote(name), what, hint, list(m.unique))
}

// nearest returns the column that was perhaps meant by a name, or "".
func (m *mapper) nearest(name string) string {
	key := FoldName(name)
	if len(name) > MaxName || key == "" {
		return ""
	}
	letters := utf8.RuneCountInString(key)
	most := letters / 3
	if letters > 3 {
		most = max(most, 2) // two letters swapped are two changes
	}
	keys := make([]string, len(m.unique))
	for i, other := range m.unique {
		if len(other) <= MaxName {
			keys[i] = FoldName(other)
		}
	}
	if i := phrase.Nearest(key, keys, most); i >= 0 {
		return m.unique[i]
	}
	return ""
}

func fieldNames() string {
	var names []string
	for _, f := range contact.InputFields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// list quotes the first names of a list and counts the others.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var quoted []string
	for _, name := range names[:min(len(names), maxListed)] {
		quoted = append(quoted, Quote(name))
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - maxListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Quote returns a name or a cell as a message has it: quoted and short.
func Quote(s string) string { return phrase.Quote(s, maxQuoted) }

// checkHeader refuses a first line that is data.
func (m *mapper) checkHeader() error {
	if o := m.options; o.AnyColumns || !o.headerMayBeData() {
		return nil
	}
	for _, name := range m.names {
		if name = strings.TrimSpace(name); IsAddress(name) || isURL(name) {
			return headerIsData(name)
		}
	}
	return nil
}

// headerMayBeData reports whether the header was detected.
func (o *Options) headerMayBeData() bool { return !o.NoHeader && !o.JSON && o.HeaderLine == 0 }

func headerIsData(cell string) error {
	return fmt.Errorf("%w: %s is data, not the name of a column; if the file has no header, use --no-header", ErrHeader, Quote(cell))
}

// noColumn says what is missing. If a name is a number, it says that the header is data.
func (m *mapper) noColumn() error {
	mayBeData := m.options.headerMayBeData()
	hint := ""
	for i, name := range m.unique {
		if mayBeData && len(m.mapping) == 0 && isNumber(name) {
			return headerIsData(name)
		}
		if hint == "" && m.hasOnly(contact.Email, i) && !isOutput(name, m.options.JSON) {
			hint = fmt.Sprintf("; %s contains e-mail addresses", Quote(name))
		}
	}
	if mayBeData && hint == "" {
		hint = "; if the first line is data, use --no-header"
	}
	return fmt.Errorf("%w: expected an e-mail address, a LinkedIn URL, or first and last name with a company; "+
		"use --map FIELD=COLUMN to say which column is which; the columns are %s%s", ErrNoColumn, list(m.unique), hint)
}

// isNumber reports whether a text is a number, an amount, a date or a telephone number.
func isNumber(s string) bool {
	digits := 0
	for _, r := range strings.TrimSpace(s) {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune("+-.,:/() €$£%", r):
			return false
		}
	}
	return digits > 0
}
