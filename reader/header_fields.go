package reader

import (
	"slices"

	"enrich/contact"
)

// An aliasTable has the names by which a header names the fields of a contact.
type aliasTable struct {
	tiers map[contact.Field]map[string]int
	// said are the columns that --map names, normalised.
	said []string
}

func newAliasTable(o Options) *aliasTable {
	n := &aliasTable{tiers: map[contact.Field]map[string]int{}}
	for _, f := range contact.Fields() {
		n.tiers[f] = aliasTiers(f)
	}
	for _, column := range o.Map {
		n.said = append(n.said, contact.Normal(column))
	}
	return n
}

// naming is how much a record names fields that the rows below it have: 3 for each field whose values can be nothing else
// (an address, a profile, a site), 1 for each other field whose values do not contradict, 3 for each column of --map.
func (n *aliasTable) naming(t *table, at int) int {
	m := newMapper(t.records[at].cells, t.samples(at), Options{})
	total, weak := 0, 0
	for f, tiers := range n.tiers {
		best, isWeak := 0, false
		for i, key := range m.keys {
			tier, known := tiers[key]
			if key == "" || !known {
				continue
			}
			if points := m.points(f, tier, i); points > best {
				best = points
				isWeak = f == contact.FirstName && tier >= firstNeedsLast || f == contact.LastName && tier >= lastNeedsFirst
			}
		}
		if isWeak {
			weak += best
		} else {
			total += best
		}
	}
	if total > 0 {
		total += weak // "Name" can be anything's name, but not beside "Email"
	}
	for _, cell := range t.records[at].cells {
		if len(n.said) > 0 && slices.Contains(n.said, contact.Normal(cell)) {
			total += confirmed
		}
	}
	return total
}

// points is how much a column's name counts that is a field's in a tier (see aliasTable.naming).
func (m *mapper) points(f contact.Field, tier, column int) int {
	fit := m.fit(f, column)
	telling := f == contact.Email || f == contact.LinkedInURL || f == contact.CompanyDomain
	switch {
	case fit == misfits, tier >= evidence(f) && fit != fits:
		return 0
	case telling && fit == fits:
		return confirmed
	}
	return 1
}
