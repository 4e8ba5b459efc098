package reader

import (
	"fmt"
	"slices"
	"strings"

	"enrich/contact"
)

// mapColumns says which column is which field.
//
// What --map names is taken as it is said. The other fields go by name: the field's own name beats an alias, a better
// alias beats a lesser one (see aliases), and the samples' values decide where a name could be anything, such as
// LinkedIn's "URL". Of equally good columns the one that holds something is taken; where several do, it is an error,
// because the wrong one costs a credit a row. Columns of ours (enrich_…) are never a field, so that an output can be
// enriched again.
//
// Without a header there are no names: a field is what --map says, and an e-mail address or a LinkedIn profile is also
// what holds nothing else in all samples.
//
// With Options.AnyColumns, which only looks at a file, a field that cannot be decided is left out.
func mapColumns(columns []string, samples [][]string, o Options) (map[contact.Field]int, error) {
	m := newMapper(columns, samples, o)
	if err := m.checkHeader(); err != nil {
		return nil, err
	}
	if err := m.explicit(); err != nil {
		return nil, err
	}
	for _, f := range contact.Fields() {
		if _, said := m.mapping[f]; said {
			continue
		}
		if err := m.find(f); err != nil {
			return nil, err
		}
	}
	m.companions()
	if !m.askable() && !o.AnyColumns {
		return nil, m.noColumn()
	}
	return m.mapping, nil
}

// A mapper decides which column is which field.
type mapper struct {
	columns []string
	keys    []string // the columns' names as they are compared; "" for those that are no field
	samples [][]string
	options Options
	mapping map[contact.Field]int
	// tiers are those by which the mapping was found.
	tiers map[contact.Field]int
}

// maxName is the longest name, in bytes, that is looked up among the aliases.
const maxName = 200

func newMapper(columns []string, samples [][]string, o Options) *mapper {
	m := &mapper{
		columns: columns, keys: make([]string, len(columns)), samples: samples, options: o,
		mapping: map[contact.Field]int{}, tiers: map[contact.Field]int{},
	}
	for i, name := range columns {
		if !m.ours(name) && len(name) <= maxName && !o.NoHeader {
			m.keys[i] = nameKey(name)
		}
	}
	return m
}

// ours says whether a column is of an earlier output.
func (m *mapper) ours(name string) bool {
	if m.options.Format == JSONL {
		top, _, _ := strings.Cut(name, ".")
		if top == enrichmentMember {
			return true
		}
	}
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "enrich_")
}

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

// allowed says whether the values leave a column in question. The field's own name always does: a column that is called
// email holds addresses, and a bad one is refused row by row.
func allowed(f contact.Field, c candidate) bool {
	switch {
	case c.tier == 0 && !c.nested:
		return true
	case c.tier >= evidence(f):
		return c.fit == fits
	case f == contact.Email && c.tier == 1:
		return true
	}
	return c.fit != misfits
}

// evidence is the tier from which on a name could be anything, so that values must speak for it.
func evidence(f contact.Field) int {
	switch f {
	case contact.CompanyDomain:
		return 4
	case contact.LinkedInURL:
		return 2
	}
	return 100
}

// best are the candidates that are equally good, and better than the others.
func (m *mapper) best(f contact.Field, found []candidate) []candidate {
	found = lowest(found, func(c candidate) int {
		rank := 2 * c.tier
		if c.nested {
			rank++
		}
		if c.fit == misfits && rank > 0 {
			rank += 1000
		}
		return rank
	})
	found = lowest(found, func(c candidate) int { return order(m.columns[c.column] != string(f)) })
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
		first := cellOf(row, found[0].column)
		filled = filled || first != ""
		for _, c := range found[1:] {
			if cellOf(row, c.column) != first {
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

// askable says whether the fields found can be asked by at all (contact.Check).
func (m *mapper) askable() bool {
	named := m.has(contact.FirstName) && m.has(contact.LastName)
	return m.has(contact.Email) || m.has(contact.LinkedInURL) || named && (m.has(contact.CompanyDomain) || m.has(contact.CompanyName))
}

func (m *mapper) has(f contact.Field) bool {
	_, ok := m.mapping[f]
	return ok
}

func cellOf(row []string, column int) string {
	if column >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[column])
}

// ambiguous names the columns among which a person must choose.
func (m *mapper) ambiguous(f contact.Field, found []candidate) error {
	return fmt.Errorf("%w %s: %s and %s; choose with --map %s=COLUMN",
		ErrAmbiguous, f, shown(m.columns[found[0].column]), shown(m.columns[found[1].column]), f)
}
