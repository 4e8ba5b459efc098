package mapping

import (
	"slices"
	"strings"

	"enrich/contact"
)

// A candidate is a column that could be a field.
type candidate struct {
	alias
	column int
	// indirect says that the name is part of a longer one: of a path, or of a question.
	indirect bool
	fit      fit
}

// find maps the column of a field by its name or, without names, by its values.
func (m *mapper) find(f contact.Field) error {
	found := m.candidates(f)
	if m.options.NoHeader {
		found = m.byValues(f)
	}
	best := m.best(f, found)
	switch {
	case len(best) == 1:
		m.mapping[f], m.needs[f] = best[0].column, best[0].needs
	case len(best) > 1 && !m.options.AnyColumns:
		return m.ambiguous(f, best)
	}
	return nil
}

// candidates returns the columns whose name and values allow that they are a field.
func (m *mapper) candidates(f contact.Field) []candidate {
	var found []candidate
	for i := range m.keys {
		c, ok := m.nameMatch(f, i)
		if !ok || m.isMapped(i) {
			continue
		}
		// A last name that needs a first name, or a full name that needs a company: these were mapped before.
		if needed := contact.Field(c.needs); f != contact.FirstName && c.needs != "" && c.needs != needsValues && !m.has(needed) {
			continue
		}
		if c.fit = m.fit(f, i); valuesAllow(f, c) && !(c.added && isName(f) && m.isOfNumbers(i)) {
			found = append(found, c)
		}
	}
	return found
}

// isName reports whether a field is a person's name.
func isName(f contact.Field) bool {
	return f == contact.FirstName || f == contact.LastName || f == contact.FullName
}

// wrappers are members of a JSON row that contain its person: their members are named as if they were at the top.
const wrappers = " properties attributes fields contact person lead profile record "

// nameMatch looks up a column's name among a field's aliases. In JSON a name with a dot is a path: "company.name" is a company's
// name as "company_name" is, but less directly.
func (m *mapper) nameMatch(f contact.Field, column int) (c candidate, ok bool) {
	key, known := m.keys[column], m.aliases.fields[f]
	if key == "" {
		return c, false
	}
	c.column = column
	top, below, dotted := strings.Cut(m.names[column], ".")
	c.indirect = dotted && m.options.JSON
	if c.alias, ok = known[key]; ok {
		return c, true
	}
	if asked := m.aliases.asked(key); asked != "" {
		c.alias, ok = known[asked]
		c.indirect = true
	}
	if !ok && c.indirect && strings.Contains(wrappers, " "+strings.ToLower(top)+" ") {
		c.alias, ok = known[FoldName(below)]
	}
	if !ok && m.usesAdded() {
		return m.addedMatch(f, c)
	}
	return c, ok
}

// valuesAllow reports whether the values allow a candidate. They always do if it has the field's own name, or a plain name of an
// address: what is not an address there is refused row by row.
func valuesAllow(f contact.Field, c candidate) bool {
	switch {
	case !c.added && (c.tier == 0 && !c.indirect || f == contact.Email && c.tier <= 1):
		return true
	case c.needs == needsValues:
		return c.fit == fits
	}
	return c.fit != misfits
}

// best returns the candidates that are equally good, and better than the others.
func (m *mapper) best(f contact.Field, found []candidate) []candidate {
	for _, rank := range []func(candidate) int{
		func(c candidate) int { return order(c.fit == misfits && m.names[c.column] != string(f)) },
		func(c candidate) int { return 2*c.tier + order(c.indirect) },
		func(c candidate) int { return order(m.names[c.column] != string(f)) },
		func(c candidate) int { return order(c.fit == empty) },
	} {
		found = lowest(found, rank)
	}
	if len(found) > 1 && m.equal(found) {
		found = found[:1]
	}
	return found
}

func order(last bool) int {
	if last {
		return 1
	}
	return 0
}

// lowest keeps the candidates of the lowest rank.
func lowest(found []candidate, rank func(candidate) int) []candidate {
	if len(found) < 2 {
		return found
	}
	least := rank(slices.MinFunc(found, func(a, b candidate) int { return rank(a) - rank(b) }))
	return slices.DeleteFunc(found, func(c candidate) bool { return rank(c) > least })
}

// equal reports whether the columns have the same values in all samples, so that any of them will do. Empty columns are not
// equal.
func (m *mapper) equal(found []candidate) bool {
	filled := false
	for _, row := range m.samples {
		first := Cell(row, found[0].column)
		filled = filled || first != ""
		for _, c := range found[1:] {
			if Cell(row, c.column) != first {
				return false
			}
		}
	}
	return filled
}

// isMapped reports whether a column is a field already.
func (m *mapper) isMapped(column int) bool {
	for _, mapped := range m.mapping {
		if mapped == column {
			return true
		}
	}
	return false
}

// dropUnpaired takes back a first or last name whose name alone does not prove it. "Nombre" is a first name beside "Apellidos",
// but elsewhere it is a full name, or the name of a thing. "Name" beside "Vorname" is a last name, unless its values repeat the
// first name: then it is a full name.
func (m *mapper) dropUnpaired() {
	first, hasFirst := m.mapping[contact.FirstName]
	last, hasLast := m.mapping[contact.LastName]
	if hasLast && m.needs[contact.LastName] != "" && (!hasFirst || !m.areSeparate(first, last)) {
		delete(m.mapping, contact.LastName)
		hasLast = false
	}
	if hasFirst && m.needs[contact.FirstName] != "" && !hasLast {
		delete(m.mapping, contact.FirstName)
	}
}

// areSeparate reports whether first and last names are apart: some row has both, and most last names do not repeat the first.
func (m *mapper) areSeparate(first, last int) bool {
	both, repeated := 0, 0
	for _, row := range m.samples {
		f, l := Cell(row, first), Cell(row, last)
		if f == "" || l == "" {
			continue
		}
		both++
		if containsName(l, f) {
			repeated++
		}
	}
	return both > 0 && 2*repeated < both
}

// containsName reports whether a name has the words of part, and others.
func containsName(name, part string) bool {
	name, part = contact.Normal(strings.ReplaceAll(name, ",", " ")), contact.Normal(part)
	return name != part && strings.Contains(" "+name+" ", " "+part+" ")
}

// findFullName maps the column of full names. It is used only for rows that cannot be sent without it, so two such columns are
// not an error in a file whose rows can be sent.
func (m *mapper) findFullName() error {
	if m.options.NoSplitNames || m.options.NoHeader || m.has(contact.FullName) {
		return nil
	}
	best := m.best(contact.FullName, m.candidates(contact.FullName))
	switch {
	case len(best) == 1:
		m.mapping[contact.FullName] = best[0].column
	case len(best) > 1 && !m.canLookUp() && !m.options.AnyColumns && m.hasCompany():
		return m.ambiguous(contact.FullName, best)
	}
	return nil
}
