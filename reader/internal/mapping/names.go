package mapping

import (
	"strings"

	"enrich/contact"
)

// wrappers are members of a JSON row that hold its person: what is in them is named as if it stood at the top.
const wrappers = " properties attributes fields contact person lead profile record "

// tier is how good a column's name is for a field. In JSON a name with a dot is a path: "company.name" is a company's
// name as "company_name" is, but only where that is not there.
func (m *mapper) tier(tiers map[string]int, column int, key string) (tier int, nested, known bool) {
	if key == "" {
		return 0, false, false
	}
	top, below, dotted := strings.Cut(m.names[column], ".")
	nested = dotted && m.options.JSON
	tier, known = tiers[key]
	if asked := question(key); !known && asked != "" {
		tier, known = tiers[asked]
		nested = true // less plainly than a column of that name
	}
	if nested && !known && strings.Contains(wrappers, " "+strings.ToLower(top)+" ") {
		tier, known = tiers[Key(below)]
	}
	return tier, nested, known
}

// lastNeedsFirst and firstNeedsLast are the tiers of names that mean a first or last name only beside the other one.
const (
	firstNeedsLast = 2
	lastNeedsFirst = 3
)

// companions takes back what a name alone does not prove. "Nombre" is a first name beside "Apellidos", and a full name,
// or a thing's, elsewhere. "Name" beside "Vorname" is a last name, unless its values hold the first name as well: a full
// name, which is not split.
func (m *mapper) companions() {
	first, hasFirst := m.mapping[contact.FirstName]
	last, hasLast := m.mapping[contact.LastName]
	weakFirst := hasFirst && m.tiers[contact.FirstName] == firstNeedsLast
	weakLast := hasLast && m.tiers[contact.LastName] >= lastNeedsFirst
	if weakLast && (!hasFirst || !m.apart(first, last)) {
		delete(m.mapping, contact.LastName)
		hasLast = false
	}
	if weakFirst && !hasLast {
		delete(m.mapping, contact.FirstName)
	}
}

// apart says whether first and last names stand apart: some row has both, and in most rows the last is not both.
func (m *mapper) apart(first, last int) bool {
	both, full := 0, 0
	for _, row := range m.samples {
		f, l := Cell(row, first), Cell(row, last)
		if f == "" || l == "" {
			continue
		}
		both++
		if holdsWord(l, f) {
			full++
		}
	}
	return both > 0 && 2*full < both
}

// holdsWord says whether name has the words of part, and others.
func holdsWord(name, part string) bool {
	name, part = contact.Normal(strings.ReplaceAll(name, ",", " ")), contact.Normal(part)
	return name != part && strings.Contains(" "+name+" ", " "+part+" ")
}
