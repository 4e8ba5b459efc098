package mapping

import (
	"slices"
	"strings"

	"enrich/contact"
)

// find finds the column of a field by its name or, without names, by its values.
func (m *mapper) find(f contact.Field) error {
	found := m.candidates(f)
	if m.options.NoHeader {
		found = m.unnamed(f)
	}
	best := m.best(f, found)
	switch {
	case len(best) == 1:
		m.mapping[f], m.tiers[f] = best[0].column, best[0].tier
	case len(best) > 1 && !m.options.AnyColumns:
		return m.ambiguous(f, best)
	}
	return nil
}

// A candidate is a column that could be a field.
type candidate struct {
	column int
	tier   int // of its name, 0 the field's own
	nested bool
	fit    fit
}

// candidates are the columns that a field's names and the samples allow.
func (m *mapper) candidates(f contact.Field) []candidate {
	tiers := aliasTiers(f)
	var found []candidate
	for i, key := range m.keys {
		tier, nested, known := m.tier(tiers, i, key)
		if !known || m.taken(i) || f == contact.LastName && tier >= lastNeedsFirst && !m.has(contact.FirstName) {
			continue
		}
		c := candidate{column: i, tier: tier, nested: nested, fit: m.fit(f, i)}
		if allowed(f, c) {
			found = append(found, c)
		}
	}
	return found
}

// allowed says whether the values leave a column in question. Under the field's own name, and plain names of an address,
// they always do: what is no address there is refused row by row.
func allowed(f contact.Field, c candidate) bool {
	switch {
	case c.tier == 0 && !c.nested, f == contact.Email && c.tier <= 1:
		return true
	case c.tier >= evidence(f):
		return c.fit == fits
	}
	return c.fit != misfits
}

// lastTier is beyond all tiers.
const lastTier = 100

// evidence is the tier from which on a name could be anything, so that values must speak for it.
func evidence(f contact.Field) int {
	switch f {
	case contact.CompanyDomain:
		return 4
	case contact.LinkedInURL:
		return 2
	}
	return lastTier
}

// best are the candidates that are equally good, and better than the others.
func (m *mapper) best(f contact.Field, found []candidate) []candidate {
	found = lowest(found, func(c candidate) int {
		return order(c.fit == misfits && m.names[c.column] != string(f))
	})
	found = lowest(found, func(c candidate) int { return 2*c.tier + order(c.nested) })
	found = lowest(found, func(c candidate) int { return order(m.names[c.column] != string(f)) })
	found = lowest(found, func(c candidate) int { return order(c.fit == empty) })
	if len(found) > 1 && m.same(found) {
		found = found[:1]
	}
	return found
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

// lowest keeps what has the lowest rank.
func lowest(found []candidate, rank func(candidate) int) []candidate {
	if len(found) < 2 {
		return found
	}
	least := rank(slices.MinFunc(found, func(a, b candidate) int { return rank(a) - rank(b) }))
	return slices.DeleteFunc(found, func(c candidate) bool { return rank(c) > least })
}

// same says whether columns hold the same in all samples, so that either will do; nothing at all is not the same.
func (m *mapper) same(found []candidate) bool {
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

// taken says whether a column is a field already.
func (m *mapper) taken(column int) bool {
	for _, at := range m.mapping {
		if at == column {
			return true
		}
	}
	return false
}

// Cell is a cell of a row without the white space around it; "" if the row has too few.
func Cell(row []string, column int) string {
	if column >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[column])
}
