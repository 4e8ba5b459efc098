package delimited

import (
	"slices"
	"unicode/utf8"

	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// plainRows is the fast path of next: it fills rows with those at the beginning of the window, up to the first one that is not as most are,
// and returns how many. A plain row is well-formed (see [dialect.Scanner.Plain]), is not refused, and cannot belong to a footer.
func (r *Reader) plainRows(rows []source.Row) (n int) {
	if r.doubtful || r.err != nil || !r.trailer.IsEmpty() {
		return 0
	}
	text, ascii, width := source.View(r.Text()), r.ASCII(), len(r.header)
	at, cells, line := 0, r.cells, r.line
	for n < len(rows) && r.taken+at < source.BatchText && len(cells) < source.BatchCells {
		from := len(cells)
		cells = slices.Grow(cells, width)
		row := &rows[n]
		row.Line, row.Cells, row.Raw, row.Refused = line, cells[from:from+width:from+width], nil, nil
		end := r.scan.Plain(text, at, row.Cells)
		if end < 0 || end > ascii && !utf8.ValidString(text[at:end]) || end-at > source.MaxCell || !r.isPlain(row) {
			break
		}
		r.contact(&row.Contact, row.Cells)
		n, at, cells, line = n+1, end, cells[:from+width], line+int64(r.scan.Lines)+1
	}
	r.cells = cells
	if n > 0 {
		r.advance(at, 0)
		r.line = line
		r.trailer.Pass()
	}
	return n
}

// isPlain unescapes the cells of a well-formed row, and reports whether it is plain. It does not make a contact of it: that would
// count twice what cleaning changed.
func (r *Reader) isPlain(row *source.Row) bool {
	for _, i := range r.scan.Escaped {
		row.Cells[i] = r.unescape(row.Cells[i])
	}
	isBlank := len(row.Cells) == 1 && r.scan.IsBlank(row.Cells[0])
	return !isBlank && r.rowCheck.Refusal(row) == nil && layout.IsOrdinary(row.Cells)
}
