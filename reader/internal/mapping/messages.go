package mapping

import (
	"fmt"
	"strings"
	"unicode"

	"enrich/contact"
)

// ambiguous names the columns among which a person must choose.
func (m *mapper) ambiguous(f contact.Field, found []candidate) error {
	return fmt.Errorf("%w %s: %s and %s; choose with --map %s=COLUMN",
		ErrAmbiguous, f, Quote(m.columns[found[0].column]), Quote(m.columns[found[1].column]), f)
}

// noSuch says which columns there are, and which was perhaps meant.
func (m *mapper) noSuch(f contact.Field, name string) error {
	what := "column"
	if m.options.JSON {
		what = "member"
	}
	meant := ""
	if near := nearest(name, m.columns); near != "" {
		meant = fmt.Sprintf(" (did you mean %s?)", Quote(near))
	}
	return fmt.Errorf("%w: %s=%s: no %s has this name%s; there are %s", ErrMap, f, Quote(name), what, meant, listed(m.columns))
}

// mostListed is how many names a message has at most, and mostShown how many characters of one.
const (
	mostListed = 20
	mostShown  = 40
)

// listed is a list of names as a message has it.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var list []string
	for _, name := range names[:min(len(names), mostListed)] {
		list = append(list, Quote(name))
	}
	text := strings.Join(list, ", ")
	if more := len(names) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Quote is a text of the input as a message has it: quoted, bounded, nothing in it for a terminal to obey.
func Quote(s string) string {
	n := 0
	for i := range s {
		if n++; n > mostShown {
			s = s[:i] + "…"
			break
		}
	}
	return fmt.Sprintf("%q", s)
}

// checkHeader refuses a first line that is data.
func (m *mapper) checkHeader() error {
	o := m.options
	if o.NoHeader || o.AnyColumns || o.JSON || o.HeaderLine > 0 {
		return nil
	}
	for _, name := range m.names {
		if name = strings.TrimSpace(name); IsAddress(name) || isURL(name) {
			return headerIsData(name)
		}
	}
	return nil
}

func headerIsData(cell string) error {
	return fmt.Errorf("%w: %s in it is data, not a column's name; if the file has no header, say --no-header", ErrHeader, Quote(cell))
}

// noColumn says that there is nothing to ask by or, where a name is a number, that the names are data.
func (m *mapper) noColumn() error {
	o := m.options
	unsure := !o.NoHeader && !o.JSON && o.HeaderLine == 0
	hint := ""
	for i, name := range m.columns {
		if unsure && len(m.mapping) == 0 && likeNumber(name) {
			return headerIsData(name)
		}
		if hint == "" && m.only(contact.Email, i) && !m.ours(name) {
			hint = fmt.Sprintf("; %s contains e-mail addresses", Quote(name))
		}
	}
	if unsure && hint == "" {
		hint = "; if the first line is data, say --no-header"
	}
	return fmt.Errorf("%w: expected an e-mail address, a LinkedIn URL, or first and last name with a company; "+
		"say with --map FIELD=COLUMN which is which of %s%s", ErrNoColumn, listed(m.columns), hint)
}

// likeNumber says whether a text is a number, an amount, a date or a telephone number.
func likeNumber(s string) bool {
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
