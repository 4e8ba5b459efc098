package layout

import (
	"slices"
	"strings"
	"unicode/utf8"

	"enrich/reader/internal/source"
)

// Reports end with lines that are not rows: "Grand Totals (5 records)", "Confidential Information", and rows of delimiters
// only. A Trailer holds them back until it is known whether the input ends after them: then they are skipped, otherwise they
// are rows like any others. None of them could be sent, so no call waits for this.
//
// A footer line has exactly one filled cell, without an address or a URL, in a table of at least three columns. It is
// skipped only in the last block before the end, after a blank line, if the block has at most maxFooter lines.

const (
	// maxFooter is how many lines a footer may have.
	maxFooter = 10
	// maxHeld is how many footer lines and runs of empty rows may be held back.
	maxHeld = 64
	// minFooterColumns is how many columns a table with a footer has at least.
	minFooterColumns = 3
)

// A RowKind says whether a row may belong to a footer.
type RowKind uint8

// The kinds of rows.
const (
	OrdinaryRow RowKind = iota
	EmptyRow            // delimiters only
	FooterRow           // one filled cell that cannot be sent
)

// IsOrdinary is the fast path of KindOf: it reports whether a row is ordinary whatever its contact is, because it has two filled cells, as
// most rows do, or too few columns for a footer. The row has a cell for each column.
func IsOrdinary(cells []string) bool {
	if len(cells) > 1 && isGraphic(cells[0]) && isGraphic(cells[1]) {
		return true
	}
	_, filled := onlyCell(cells)
	return filled > 1 || len(cells) < minFooterColumns
}

// KindOf returns the kind of a row of a table with a number of columns. sendable reports whether a contact with these cells could
// be sent if the row's shape were right.
func KindOf(cells []string, columns int, sendable func(cells []string) bool) RowKind {
	text, filled := onlyCell(cells)
	switch {
	case columns < minFooterColumns:
		return OrdinaryRow
	case filled == 0:
		return EmptyRow
	case filled != 1 || !isFooterText(text) || sendable(cells):
		return OrdinaryRow
	}
	return FooterRow
}

// A Trailer holds back rows that may be the footer of a report. The zero value is ready to use.
type Trailer struct {
	// FollowsTable says that a header or a row is before what is held back: the table is not a footer alone.
	FollowsTable bool
	// Separated says that a blank line, or a row of delimiters only, is before the next row.
	Separated bool
	// Skipped are the lines of the footer; known at the end.
	Skipped source.Lines

	held    []heldRow
	footers int // how many of the last rows held back are footer lines of one block
	ready   []heldRow
}

// A heldRow is a row that may belong to a footer, or a run of equal empty rows.
type heldRow struct {
	row   source.Row
	last  int64 // the line in which it ends
	count int64
	empty bool
}

// IsEmpty reports whether no row is held back, and none that was is still to be returned.
func (t *Trailer) IsEmpty() bool { return len(t.held) == 0 && len(t.ready) == 0 }

// Pass is Hold for ordinary rows while no row is held back.
func (t *Trailer) Pass() { t.Separated, t.FollowsTable = false, true }

// Hold takes a row that ends on line last. It returns whether the row is held back; Next may then return it.
func (t *Trailer) Hold(row *source.Row, last int64, kind RowKind) bool {
	separated := t.Separated
	t.Separated = kind == EmptyRow
	switch {
	case kind == EmptyRow && t.extends(row, last):
		t.held[len(t.held)-1].count++
		t.held[len(t.held)-1].last = last
		return true
	case kind == FooterRow && separated && t.footers > 0:
		t.releaseBlock() // it was not the last one
	case kind == OrdinaryRow, kind == FooterRow && !separated && t.footers == 0:
		t.FollowsTable = true
		if len(t.held) == 0 {
			return false
		}
		t.add(row, last, kind)
		t.Release()
		return true
	}
	t.add(row, last, kind)
	if kind == FooterRow {
		t.footers++
	}
	if t.footers > maxFooter || len(t.held) > maxHeld {
		t.Release()
	}
	return true
}

func (t *Trailer) add(row *source.Row, last int64, kind RowKind) {
	kept := *row
	kept.Cells = CloneCells(row.Cells)
	if row.Refused != nil {
		refused := *row.Refused
		refused.Extra = CloneCells(refused.Extra)
		kept.Refused = &refused
	}
	t.held = append(t.held, heldRow{row: kept, last: last, count: 1, empty: kind == EmptyRow})
}

// extends reports whether an empty row equals the one held back last, and is in the next line.
func (t *Trailer) extends(row *source.Row, last int64) bool {
	if len(t.held) == 0 || row.Refused != nil || last != row.Line {
		return false
	}
	before := &t.held[len(t.held)-1]
	return before.empty && before.row.Refused == nil && before.last+1 == row.Line && slices.Equal(before.row.Cells, row.Cells)
}

// Release makes rows of all that is held back.
func (t *Trailer) Release() {
	t.ready, t.held, t.footers = append(t.ready, t.held...), nil, 0
}

// releaseBlock makes rows of all that is held back up to the last footer line; empty rows after it stay.
func (t *Trailer) releaseBlock() {
	to := len(t.held)
	for to > 0 && t.held[to-1].empty {
		to--
	}
	t.ready = append(t.ready, t.held[:to]...)
	t.held, t.footers = slices.Clone(t.held[to:]), 0
}

// Skip ends the input: what is held back is the footer.
func (t *Trailer) Skip() {
	if !t.FollowsTable {
		return
	}
	for _, h := range t.held {
		if t.Skipped.Count == 0 {
			t.Skipped.First = h.row.Line
		}
		t.Skipped.Count += h.count
		t.Skipped.Last = h.last
	}
	t.held = nil
}

// Next returns the next row that was released.
func (t *Trailer) Next(row *source.Row) bool {
	if len(t.ready) == 0 {
		return false
	}
	h := &t.ready[0]
	*row = h.row
	h.row.Line++
	if h.count--; h.count == 0 {
		t.ready = t.ready[1:]
	}
	return true
}

// CloneCells copies cells that must outlive the next read.
func CloneCells(cells []string) []string {
	kept := make([]string, len(cells))
	for i, cell := range cells {
		kept[i] = strings.Clone(cell)
	}
	return kept
}

// onlyCell returns the filled cell of a row that has only one, and how many are filled: 0, 1 or, for any more, 2.
func onlyCell(cells []string) (text string, filled int) {
	for _, cell := range cells {
		if isFilled(cell) {
			if filled++; filled > 1 {
				return "", filled
			}
			text = cell
		}
	}
	return strings.TrimSpace(text), filled
}

// isFilled reports whether a cell has more than white space in it.
func isFilled(cell string) bool {
	return isGraphic(cell) || strings.TrimSpace(cell) != ""
}

// isGraphic reports whether a cell begins with an ASCII character that is not white space, as most do.
func isGraphic(cell string) bool { return cell != "" && cell[0] > ' ' && cell[0] < utf8.RuneSelf }

// isFooterText reports whether a text can be a footer: it has no address and no URL.
func isFooterText(text string) bool {
	if !utf8.ValidString(text) || strings.Contains(text, "@") || strings.Contains(text, "://") || strings.Contains(strings.ToLower(text), "www.") {
		return false
	}
	words := strings.Fields(text)
	for _, word := range words {
		host, _, path := strings.Cut(word, "/")
		if isHost(host) && (path || len(words) == 1) {
			return false
		}
	}
	return true
}

// isHost reports whether a word looks like a host name: it ends in a dot and at least two letters.
func isHost(word string) bool {
	dot := strings.LastIndexByte(word, '.')
	if dot < 1 || len(word)-dot < 3 {
		return false
	}
	for i := dot + 1; i < len(word); i++ {
		if b := word[i] | 0x20; b < 'a' || b > 'z' {
			return false
		}
	}
	return true
}

// removeFooter removes the footer from the records.
func (t *Table) removeFooter() {
	from := len(t.records)
	for from > 0 {
		r := &t.records[from-1]
		text, filled := onlyCell(r.Cells)
		if r.Fault != "" || filled > 1 || filled == 1 && !isFooterText(text) {
			return
		}
		if from--; r.Separated {
			break
		}
	}
	rest := Table{records: t.records[:from]}
	if len(t.records)-from <= maxFooter && rest.modalWidth() >= minFooterColumns {
		t.records = rest.records
	}
}
