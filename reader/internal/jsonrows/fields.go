package jsonrows

import (
	"strings"

	"enrich/contact"
	"enrich/reader/internal/mapping"
)

// jsonFields says where in an object the fields stand.
type jsonFields struct {
	mapping map[contact.Field]string // by the name of the member, or the path to it
	paths   []jsonPath
	// picks are, for each member of the set, the paths that begin with it.
	picks [][]int
	// seen are the names of members that the sample had: it decided about them.
	seen map[string]int
	// noSplit and cleaning are Options.NoSplitNames and Options.Cleaning.
	noSplit  bool
	cleaning *contact.Cleaning
}

// A jsonPath is a field and the names on the way to it.
type jsonPath struct {
	field contact.Field
	names []string
}

// add maps a field to the member at a path of names.
func (j *jsonFields) add(f contact.Field, names []string) {
	j.mapping[f] = strings.Join(names, ".")
	j.paths = append(j.paths, jsonPath{f, names})
}

// late looks at the members that were not there before: which path begins with them, and whether one is called as a
// field is that no member of the sample was. So a member that is rare, or comes late, is a field all the same; but only
// by the field's own name, because an alias could be anything, and nobody could be asked any more which of two is meant.
func (j *jsonFields) late(names []string) {
	for _, name := range names[len(j.picks):] {
		if _, seen := j.seen[name]; !seen && len(name) <= mapping.MaxName {
			key := mapping.Key(name)
			for _, f := range contact.InputFields() {
				if f == contact.FullName && j.noSplit {
					continue
				}
				if _, known := j.mapping[f]; !known && key == mapping.Key(string(f)) {
					j.add(f, []string{name})
				}
			}
		}
		var picks []int
		for i, p := range j.paths {
			if p.names[0] == name {
				picks = append(picks, i)
			}
		}
		j.picks = append(j.picks, picks)
	}
}

// contact is what a row asks about. why says what is wrong with a value of a field; "": nothing.
func (j *jsonFields) contact(text string, members []member, index []int) (c contact.Contact, why string) {
	fullName := ""
	for i := range members {
		for _, p := range j.picks[index[i]] {
			path := &j.paths[p]
			cell, sound := field(descend(members[i].value.of(text), path.names[1:]))
			if !sound {
				return contact.Contact{}, "half a surrogate pair, which is no text, in " + mapping.Quote(j.mapping[path.field])
			}
			if path.field == contact.FullName {
				fullName = cell
			}
			c.Set(path.field, cell)
		}
	}
	return mapping.Clean(c, fullName, j.cleaning), ""
}

// field is a value as a field: an object and an array are none.
func field(value string) (cell string, sound bool) {
	if isNested(value) {
		return "", true
	}
	return plain(value)
}

// descend is the value at a path below a value, "" where there is none. A number is an array's element, from 0.
func descend(value string, names []string) string {
	for _, name := range names {
		found := ""
		for n, v := range children(value) {
			if n == name {
				found = v
			}
		}
		value = found
	}
	return value
}
