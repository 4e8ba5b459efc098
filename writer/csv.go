package writer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// appendRecord appends one CSV record with its line end: comma, LF, quotes where a reader would otherwise see
// something else. It differs from encoding/csv's Writer, which it was measured against, in three cells that would not
// survive a round trip: a record of one empty cell, which would be a blank line; a cell that begins with a byte
// order mark, which would be eaten at the head of a file; white space at a cell's end, which some readers trim.
func appendRecord(b []byte, cells []string) []byte {
	if len(cells) == 1 && cells[0] == "" {
		return append(b, `""`+"\n"...)
	}
	return append(appendCells(b, cells), '\n')
}

// appendCells appends cells with commas between them.
func appendCells(b []byte, cells []string) []byte {
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
	for {
		i := strings.IndexByte(cell, '"')
		if i < 0 {
			return append(append(b, cell...), '"')
		}
		b = append(append(b, cell[:i+1]...), '"')
		cell = cell[i+1:]
	}
}

// wantsQuotes also says yes to \. alone, which ends the data for PostgreSQL's COPY.
func wantsQuotes(cell string) bool {
	if cell == "" {
		return false
	}
	for i := range len(cell) {
		if b := cell[i]; b <= ',' && (b == ',' || b == '"' || b == '\n' || b == '\r') {
			return true
		}
	}
	if first, last := cell[0], cell[len(cell)-1]; first > ' ' && first < utf8.RuneSelf && last > ' ' && last < utf8.RuneSelf {
		return cell == `\.`
	}
	first, _ := utf8.DecodeRuneInString(cell)
	last, _ := utf8.DecodeLastRuneInString(cell)
	return unicode.IsSpace(first) || unicode.IsSpace(last) || first == byteOrderMark
}

const byteOrderMark = '\uFEFF'
