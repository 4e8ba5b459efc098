package mapping

import (
	"fmt"
	"slices"
	"strings"

	"enrich/contact"
)

// explicit takes what --map says.
func (m *mapper) explicit() error {
	for f := range m.options.Map {
		if !slices.Contains(contact.InputFields(), f) {
			return fmt.Errorf("%w: %q is not a field: expected one of %s", ErrMap, string(f), fieldNames())
		}
	}
	for _, f := range contact.InputFields() {
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
	for _, f := range contact.InputFields() {
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
