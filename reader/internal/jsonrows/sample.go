package jsonrows

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"enrich/contact"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// The mapping of JSON is decided from the rows that stand whole in the first block: at most so many, of so many different
// paths, going so deep, with so many values in all.
const (
	jsonSampleRows  = 1000
	jsonSamplePaths = 4096
	jsonSampleDepth = 4
	jsonSampleCells = 1 << 17
)

// A jsonSample is the first rows, flat: what is nested is named by its path, with dots.
type jsonSample struct {
	members *memberSet // at the top
	names   []string
	paths   [][]string
	at      map[string]int
	rows    [][]string
	cells   int      // of all rows
	said    []string // what --map names
	// refused says that there are rows, all of them refused by an earlier run.
	refused bool
}

// beginWithin is how many rows of the greatest length are looked through for the first that is sound.
const beginWithin = 4

// sample looks at the first rows without taking them; errNotNow if the first is not there yet.
func (r *Reader) sample(o Options) (*jsonSample, error) {
	s := &jsonSample{members: newMemberSet(nil), at: map[string]int{}, said: slices.Sorted(maps.Values(o.Map))}
	snapshot := r.framing
	broken, again, first := 0, 0, ""
	var err error
	for len(s.rows) < jsonSampleRows && s.cells < jsonSampleCells {
		if err = snapshot.next(&r.scan, &r.frame, false); err != nil {
			break
		}
		text := string(r.frame.text)
		switch {
		case r.frame.broken != "":
			if broken++; first == "" {
				first = fmt.Sprintf("line %d: %s", r.frame.line, r.frame.broken)
			}
		case r.again(text) != nil:
			again++
		default:
			s.add(text, r.scan.members)
		}
	}
	s.refused = len(s.rows) == 0 && again > 0
	switch {
	case len(s.rows) > 0 || again > 0:
		return s, nil
	case errors.Is(err, errNotNow) && len(r.Text()) < beginWithin*r.limits.row:
		return nil, err
	case broken > 0:
		return nil, fmt.Errorf("%w: there is no JSON object in it; %s", source.ErrNoTable, first)
	case errors.Is(err, source.ErrBroken):
		return nil, err
	}
	return nil, fmt.Errorf("%w: there is no row in it", source.ErrEmpty)
}

// add flattens one row.
func (s *jsonSample) add(text string, members []member) {
	var row []string
	for _, m := range members {
		name, _ := unescape(m.name.of(text))
		if s.members.find(name) < 0 && !s.members.full() {
			s.members.add(name)
		}
		if name != mapping.EnrichmentMember {
			row = s.value(row, []string{name}, m.value.of(text))
		}
	}
	for _, path := range s.said { // however deep
		names := strings.Split(path, ".")
		if value := descend(strings.TrimSpace(text), names); value != "" && !isNested(value) {
			row = s.set(row, names, value)
		}
	}
	s.rows = append(s.rows, row)
	s.cells += len(row)
}

// value flattens a value at a path: an object all, of an array the first element.
func (s *jsonSample) value(row []string, path []string, value string) []string {
	if !isNested(value) {
		return s.set(row, path, value)
	}
	if len(path) == jsonSampleDepth {
		return row
	}
	for name, v := range children(value) {
		row = s.value(row, append(slices.Clip(path), name), v)
		if value[0] == '[' {
			break
		}
	}
	return row
}

// set notes a value. A member whose name has a dot in it goes before a path that reads the same.
func (s *jsonSample) set(row []string, path []string, value string) []string {
	name := strings.Join(path, ".")
	at, known := s.at[name]
	switch {
	case !known && len(s.names) >= jsonSamplePaths:
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
	row[at], _ = plain(value)
	return row
}

// fields decides which member is which field.
func (s *jsonSample) fields(o Options) (jsonFields, error) {
	o.AnyColumns = o.AnyColumns || s.refused
	j := jsonFields{mapping: map[contact.Field]string{}, seen: s.members.at, noSplit: o.NoSplitNames, cleaning: o.Cleaning}
	columns, err := mapping.Columns(s.names, s.rows, o.Options)
	if err != nil {
		return j, err
	}
	for _, f := range contact.InputFields() {
		if at, ok := columns[f]; ok {
			j.add(f, s.paths[at])
		}
	}
	return j, nil
}
