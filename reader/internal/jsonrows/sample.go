package jsonrows

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"enrich/contact"
	"enrich/internal/columns"
	"enrich/internal/jsonscan"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// The complete rows of the first block decide which member is which field, up to these limits.
const (
	sampleRows  = 1000
	samplePaths = 4096    // different ones
	sampleDepth = 4       // names in a path
	sampleCells = 1 << 17 // of all rows
)

// firstRowWithin is how many rows of the maximum length are searched for the first row that can be used.
const firstRowWithin = 4

// A sample has the first rows with nested values flattened: they are named by their path, with dots.
type sample struct {
	members *memberSet // at the top
	names   []string
	paths   [][]string
	at      map[string]int
	rows    [][]string
	cells   int      // of all rows
	mapped  []string // the paths that --map names
	// refused says that there are rows, and an earlier run refused all of them.
	refused bool
}

// sample looks at the first rows without taking them. It returns errNeedMore if the window does not contain the first one.
func (r *Reader) sample(o Options) (*sample, error) {
	s := &sample{members: newMemberSet(nil), at: map[string]int{}, mapped: slices.Sorted(maps.Values(o.Map))}
	snapshot := r.framing
	broken, refused, first := 0, 0, ""
	var err error
	for len(s.rows) < sampleRows && s.cells < sampleCells {
		if err = snapshot.next(&r.scan, &r.frame, false); err != nil {
			break
		}
		switch {
		case r.frame.problem != "":
			if broken++; first == "" {
				first = fmt.Sprintf("line %d: %s", r.frame.line, r.frame.problem)
			}
		case r.earlierRefusal() != nil:
			refused++
		default:
			s.add(string(trimLeft(r.frame.text)), r.scan.members)
		}
	}
	s.refused = len(s.rows) == 0 && refused > 0
	switch {
	case len(s.rows) > 0 || refused > 0:
		return s, nil
	case errors.Is(err, errNeedMore) && len(r.Text()) < firstRowWithin*r.limits.row:
		return nil, err
	case broken > 0:
		return nil, fmt.Errorf("%w: there is no JSON object in it; %s", source.ErrNoTable, first)
	case errors.Is(err, source.ErrBroken):
		return nil, err
	}
	return nil, fmt.Errorf("%w: there is no row in it", source.ErrEmpty)
}

// add flattens one row. The sample outlives the window, so it copies what it keeps of the members.
func (s *sample) add(object string, members []member) {
	var row []string
	for _, m := range members {
		name := strings.Clone(m.name)
		if s.members.find(name) < 0 && !s.members.full() {
			s.members.add(name)
		}
		if name != columns.Enrichment {
			row = s.addValue(row, []string{name}, strings.Clone(m.value))
		}
	}
	for _, path := range s.mapped { // however deep
		names := strings.Split(path, ".")
		if value := jsonscan.Get(object, names...); value != "" && !jsonscan.IsContainer(value) {
			row = s.set(row, names, value)
		}
	}
	s.rows = append(s.rows, row)
	s.cells += len(row)
}

// addValue flattens a value at a path: all members of an object, the first element of an array.
func (s *sample) addValue(row []string, path []string, value string) []string {
	if !jsonscan.IsContainer(value) {
		return s.set(row, path, value)
	}
	if len(path) == sampleDepth {
		return row
	}
	for name, member := range jsonscan.Members(value) {
		row = s.addValue(row, append(slices.Clip(path), name), member)
	}
	for element := range jsonscan.Elements(value) {
		return s.addValue(row, append(slices.Clip(path), "0"), element)
	}
	return row
}

// set adds a value to a row. If a member's name contains a dot, the member wins over a nested one whose path reads the same.
func (s *sample) set(row []string, path []string, value string) []string {
	name := strings.Join(path, ".")
	at, known := s.at[name]
	switch {
	case !known && len(s.names) >= samplePaths:
		return row
	case !known:
		at = len(s.names)
		s.names, s.paths, s.at[name] = append(s.names, name), append(s.paths, path), at
	case len(path) > len(s.paths[at]):
		return row
	case len(path) < len(s.paths[at]):
		s.paths[at] = path
	}
	for len(row) <= at {
		row = append(row, "")
	}
	row[at], _ = jsonscan.ToText(value)
	return row
}

// fields decides which member is which field.
func (s *sample) fields(o Options) (fields, error) {
	o.AnyColumns = o.AnyColumns || s.refused
	f := fields{mapping: map[contact.Field]string{}, spare: map[contact.Field]string{}, sampled: s.members.at, noSplit: o.NoSplitNames, cleaning: o.Cleaning}
	columns, err := mapping.Columns(s.names, s.rows, o.Options)
	if err != nil {
		return f, err
	}
	for _, field := range contact.InputFields() {
		if at, ok := columns[field]; ok {
			f.add(field, s.paths[at])
		}
	}
	f.familyFirst = mapping.IsFamilyFirst(columns, o.Options, func(at int) string { return s.paths[at][len(s.paths[at])-1] })
	spare := mapping.Spare(s.names, s.rows, o.Options, columns)
	for _, field := range contact.Fields() {
		if at, ok := spare[field]; ok {
			f.addSpare(field, s.paths[at])
		}
	}
	return f, nil
}
