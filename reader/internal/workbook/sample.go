package workbook

import (
	"strings"

	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

const (
	// sampleText and sampleCells bound what is kept of the first rows of a sheet: bytes, and cells in all columns.
	sampleText  = 512 << 10
	sampleCells = 256 << 10
)

// A sample is the first rows of a sheet that have values.
type sample struct {
	rows  []sampleRow
	width int  // columns up to the last one with a value
	whole bool // nothing follows
}

// A sampleRow is one of them. Its cells may be fewer than the columns.
type sampleRow struct {
	number    int
	cells     []string
	separated bool // an empty row is before it
}

// sample reads the first rows of a sheet, from a row on.
func (b *book) sample(s *sheetScanner, from int) (*sample, error) {
	p := &sample{}
	before, size := 0, 0
	for len(p.rows) < layout.MaxRecords && size < sampleText && (len(p.rows)+1)*max(p.width, 1) <= sampleCells {
		more, err := s.nextRow()
		if err != nil {
			return nil, err
		}
		if !more {
			p.whole = true
			break
		}
		if s.row < from {
			continue
		}
		row := sampleRow{number: s.row, separated: before > 0 && s.row > before+1}
		n, err := b.sampleRow(s, &row)
		if err != nil {
			return nil, err
		}
		if len(row.cells) == 0 {
			continue
		}
		before, size = s.row, size+n
		p.rows, p.width = append(p.rows, row), max(p.width, len(row.cells))
	}
	return p, nil
}

// sampleRow reads the cells of a row, and returns how many bytes they have.
func (b *book) sampleRow(s *sheetScanner, row *sampleRow) (size int, err error) {
	var arena []byte
	for {
		more, err := s.nextCell(size < source.MaxRow)
		if err != nil || !more {
			return size, err
		}
		if size >= source.MaxRow {
			continue
		}
		text, grown, err := b.text(&s.cell, arena[:0])
		arena = grown
		if err != nil {
			return size, err
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		for len(row.cells) <= s.cell.column {
			row.cells = append(row.cells, "")
		}
		row.cells[s.cell.column] = strings.Clone(text)
		size += len(text)
	}
}

// merge gives the cells of ranges that are merged downwards the value of the first one.
func (p *sample) merge(merged []mergedRange) {
	for _, m := range merged {
		value := ""
		for i := range p.rows {
			r := &p.rows[i]
			switch {
			case r.number < int(m.first) || r.number > int(m.last):
			case r.number == int(m.first):
				if int(m.column) < len(r.cells) {
					value = r.cells[m.column]
				}
			case value == "":
			case int(m.column) >= len(r.cells):
				r.cells = append(r.cells, make([]string, int(m.column)-len(r.cells)+1)...)
				r.cells[m.column] = value
			case r.cells[m.column] == "":
				r.cells[m.column] = value
			}
		}
		if len(p.rows) > 0 && int(m.first) > p.rows[len(p.rows)-1].number {
			break // and so are all others
		}
	}
	for _, r := range p.rows {
		p.width = max(p.width, len(r.cells))
	}
}

// markFilled marks the columns that have a value in the rows from an index on.
func (p *sample) markFilled(from int, columns []bool) {
	for _, r := range p.rows[from:] {
		for i, cell := range r.cells {
			columns[i] = columns[i] || cell != ""
		}
	}
}

// records returns the rows for the search of the header, without columns that are empty in all of them: a note beside the table
// must not make its header look narrow.
func (p *sample) records() []layout.Record {
	used := make([]bool, p.width)
	p.markFilled(0, used)
	records := make([]layout.Record, len(p.rows))
	for i, r := range p.rows {
		records[i] = layout.Record{Cells: compact(r.cells, used), Line: int64(r.number), Next: int64(r.number) + 1, Separated: r.separated}
	}
	return records
}

// compact returns the cells of the columns that are used, empty ones for those that a row does not have.
func compact(cells []string, used []bool) []string {
	var kept []string
	for i, ok := range used {
		switch {
		case !ok:
		case i < len(cells):
			kept = append(kept, cells[i])
		default:
			kept = append(kept, "")
		}
	}
	return kept
}
