package mapping

import (
	"slices"

	"enrich/contact"
)

// confirmed is the score of a name if the values below it can be nothing else.
const confirmed = 3

// A HeaderScorer answers the question: does this line name fields of a contact?
type HeaderScorer struct {
	aliases *aliases
	// mapped are the columns that --map names, normalised.
	mapped []string
}

// NewHeaderScorer takes the columns that --map names.
func NewHeaderScorer(columnOf map[contact.Field]string) *HeaderScorer {
	return newScorer(columnOf, loadAliases())
}

// NewAddedHeaderScorer returns a scorer that also knows the names in names.txt. It is for lists in which the other one finds no
// header.
func NewAddedHeaderScorer(columnOf map[contact.Field]string) *HeaderScorer {
	return newScorer(columnOf, loadNames())
}

func newScorer(columnOf map[contact.Field]string, a *aliases) *HeaderScorer {
	s := &HeaderScorer{aliases: a}
	for _, column := range columnOf {
		s.mapped = append(s.mapped, contact.Normal(column))
	}
	return s
}

// Score returns how clearly a line names fields that the rows below it have, 0 for not at all: 3 for each field whose values can
// be nothing else (an address, a profile, a site), 1 for each other field whose values do not contradict its name, and 3 for each
// column that --map names.
func (s *HeaderScorer) Score(line []string, below [][]string) int {
	columns := newColumnData(line, below, Options{})
	total, unproven := 0, 0
	for _, f := range contact.Fields() {
		points, needs := s.bestPoints(f, columns)
		if needs == string(contact.FirstName) || needs == string(contact.LastName) {
			unproven += points
		} else {
			total += points
		}
	}
	if total > 0 {
		total += unproven // "Name" can be the name of anything, but not beside "Email"
	}
	for _, cell := range line {
		if len(s.mapped) > 0 && slices.Contains(s.mapped, contact.Normal(cell)) {
			total += confirmed
		}
	}
	return total
}

// bestPoints returns the points of the column that names a field best, and what its name needs beside it.
func (s *HeaderScorer) bestPoints(f contact.Field, columns columnData) (best int, needs string) {
	for i, key := range columns.keys {
		a, ok := s.aliases.fields[f][key]
		if !ok || key == "" {
			continue
		}
		if points := columns.points(f, a, i); points > best {
			best, needs = points, a.needs
		}
	}
	return best, needs
}

// points returns the points of one column.
func (c *columnData) points(f contact.Field, a alias, column int) int {
	fit := c.fit(f, column)
	recognisable := f == contact.Email || f == contact.LinkedInURL || f == contact.CompanyDomain
	switch {
	case fit == misfits, a.needs == needsValues && fit != fits:
		return 0
	case recognisable && fit == fits:
		return confirmed
	}
	return 1
}

// EmailColumn reports whether a column can be one of e-mail addresses: most of its values are addresses, or it is empty.
func EmailColumn(samples [][]string, column int) bool {
	c := columnData{samples: samples}
	fit := c.fit(contact.Email, column)
	return fit == fits || fit == empty
}
