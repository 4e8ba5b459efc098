package writer

import (
	"unicode"
	"unicode/utf8"
)

// appendRecord appends one CSV record with its line end: comma, LF, quotes where a reader would otherwise see
// something else. It differs from encoding/csv's Writer, which it was measured against, in three cells that would not
// survive a round trip: a record of one empty cell, which would be a blank line; a cell that begins with a byte
// order mark, which would be eaten at the head of a file; white space at a cell's end, which some readers trim.
func appendRecord(b []byte, cells []string) []byte {
	return append(appendCells(b, cells, len(cells) == 1), '\n')
}

// appendCells appends cells with commas between them; alone says that they are the whole record.
func appendCells(b []byte, cells []string, alone bool) []byte {
	if alone && cells[0] == "" {
		return append(b, `""`...)
	}
	for i, cell := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, cell)
	}
	return b
}

func appendCell(b []byte, cell string) []byte {
	if !wantsQuotes(cell) {
		return append(b, cell...)
	}
	b = append(b, '"')
	for i := range len(cell) {
		if cell[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, cell[i])
	}
	return append(b, '"')
}

// wantsQuotes also says yes to \. alone, which ends the data for PostgreSQL's COPY.
func wantsQuotes(cell string) bool {
	if cell == "" {
		return false
	}
	for i := range len(cell) {
		switch cell[i] {
		case ',', '"', '\n', '\r':
			return true
		}
	}
	first, _ := utf8.DecodeRuneInString(cell)
	last, _ := utf8.DecodeLastRuneInString(cell)
	return unicode.IsSpace(first) || unicode.IsSpace(last) || first == '\uFEFF' || cell == `\.`
}
