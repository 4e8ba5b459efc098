package jsonrows

import (
	"strings"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/reader/internal/mapping"
)

// The members of all rows together become the columns of a CSV output. Each costs memory for the whole run; no lead list has
// more than these.
const (
	maxMembers     = 4096    // different names
	maxMemberBytes = 1 << 20 // of all names together
)

// A memberSet has the names of the members seen so far, in order of first appearance.
type memberSet struct {
	names []string
	at    map[string]int
	bytes int
	next  int // where find looks first: most rows have the same members in the same order
}

func newMemberSet(names []string) *memberSet {
	s := &memberSet{at: map[string]int{}}
	for _, name := range names {
		if _, known := s.at[name]; !known {
			s.add(name)
		}
	}
	return s
}

// find returns the index of a name, or -1.
func (s *memberSet) find(name string) int {
	if s.next < len(s.names) && s.names[s.next] == name {
		s.next++
		return s.next - 1
	}
	at, known := s.at[name]
	if !known {
		return -1
	}
	s.next = at + 1
	return at
}

func (s *memberSet) add(name string) int {
	at := len(s.names)
	s.names, s.at[name] = append(s.names, name), at
	s.bytes += len(name)
	return at
}

// full reports whether there are too many names.
func (s *memberSet) full() bool { return len(s.names) > maxMembers || s.bytes > maxMemberBytes }

// truncate removes all names from n on.
func (s *memberSet) truncate(n int) {
	for _, name := range s.names[n:] {
		delete(s.at, name)
		s.bytes -= len(name)
	}
	s.names = s.names[:n]
}

// fields says where in an object the fields are.
type fields struct {
	mapping map[contact.Field]string // the member's name, or the path to it
	spare   map[contact.Field]string // see [mapping.Spare]
	paths   []path
	// byMember has, for each member of the set, the indexes of the paths that begin with it.
	byMember [][]int
	// sampled has the names of the members of the sample. The sample decided about them.
	sampled map[string]int
	// familyFirst says that full names begin with the family name.
	familyFirst bool
	// noSplit and cleaning are those of the options.
	noSplit  bool
	cleaning *contact.Cleaning
}

// A path is a field and the names on the way to its value.
type path struct {
	field contact.Field
	names []string
	// isSpare says that the value is used only for rows that cannot be sent without it.
	isSpare bool
}

// add maps a field to the member at a path of names.
func (f *fields) add(field contact.Field, names []string) {
	f.mapping[field] = strings.Join(names, ".")
	f.paths = append(f.paths, path{field: field, names: names})
}

// addSpare adds a member whose value is used only for rows that cannot be sent without it.
func (f *fields) addSpare(field contact.Field, names []string) {
	f.spare[field] = strings.Join(names, ".")
	f.paths = append(f.paths, path{field: field, names: names, isSpare: true})
}

// addMembers looks at the members that are new: which paths begin with them, and whether a field that no member of the sample
// has is called the same. So a member that is rare or comes late can be a field, but only by the field's own name: an alias
// could mean anything, and it is too late to ask which of two is meant.
func (f *fields) addMembers(names []string) {
	for _, name := range names[len(f.byMember):] {
		if _, seen := f.sampled[name]; !seen && len(name) <= mapping.MaxName {
			key := mapping.FoldName(name)
			for _, field := range contact.InputFields() {
				if field == contact.FullName && f.noSplit {
					continue
				}
				if _, known := f.mapping[field]; !known && key == mapping.FoldName(string(field)) {
					f.add(field, []string{name})
				}
			}
		}
		var paths []int
		for i, p := range f.paths {
			if p.names[0] == name {
				paths = append(paths, i)
			}
		}
		f.byMember = append(f.byMember, paths)
	}
}

// contact returns the contact of a row. problem says what is wrong with the value of a field, if anything.
func (f *fields) contact(members []member, index []int) (c contact.Contact, problem string) {
	fullName := ""
	var spare contact.Contact
	for i := range members {
		for _, p := range f.byMember[index[i]] {
			path := &f.paths[p]
			value := jsonscan.Get(members[i].value, path.names[1:]...)
			if jsonscan.IsContainer(value) {
				value = ""
			}
			text, ok := jsonscan.ToText(value)
			if !ok && path.isSpare {
				continue // the row does not need it, or is refused without it
			}
			if !ok {
				return contact.Contact{}, "unpaired surrogate in " + mapping.Quote(strings.Join(path.names, "."))
			}
			switch {
			case path.isSpare:
				spare.Set(path.field, text)
			case path.field == contact.FullName:
				fullName = text
			default:
				c.Set(path.field, text)
			}
		}
	}
	if len(f.spare) > 0 {
		mapping.AddSpare(&c, fullName, f.familyFirst, spare.Get)
	}
	mapping.Clean(&c, fullName, f.familyFirst, f.cleaning)
	return c, ""
}
