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
	for at := 0; n < len(rows) && r.hasRoom(); n++ {
		from := len(r.cells)
		r.cells = slices.Grow(r.cells, width)
		row := &rows[n]
		row.Line, row.Cells, row.Raw, row.Refused = r.line, r.cells[from:from+width:from+width], nil, nil
		end := r.scan.Plain(text, at, row.Cells)
		if end < 0 || end > ascii && !utf8.ValidString(text[at:end]) || end-at > maxCell {
			break
		}
		if len(r.scan.Escaped) > 0 {
			r.unescapeCells(row.Cells)
		}
		if !r.isPlain(row) {
			break
		}
		r.cells = r.cells[:from+width]
		r.contact(&row.Contact, row.Cells)
		r.advance(end-at, r.scan.Lines+1)
		at = end
	}
	if n > 0 {
		r.trailer.Pass()
	}
	return n
}

// isPlain reports whether a well-formed row is plain. It does not make a contact of it: that would count what cleaning changed twice.
func (r *Reader) isPlain(row *source.Row) bool {
	isBlank := len(row.Cells) == 1 && r.scan.IsBlank(row.Cells[0])
	return !isBlank && r.rows.Refusal(row) == nil && layout.IsOrdinary(row.Cells)
}

// unescapeCells unescapes cells that the scanner found to be escaped.
func (r *Reader) unescapeCells(cells []string) {
	for _, i := range r.scan.Escaped {
		cells[i] = r.unescape(cells[i])
	}
}
