// Package mapping decides which column of an input is which field of a contact ([Columns]), judges whether a line names fields
// ([HeaderScorer]), and makes contacts of rows ([Binder]).
//
// A column is mapped by --map or by its name, and the values in it can only speak against the name, or for a name that could
// mean anything. If two columns are equally good for a field, that is an error: the wrong one costs a credit a row.
//
// It knows nothing about how an input is read, and it reads no rows but the samples that it is given.
package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"enrich/contact"
	"enrich/internal/columns"
)

// Errors of [Columns]. Each is wrapped in a message that says what to do.
var (
	// ErrNoColumn: the mapped fields are not enough to look anyone up.
	ErrNoColumn = errors.New("no column to look up by")
	// ErrAmbiguous: two columns are equally good for one field.
	ErrAmbiguous = errors.New("two columns fit")
	// ErrHeader: the header is malformed, is data, or fits no row.
	ErrHeader = errors.New("the header cannot be used")
	// ErrMap: --map names a field or a column that does not exist.
	ErrMap = errors.New("--map does not fit")
)

// Options say how columns are mapped. The zero value maps by name.
type Options struct {
	// Map says which column is which field (--map); fields that are not in it are mapped by name.
	Map map[contact.Field]string
	// HeaderLine is the header's line, from 1, if it was named by --header-line; 0: it was detected.
	HeaderLine int
	// NoHeader says that the columns have numbers for names.
	NoHeader bool
	// JSON says that the columns are members of JSON objects: a name with a dot is a path.
	JSON bool
	// NoSplitNames ignores columns of full names (--no-split-names).
	NoSplitNames bool
	// FirstNames ignores the names in names.txt.
	FirstNames bool
	// AnyColumns leaves a field out if it is ambiguous, and accepts an input without a column to look up by.
	AnyColumns bool
}

// Columns returns the index of each field's column. Samples are rows of the input; a row may have fewer cells than columns.
//
// A column that --map names is that field. The other fields are found by name: the field's own name is better than an alias,
// and a better alias better than a lesser one (aliases.txt). Of equally good columns, one with values is better than an empty
// one. Columns of an earlier output (enrich_…) are never a field, so that an output can be enriched again.
//
// A list that can be looked up by the names in aliases.txt is mapped by them alone, so that its earlier answers are found. Only
// for another list, the names in names.txt and those of people count, too (see [mapper.mapAdded]).
//
// Without a header, an e-mail address and a LinkedIn profile are also found as a column that has nothing else in the samples.
func Columns(names []string, samples [][]string, o Options) (map[contact.Field]int, error) {
	m := newMapper(names, samples, o, loadAliases())
	if err := m.checkHeader(); err != nil {
		return nil, err
	}
	if err := m.applyMap(); err != nil {
		return nil, err
	}
	if err := m.mapFields(); err != nil {
		return nil, err
	}
	if !m.canLookUp() && !o.NoHeader && !o.FirstNames {
		return m.mapAdded()
	}
	if !o.FirstNames {
		m.findAddedFullName()
	}
	return m.result()
}

// mapFields maps the fields that --map does not name.
func (m *mapper) mapFields() error {
	for _, f := range contact.Fields() {
		if !m.has(f) {
			if err := m.find(f); err != nil {
				return err
			}
		}
	}
	m.dropUnpaired()
	return m.findFullName()
}

// result returns the mapping, or an error if it is not enough.
func (m *mapper) result() (map[contact.Field]int, error) {
	if !m.canLookUp() && !m.options.AnyColumns {
		return nil, m.noColumn()
	}
	return m.mapping, nil
}

// MaxName is the longest name, in bytes, that is looked up among the aliases.
const MaxName = 200

// A mapper decides which column is which field.
type mapper struct {
	columnData
	unique  []string // the names made unique: these --map and messages use
	added   []addedKeys
	options Options
	aliases *aliases
	mapping map[contact.Field]int
	// needs is what the name of a mapped column needs beside it.
	needs map[contact.Field]string
	// who is the key of the people that columns may be about: "speaker" in "Speaker Email"; "" for nobody by name.
	who string
	// mayBeCompany says that these can be companies: "Customer Name" is not a person's then.
	mayBeCompany bool
}

func newMapper(names []string, samples [][]string, o Options, a *aliases) *mapper {
	return &mapper{
		columnData: newColumnData(names, samples, o), unique: columns.Unique(names), options: o, aliases: a,
		mapping: map[contact.Field]int{}, needs: map[contact.Field]string{},
	}
}

// columnData is what is known about the columns: their names, and samples of their values.
type columnData struct {
	names   []string
	keys    []string // the names' keys; "" if a column cannot be a field by its name
	samples [][]string
}

func newColumnData(names []string, samples [][]string, o Options) columnData {
	c := columnData{names: names, keys: make([]string, len(names)), samples: samples}
	for i, name := range names {
		if !o.NoHeader && len(name) <= MaxName && !isOutput(name, o.JSON) {
			c.keys[i] = FoldName(name)
		}
	}
	return c
}

// isOutput reports whether a column is one of an earlier output.
func isOutput(name string, isJSON bool) bool {
	if top, _, _ := strings.Cut(name, "."); isJSON && top == columns.Enrichment {
		return true
	}
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), columns.Prefix)
}

// applyMap maps the columns that --map names.
func (m *mapper) applyMap() error {
	for f := range m.options.Map {
		if !slices.Contains(contact.InputFields(), f) {
			return fmt.Errorf("%w: %q is not a field: expected one of %s", ErrMap, string(f), fieldNames())
		}
	}
	for _, f := range contact.InputFields() {
		name, ok := m.options.Map[f]
		if !ok {
			continue
		}
		column, err := m.byName(f, name)
		if err != nil {
			return err
		}
		m.mapping[f] = column
	}
	return nil
}

// byName returns the column with exactly this name or, if there is none, with this name in any case and white space.
func (m *mapper) byName(f contact.Field, name string) (int, error) {
	exact := func(other string) bool { return other == name }
	similar := func(other string) bool { return contact.Normal(other) == contact.Normal(name) }
	for _, matches := range []func(string) bool{exact, similar} {
		var found []candidate
		for i, other := range m.unique {
			if matches(other) {
				found = append(found, candidate{column: i, fit: m.fit(f, i)})
			}
		}
		found = lowest(found, func(c candidate) int { return order(c.fit == empty) })
		switch {
		case len(found) == 1, len(found) > 1 && m.equal(found):
			return found[0].column, nil
		case len(found) > 1:
			return 0, m.ambiguous(f, found)
		}
	}
	return 0, m.noSuchColumn(f, name)
}

// canLookUp reports whether the mapped fields are enough to look anyone up ([contact.Contact.Check]).
func (m *mapper) canLookUp() bool {
	named := m.has(contact.FirstName) && m.has(contact.LastName) || m.has(contact.FullName)
	return m.has(contact.Email) || m.has(contact.LinkedInURL) || named && m.hasCompany()
}

func (m *mapper) hasCompany() bool { return m.has(contact.CompanyName) || m.has(contact.CompanyDomain) }

func (m *mapper) has(f contact.Field) bool {
	_, ok := m.mapping[f]
	return ok
}
