package mapping

import (
	"slices"

	"enrich/contact"
)

// Confirmed is what a name counts if the values below it can be nothing else.
const Confirmed = 3

// EmailColumn reports whether a column can be one of e-mail addresses: most of its values are addresses, or it is empty.
func EmailColumn(samples [][]string, column int) bool {
	m := mapper{samples: samples}
	fit := m.fit(contact.Email, column)
	return fit == fits || fit == empty
}

// A HeaderScorer has the names by which a header names the fields of a contact.
type HeaderScorer struct {
	tiers map[contact.Field]map[string]int
	// said are the columns that --map names, normalised.
	said []string
}

// NewHeaderScorer takes the names that --map says.
func NewHeaderScorer(said map[contact.Field]string) *HeaderScorer {
	n := &HeaderScorer{tiers: map[contact.Field]map[string]int{}}
	for _, f := range contact.Fields() {
		n.tiers[f] = aliasTiers(f)
	}
	for _, column := range said {
		n.said = append(n.said, contact.Normal(column))
	}
	return n
}

// Score is how much a record names fields that the rows below it have: 3 for each field whose values can be nothing else
// (an address, a profile, a site), 1 for each other field whose values do not contradict, 3 for each column of --map.
func (n *HeaderScorer) Score(cells []string, below [][]string) int {
	m := newMapper(cells, below, Options{})
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
	for _, cell := range cells {
		if len(n.said) > 0 && slices.Contains(n.said, contact.Normal(cell)) {
			total += Confirmed
		}
	}
	return total
}

// points is how much a column's name counts that is a field's in a tier (see HeaderScorer.Score).
func (m *mapper) points(f contact.Field, tier, column int) int {
	fit := m.fit(f, column)
	telling := f == contact.Email || f == contact.LinkedInURL || f == contact.CompanyDomain
	switch {
	case fit == misfits, tier >= evidence(f) && fit != fits:
		return 0
	case telling && fit == fits:
		return Confirmed
	}
	return 1
}
