// Package mapping decides which column of an input is which field of a contact, and makes contacts of rows.
package mapping

import (
	"errors"
	"strings"

	"enrich/contact"
)

// Errors of [Columns]. The message of each says what to do.
var (
	// ErrNoColumn: the columns found are not enough to look anybody up.
	ErrNoColumn = errors.New("no column to look up by")
	// ErrAmbiguous: two columns are equally good for one field.
	ErrAmbiguous = errors.New("two columns fit")
	// ErrHeader: the header is malformed, is data, or fits no row.
	ErrHeader = errors.New("the header cannot be used")
	// ErrMap: --map names a field or a column that does not exist.
	ErrMap = errors.New("--map does not fit")
)

// EnrichmentMember is the member that an earlier run added to a JSON row. It is never a field.
const EnrichmentMember = "enrichment"

// Options say how to map columns to fields.
type Options struct {
	// Map says which column is which field (--map); what is not in it is found by name.
	Map map[contact.Field]string
	// HeaderLine is the header's line if it was named, from 1; 0: it was detected.
	HeaderLine int
	// NoHeader says that the columns have no names, only numbers.
	NoHeader bool
	// JSON says that the columns are members of JSON objects: a name with a dot is a path.
	JSON bool
	// NoSplitNames ignores columns of full names (--no-split-names).
	NoSplitNames bool
	// AnyColumns says that an input without a column to look up by is not an error.
	AnyColumns bool
}

// Columns says which column is which field.
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
func Columns(columns []string, samples [][]string, o Options) (map[contact.Field]int, error) {
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
	if err := m.fullName(); err != nil {
		return nil, err
	}
	if !m.askable() && !o.AnyColumns {
		return nil, m.noColumn()
	}
	return m.mapping, nil
}

// A mapper decides which column is which field.
type mapper struct {
	names   []string // of the columns, as they stand
	columns []string // the same made unique, by which a person can choose
	keys    []string // the names as they are compared; "" for those that are no field
	samples [][]string
	options Options
	mapping map[contact.Field]int
	// tiers are those by which the mapping was found.
	tiers map[contact.Field]int
}

// MaxName is the longest name, in bytes, that is looked up among the aliases.
const MaxName = 200

func newMapper(columns []string, samples [][]string, o Options) *mapper {
	m := &mapper{
		names: columns, columns: UniqueNames(columns), keys: make([]string, len(columns)), samples: samples, options: o,
		mapping: map[contact.Field]int{}, tiers: map[contact.Field]int{},
	}
	for i, name := range columns {
		if !m.ours(name) && len(name) <= MaxName && !o.NoHeader {
			m.keys[i] = Key(name)
		}
	}
	return m
}

// ours says whether a column is of an earlier output.
func (m *mapper) ours(name string) bool {
	if m.options.JSON {
		top, _, _ := strings.Cut(name, ".")
		if top == EnrichmentMember {
			return true
		}
	}
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "enrich_")
}

// askable says whether the fields found can be asked by at all (contact.Check).
func (m *mapper) askable() bool {
	named := m.has(contact.FirstName) && m.has(contact.LastName) || m.has(contact.FullName)
	return m.has(contact.Email) || m.has(contact.LinkedInURL) || named && (m.has(contact.CompanyDomain) || m.has(contact.CompanyName))
}

func (m *mapper) has(f contact.Field) bool {
	_, ok := m.mapping[f]
	return ok
}
