package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"enrich/contact"
)

// A person's columns are named after the person in many lists: "Speaker Email", "Vorname Ansprechpartner", "contacts.email". Such
// names, and those in names.txt, were added after the first lists had been answered. They count only if a list cannot be looked
// up without them: a field that is mapped now and was not before is another request, and would be paid for again.

// addedKeys are what a column's name is looked up by if the names in names.txt count. They are empty if it cannot be a field by its
// name.
type addedKeys struct {
	plain string
	parts []string
}

// makeAdded makes the keys of all columns. Each is looked up for many fields and people.
func (m *mapper) makeAdded() {
	m.added = make([]addedKeys, len(m.names))
	for i, name := range m.names {
		if m.keys[i] != "" {
			m.added[i] = addedKeys{plainKey(name), partsOf(name)}
		}
	}
}

// usesAdded reports whether the names in names.txt count.
func (m *mapper) usesAdded() bool { return len(m.aliases.people) > 0 }

// mapAdded maps a list that cannot be looked up by the names in aliases.txt: by the names of both files or, if that is not enough
// either, by names of people. All of these are about the same people: a contact made of a speaker's address and a delegate's name
// is nobody.
func (m *mapper) mapAdded() (map[contact.Field]int, error) {
	all, err := m.again("", false)
	if err != nil {
		return nil, err
	}
	if all.canLookUp() {
		return all.mapping, nil
	}
	for i, people := range all.aliases.people {
		if found, err := all.mapPeople(people, i > 0); found != nil || err != nil {
			return found, err
		}
	}
	return m.result()
}

// mapPeople maps a list by the names of some people, if the list can be looked up by them. It returns nil if it cannot, and an error if
// it can be looked up by the names of others, too.
func (m *mapper) mapPeople(people []string, mayBeCompany bool) (map[contact.Field]int, error) {
	var found *mapper
	for _, who := range people {
		if !m.mentions(who) {
			continue
		}
		next, err := m.again(who, mayBeCompany)
		switch {
		case err != nil:
			return nil, err
		case !next.canLookUp() || found != nil && maps.Equal(found.mapping, next.mapping):
		case found != nil && m.options.AnyColumns:
			return nil, nil
		case found != nil:
			return nil, m.ambiguousPeople(found.mapping, next.mapping)
		default:
			found = next
		}
	}
	if found == nil {
		return nil, nil
	}
	return found.mapping, nil
}

// again maps the same list by all names and, if who is not "", by those of these people.
func (m *mapper) again(who string, mayBeCompany bool) (*mapper, error) {
	next := &mapper{
		columnData: m.columnData, unique: m.unique, added: m.added, options: m.options, aliases: m.aliases,
		mapping: map[contact.Field]int{}, needs: map[contact.Field]string{}, who: who, mayBeCompany: mayBeCompany,
	}
	if !m.usesAdded() {
		next.aliases = loadNames()
		next.makeAdded()
	}
	if err := next.applyMap(); err != nil {
		return nil, err
	}
	return next, next.mapFields()
}

// mentions reports whether the name of a column begins or ends with these people.
func (m *mapper) mentions(who string) bool {
	return slices.ContainsFunc(m.added, func(keys addedKeys) bool { return len(withoutPeople(keys.plain, who)) > 0 })
}

// ambiguousPeople names two columns of different people.
func (m *mapper) ambiguousPeople(a, b map[contact.Field]int) error {
	for _, f := range contact.InputFields() {
		one, inA := a[f]
		other, inB := b[f]
		if inA && inB && one != other {
			return m.ambiguous(f, []candidate{{column: one}, {column: other}})
		}
	}
	return fmt.Errorf("%w: %s and %s are about different people; choose with --map FIELD=COLUMN", ErrAmbiguous, Quote(m.unique[firstOf(a)]), Quote(m.unique[firstOf(b)]))
}

// firstOf returns the column of the first field that is mapped.
func firstOf(mapping map[contact.Field]int) int {
	for _, f := range contact.InputFields() {
		if at, ok := mapping[f]; ok {
			return at
		}
	}
	return 0
}

// findAddedFullName maps a full name by the names in names.txt. It is used only for rows that cannot be sent otherwise, so no
// answered row is sent again.
func (m *mapper) findAddedFullName() {
	if m.options.NoSplitNames || m.options.NoHeader || m.has(contact.FullName) {
		return
	}
	m.aliases = loadNames()
	m.makeAdded()
	if best := m.best(contact.FullName, m.candidates(contact.FullName)); len(best) == 1 {
		m.mapping[contact.FullName] = best[0].column
	}
}

// addedMatch looks up what is left of a column's name without what exports and forms add to it: a number ("3. Email"), a mark
// ("Email (required)"), the first of several ("Email 1"), a custom field's suffix ("Email__c") and the people.
func (m *mapper) addedMatch(f contact.Field, c candidate) (candidate, bool) {
	known, plain := m.aliases.fields[f], m.added[c.column].plain
	keys := append([]string{plain}, withoutPeople(plain, m.who)...)
	for i, key := range keys {
		for _, key := range [...]string{key, strings.TrimSuffix(key, "1")} {
			a, ok := known[key]
			isBareName := a.needs == string(contact.CompanyName) && m.mayBeCompany
			if !ok || i > 0 && isBareName {
				continue
			}
			c.alias, c.added, c.indirect = a, true, true
			return c, true
		}
	}
	if a, ok := m.aliases.inTwoLanguages(f, m.added[c.column].parts); ok {
		c.alias, c.added, c.indirect = a, true, true
		return c, true
	}
	return c, false
}

// inTwoLanguages looks up a name that says the same twice, such as "Courriel / Email" and "姓名 Name": each part must name the field.
func (a *aliases) inTwoLanguages(f contact.Field, parts []string) (worst alias, ok bool) {
	for _, part := range parts {
		known, ok := a.fields[f][part]
		if !ok {
			return alias{}, false
		}
		if known.tier >= worst.tier {
			worst = known
		}
	}
	return worst, len(parts) > 1
}

// partsOf returns the keys of the parts of a name: those between slashes, bars and brackets, and those in Latin and in other letters.
func partsOf(name string) []string {
	var parts []string
	var part strings.Builder
	end := func() {
		if key := withoutMark(FoldName(part.String())); key != "" {
			parts = append(parts, key)
		}
		part.Reset()
	}
	wasLatin, wasOther := false, false
	for _, r := range name {
		isLatin := unicode.Is(unicode.Latin, r)
		isOther := unicode.IsLetter(r) && !isLatin
		switch {
		case strings.ContainsRune("/|\\()（）[]【】\n", r):
			end()
			wasLatin, wasOther = false, false
		case isLatin && wasOther, isOther && wasLatin:
			end()
			wasLatin, wasOther = isLatin, isOther
		case isLatin || isOther:
			wasLatin, wasOther = isLatin, isOther
		}
		part.WriteRune(r)
	}
	end()
	return parts
}

// isOfNumbers reports whether most values of a column have a digit: names do not, but dates and products do.
func (m *mapper) isOfNumbers(column int) bool {
	filled, numbers := 0, 0
	for _, row := range m.samples {
		if cell := Cell(row, column); cell != "" {
			filled++
			if strings.ContainsFunc(cell, unicode.IsDigit) {
				numbers++
			}
		}
	}
	return 2*numbers > filled
}

// plainKey returns the key of a name without a number before it and a mark behind it.
func plainKey(name string) string {
	name = strings.TrimSpace(name)
	if rest, ok := strings.CutSuffix(strings.ToLower(name), "__c"); ok {
		name = rest
	}
	key := withoutMark(FoldName(name))
	for _, mark := range [...]string{
		"pflicht", "erforderlich", "requis", "requerido", "richiesto", "verplicht", "wymagane", "обязательно", "必須", "任意", "必填", "选填", "選填",
		norm.NFKD.String("필수"), norm.NFKD.String("선택"),
	} {
		key = strings.TrimSuffix(key, mark)
	}
	if rest := strings.TrimLeft(key, "0123456789"); rest != "" {
		return rest
	}
	return key
}

// withoutPeople returns what is left of a key without the people that it begins or ends with.
func withoutPeople(key, who string) []string {
	if who == "" || key == "" || key == who {
		return nil
	}
	var keys []string
	if rest, ok := strings.CutPrefix(key, who); ok {
		keys = append(keys, rest)
	}
	rest, ok := strings.CutSuffix(key, who)
	if !ok || rest == "first" || rest == "last" { // "First Contact" is a date
		return keys
	}
	keys = append(keys, rest)
	for _, of := range [...]string{"of", "ofthe", "du", "de", "dela", "del", "do", "da", "della", "van", "vande", "des", "der", "von"} {
		if rest, ok := strings.CutSuffix(rest, of); ok && rest != "" {
			keys = append(keys, rest)
		}
	}
	return keys
}

// IsFamilyFirst reports whether the full names of a list begin with the family name: the name of their column says so, unless
// --map names the column. nameOf returns the name of a column.
func IsFamilyFirst(mapped map[contact.Field]int, o Options, nameOf func(column int) string) bool {
	column, ok := mapped[contact.FullName]
	return ok && o.Map[contact.FullName] == "" && meansFamilyFirst(nameOf(column))
}

// meansFamilyFirst reports whether a column of this name has full names that begin with the family name.
func meansFamilyFirst(name string) bool {
	if len(name) > MaxName {
		return false
	}
	keys := append(partsOf(name), plainKey(name))
	for known := range loadNames().familyFirst {
		if slices.ContainsFunc(keys, func(key string) bool { return strings.HasSuffix(key, known) }) {
			return true
		}
	}
	return false
}

// Spare returns the columns of the fields of a request that are not mapped, by the names that were added. They are used only for rows that
// cannot be sent without them, so that earlier answers to the other rows are found.
func Spare(names []string, samples [][]string, o Options, mapped map[contact.Field]int) map[contact.Field]int {
	first := o
	first.FirstNames, first.AnyColumns = true, false
	if _, err := Columns(names, samples, first); err != nil || o.NoHeader {
		return nil // it is mapped by all names
	}
	o.AnyColumns = true
	m := newMapper(names, samples, o, loadNames())
	m.makeAdded()
	for i, people := range [][]string{{""}, m.aliases.people[0], m.aliases.people[1]} { // not those of the last paragraph: they are seldom the contact
		for _, who := range people {
			if who != "" && (!m.mentions(who) || m.areOthers(who, mapped)) {
				continue
			}
			next, err := m.again(who, i > 1)
			if err != nil {
				return nil
			}
			if next.keepNew(mapped); len(next.mapping) > 0 {
				return next.mapping
			}
		}
	}
	return nil
}

// areOthers reports whether mapped columns are about other people: a speaker's address is not that of an attendee.
func (m *mapper) areOthers(who string, mapped map[contact.Field]int) bool {
	for f, at := range mapped {
		if f == contact.CompanyName || f == contact.CompanyDomain {
			continue
		}
		for _, other := range slices.Concat(m.aliases.people...) {
			isSame := strings.HasPrefix(other, who) || strings.HasPrefix(who, other) // "client" and "clients"
			if !isSame && len(withoutPeople(m.added[at].plain, other)) > 0 {
				return true
			}
		}
	}
	return false
}

// keepNew keeps the fields that are not mapped and have a column that is not mapped.
func (m *mapper) keepNew(mapped map[contact.Field]int) {
	taken := map[int]bool{}
	for _, at := range mapped {
		taken[at] = true
	}
	maps.DeleteFunc(m.mapping, func(f contact.Field, at int) bool {
		_, has := mapped[f]
		return has || taken[at] || f == contact.FullName
	})
}
