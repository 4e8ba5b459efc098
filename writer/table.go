package writer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"enrich/internal/columns"
	"enrich/internal/jsonscan"
)

// A table turns the rows of an input into cells, for formats with columns.
type table struct {
	source Source
	keep   []int    // the input's columns that the output has
	header []string // their names
	row    []string // reused
	object *member  // if the rows are objects: its members have a cell in row, or none if the output does not have it
}

func newTable(l layout) *table {
	t := &table{source: l.source, keep: keptColumns(l)}
	t.header = pick(nil, l.source.Columns, t.keep)
	t.row = make([]string, len(t.header))
	if l.source.Format.HasObjects() {
		t.object = new(member)
		t.object.child(columns.Enrichment)
		for _, name := range l.source.Columns {
			t.object.child(name)
		}
		for i, name := range t.header {
			t.object.child(name).cell = &t.row[i]
		}
	}
	return t
}

// cells returns the cells of a row, which are valid until the next call. The cells of a ragged row stay in place, and
// missing ones are empty. A row that should be an object and is not has only empty cells.
func (t *table) cells(r *Row) ([]string, error) {
	if t.object == nil {
		t.row = pick(t.row, r.Cells, t.keep)
		return t.row, nil
	}
	clear(t.row)
	if r.NoObject {
		return t.row, nil
	}
	return t.row, t.members(r)
}

// members fills the cells from an object. If a member is repeated, the last one counts. null is an empty cell; an object or
// array is its JSON text.
func (t *table) members(r *Row) error {
	var scan jsonscan.Scanner[string]
	scan.Reset(string(r.Raw), math.MaxInt)
	scan.Object()
	var last *member
	for m, ok := t.object.step(&scan, nil); ok; m, ok = t.object.step(&scan, last) {
		if m == nil {
			name, _ := jsonscan.Unquote(scan.RawName())
			return fmt.Errorf("line %d: member %q is not among the input's columns", r.Line, name)
		}
		m.readCell(&scan)
		last = m
	}
	if !scan.End() {
		return fmt.Errorf("line %d: %w", r.Line, errNoObject)
	}
	return nil
}

// readCell reads the value of a member into its cell.
func (m *member) readCell(scan *jsonscan.Scanner[string]) {
	switch b := scan.Peek(); {
	case m.cell == nil:
		scan.Value()
	case b == '{', b == '[':
		*m.cell = oneLine(scan.Value())
	default:
		*m.cell = scan.Text()
	}
}

// oneLine returns the text of an object or array without line breaks between its tokens.
func oneLine(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		return string(jsonscan.AppendCompact(nil, []byte(value)))
	}
	return value
}

// isAdded reports whether enrich adds a column of exactly this name, so that it is replaced if an output is enriched again.
// A column such as enrich_me is not one of them.
func isAdded() func(name string) bool {
	added := slices.Concat(ResultColumns(), FailureColumns())
	return func(name string) bool { return slices.Contains(added, name) }
}

// keptColumns returns the indexes of the input's columns that an output has.
func keptColumns(l layout) []int {
	replaced := func(string) bool { return false }
	if len(l.added) > 0 {
		added := isAdded()
		replaced = func(name string) bool {
			return added(name) || l.source.Format.HasObjects() && name == columns.Enrichment
		}
	}
	var keep []int
	for i, name := range l.source.Columns {
		if !replaced(name) {
			keep = append(keep, i)
		}
	}
	return keep
}

// pick returns the values at the given indexes, "" for those beyond the last value.
func pick(into, values []string, indexes []int) []string {
	into = into[:0]
	for _, i := range indexes {
		value := ""
		if i < len(values) {
			value = values[i]
		}
		into = append(into, value)
	}
	return into
}
