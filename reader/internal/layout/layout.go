// Package layout finds the table in a sheet of rows: its header row, the lines above it that are not part of the table, and
// the footer below it.
//
// It judges by the cells alone, so it serves every format whose rows have no names of their own. It never changes a row, and
// what it takes for a header or a footer is reported with its lines.
package layout

import (
	"fmt"
	"strings"

	"enrich/contact"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

const (
	// maxAbove is how many lines may be above a header.
	maxAbove = 100
	// maxSamples is how many well-formed rows may decide which column is which field.
	maxSamples = 200
	// MaxRecords is how many records of an input are looked at.
	MaxRecords = maxAbove + maxSamples
)

// A Record is a record at the beginning of an input.
type Record struct {
	Cells []string
	// Fault says what is wrong with a record that cannot be divided into cells; "" if nothing is.
	Fault string
	// Line is where the record begins, Next where the next one does.
	Line, Next int64
	// Separated says that a blank line is before the record.
	Separated bool
}

// Options fix what [Table.Header] would find out.
type Options struct {
	// HeaderLine says that the first record is the header, and in which line the user expects it; 0 to detect it.
	HeaderLine int
	// NoHeader says that there is no header.
	NoHeader bool
	// Map has the columns that --map names: the header has them.
	Map map[contact.Field]string
}

// A Table is the beginning of an input.
type Table struct {
	records []Record
	width   int
}

// New returns the table of an input that begins with records. whole says that nothing follows them: then the footer is left
// out, so that it does not decide how wide the table is.
func New(records []Record, whole bool) *Table {
	t := &Table{records: records}
	if whole {
		t.removeFooter()
	}
	t.width = t.modalWidth()
	return t
}

// Width returns how many cells most records have.
func (t *Table) Width() int { return t.width }

// modalWidth returns the width that most well-formed records have, the larger one of two.
func (t *Table) modalWidth() int {
	count := map[int]int{}
	best := 0
	for _, r := range t.records {
		if r.Fault != "" {
			continue
		}
		w := len(r.Cells)
		count[w]++
		if best == 0 || count[w] > count[best] || count[w] == count[best] && w > best {
			best = w
		}
	}
	return best
}

// Samples returns the first rows after the record at an index that have its width and are well-formed. -1 means no record:
// then they have the table's width.
func (t *Table) Samples(at int) [][]string {
	width := t.width
	if at >= 0 {
		width = len(t.records[at].Cells)
	}
	var rows [][]string
	for _, r := range t.records[at+1:] {
		if r.Fault == "" && len(r.Cells) == width && len(rows) < maxSamples {
			rows = append(rows, r.Cells)
		}
	}
	return rows
}

// Above returns the lines above the header.
func (t *Table) Above(header int) source.Lines {
	var above source.Lines
	for i, r := range t.records[:header] {
		if i == 0 {
			above.First = r.Line
		}
		above.Last = r.Next - 1
		above.Count += r.Next - r.Line
	}
	return above
}

// Header returns the index of the header among the records, -1 if there is none. Its errors wrap mapping.ErrHeader.
func (t *Table) Header(o Options) (int, error) {
	switch {
	case o.NoHeader:
		return -1, nil
	case o.HeaderLine > 0:
		return 0, t.checkNamed(o.HeaderLine)
	}
	first, err := t.first()
	if at := t.better(first, o); at >= 0 {
		return at, nil
	}
	return first, err
}

// first returns the index of the first record that is not a title or a comment, and why it cannot be the header. The index
// is -1 if there is none.
func (t *Table) first() (int, error) {
	comments := t.comments()
	for i, r := range t.records {
		switch {
		case i < comments:
			continue
		case r.Fault != "":
			return i, HeaderError(r.Line, "%s where the header should be; fix it, or name the header's line with --header-line", r.Fault)
		case t.isTitle(r.Cells) && i+1 < len(t.records):
			continue
		case i > 0 && HasValues(r.Cells):
			return i, HeaderError(t.records[0].Line, "no header fits the rows from line %d on: fix it, name its line with --header-line, or use --no-header", r.Line)
		}
		return i, t.checkFit(i)
	}
	return -1, HeaderError(1, "no line looks like a header: name its line with --header-line, or use --no-header")
}

// checkNamed checks the header that --header-line names, which is the first record.
func (t *Table) checkNamed(line int) error {
	switch {
	case len(t.records) == 0 || t.records[0].Line != int64(line):
		return HeaderError(int64(line), "there is no row (--header-line)")
	case t.records[0].Fault != "":
		return HeaderError(int64(line), "%s in the header", t.records[0].Fault)
	}
	return t.checkFit(0)
}

// checkFit refuses a header that fits no row.
func (t *Table) checkFit(at int) error {
	width, rows, widths := len(t.records[at].Cells), 0, map[int]int{}
	for _, r := range t.records[at+1:] {
		rows++
		if r.Fault == "" {
			widths[len(r.Cells)]++
		}
	}
	if rows == 0 || widths[width] > 0 {
		return nil
	}
	if len(widths) == 0 {
		return HeaderError(t.records[at].Line+1, "every row after the header has a quote out of place; name the quote character with --quote, or use --quote none")
	}
	names := "names"
	if width == 1 {
		names = "name"
	}
	return HeaderError(t.records[at].Line, "the header has %d %s, %s; fix it, or name its line with --header-line", width, names, describeWidths(widths))
}

// describeWidths says how many cells the rows have, none of which has as many as the header. widths counts them.
func describeWidths(widths map[int]int) string {
	most, all := 0, 0
	for w, n := range widths {
		all += n
		if n > widths[most] || n == widths[most] && w > most {
			most = w
		}
	}
	if widths[most] == all {
		return fmt.Sprintf("but every row has %d", most)
	}
	return fmt.Sprintf("and no row has as many: most have %d", most)
}

// HeaderError returns an error that wraps mapping.ErrHeader and names a line.
func HeaderError(line int64, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", mapping.ErrHeader, line, fmt.Sprintf(format, args...))
}

// HasValues reports whether cells are values and not names.
func HasValues(cells []string) bool {
	values, filled := 0, 0
	for _, cell := range cells {
		s := strings.TrimSpace(cell)
		if s == "" {
			continue
		}
		filled++
		if isValue(s) {
			values++
		}
	}
	return values*4 >= filled && values > 0
}

// isValue reports whether a cell, without white space around it, is a number, a date, an address or a URL, and not a name.
func isValue(s string) bool {
	return dialect.IsNumber(s) || strings.ContainsRune(s, '@') || strings.Contains(s, "://")
}
