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
	keep   []int             // the input's columns that the output has
	header []string          // their names
	places map[string]*place // of the members, if the rows are objects
	first  *place            // of the first member in the last row
	row    []string          // reused
}

// A place is where a member of the rows goes.
type place struct {
	written string // the name in quotes, after a comma and before a colon
	column  int    // index in the header; -1 if the output does not have it
	next    *place // of the member that came after it in the last row
}

func newTable(l layout) *table {
	t := &table{source: l.source, keep: keptColumns(l)}
	t.header = pick(nil, l.source.Columns, t.keep)
	t.row = make([]string, 0, len(t.header))
	if l.source.Format.HasObjects() {
		t.places = map[string]*place{}
		t.put(columns.Enrichment, -1)
		for _, name := range l.source.Columns {
			t.put(name, -1)
		}
		for i, name := range t.header {
			t.put(name, i)
		}
	}
	return t
}

// put sets the column of a member.
func (t *table) put(name string, column int) {
	written := append(jsonscan.AppendString([]byte{','}, name), ':')
	t.places[name] = &place{written: string(written), column: column}
}

// cells returns the cells of a row, which are valid until the next call. The cells of a ragged row stay in place, and
// missing ones are empty. A row that should be an object and is not has only empty cells.
func (t *table) cells(r *Row) ([]string, error) {
	if t.places == nil {
		t.row = pick(t.row, r.Cells, t.keep)
		return t.row, nil
	}
	t.row = t.row[:len(t.header)]
	clear(t.row)
	if r.NoObject {
		return t.row, nil
	}
	return t.row, t.members(r)
}

// members fills the cells from an object. If a member is repeated, the last one counts. null is an empty cell; an object or
// array is its JSON text. The rows mostly have the same members in the same order, so the one that came next in the last row is
// tried before all others.
func (t *table) members(r *Row) error {
	var scan jsonscan.Scanner[string]
	scan.Reset(string(r.Raw), math.MaxInt)
	scan.Object()
	for expected := &t.first; ; {
		p := *expected
		if p == nil || !scan.MemberIs(p.written) {
			name, ok := scan.Member()
			if !ok {
				break
			}
			if p = t.places[name]; p == nil {
				return fmt.Errorf("line %d: member %q is not among the input's columns", r.Line, name)
			}
			*expected = p
		}
		expected = &p.next
		t.member(p.column, &scan)
	}
	if !scan.End() {
		return fmt.Errorf("line %d: %w", r.Line, errNoObject)
	}
	return nil
}

// member reads the value of a member into a cell.
func (t *table) member(column int, scan *jsonscan.Scanner[string]) {
	switch b := scan.Peek(); {
	case column < 0:
		scan.Value()
	case b == '{', b == '[':
		t.row[column] = oneLine(scan.Value())
	default:
		t.row[column] = scan.Text()
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
