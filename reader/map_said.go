package reader

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"enrich/contact"
)

// explicit takes what --map says.
func (m *mapper) explicit() error {
	for f := range m.options.Map {
		if !slices.Contains(contact.Fields(), f) {
			return fmt.Errorf("%w: %q is no field: want one of %s", ErrMap, string(f), fieldNames())
		}
	}
	for _, f := range contact.Fields() {
		name, said := m.options.Map[f]
		if !said {
			continue
		}
		at, err := m.named(f, name)
		if err != nil {
			return err
		}
		m.mapping[f] = at
	}
	return nil
}

func fieldNames() string {
	var names []string
	for _, f := range contact.Fields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// named is the column of a name: as it stands, or else trimmed and in any case, if only one is so.
func (m *mapper) named(f contact.Field, name string) (int, error) {
	alike := func(other string) bool { return contact.Normal(other) == contact.Normal(name) }
	for _, is := range []func(string) bool{func(other string) bool { return other == name }, alike} {
		var found []candidate
		for i, c := range m.columns {
			if is(c) {
				found = append(found, candidate{column: i, fit: m.fit(f, i)})
			}
		}
		found = lowest(found, func(c candidate) int { return order(c.fit == empty) })
		switch {
		case len(found) == 1, len(found) > 1 && m.same(found):
			return found[0].column, nil
		case len(found) > 1:
			return 0, m.ambiguous(f, found)
		}
	}
	return 0, m.noSuch(f, name)
}

// noSuch says which columns there are, and which was perhaps meant.
func (m *mapper) noSuch(f contact.Field, name string) error {
	what := "column"
	if m.options.Format == JSONL {
		what = "member"
	}
	meant := ""
	if near := nearest(name, m.columns); near != "" {
		meant = fmt.Sprintf(" (did you mean %s?)", shown(near))
	}
	return fmt.Errorf("%w: --map %s=%s: no %s has this name%s; there are %s", ErrMap, f, shown(name), what, meant, listed(m.columns))
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
		list = append(list, shown(name))
	}
	text := strings.Join(list, ", ")
	if more := len(names) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// shown is a text of the input as a message has it: quoted, bounded, nothing in it for a terminal to obey.
func shown(s string) string {
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
	if o.NoHeader || o.AnyColumns || o.Format == JSONL || o.HeaderLine > 0 {
		return nil
	}
	for _, name := range m.columns {
		if name = strings.TrimSpace(name); isAddress(name) || isURL(name) {
			return headerIsData(name)
		}
	}
	return nil
}

func headerIsData(cell string) error {
	return fmt.Errorf("%w: %s in the first line is data, not a column's name; if the file has no header, say --no-header", ErrHeader, shown(cell))
}

// noColumn says that there is nothing to ask by or, where a name is a number, that the names are data.
func (m *mapper) noColumn() error {
	if o := m.options; !o.NoHeader && o.Format != JSONL && o.HeaderLine == 0 && len(m.mapping) == 0 {
		for _, name := range m.columns {
			if likeNumber(name) {
				return headerIsData(name)
			}
		}
	}
	hint := ""
	for i, name := range m.columns {
		if m.only(contact.Email, i) && !m.ours(name) {
			hint = fmt.Sprintf("; %s holds e-mail addresses: --map email=%s if they are the contacts'", shown(name), shown(name))
			break
		}
	}
	return fmt.Errorf("%w: want an e-mail address, a LinkedIn URL, or first and last name with a company, in %s; "+
		"--map FIELD=COLUMN says which column is which%s", ErrNoColumn, listed(m.columns), hint)
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
