package reader

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Reports end with lines that are not rows: "Grand Totals (5 records)", "Confidential Information", and rows of delimiters
// only. They are held back until it is known whether the input ends behind them: then they are skipped, otherwise they
// are rows like any others. None of them could be sent, so no call waits for this.
//
// A footer is a line with exactly one filled cell, without an address or a URL, in a table of at least three columns. It
// is skipped only in the last block before the end, behind a blank line, if the block has at most maxFooter lines.

const (
	// maxFooter is how many lines a footer may have.
	maxFooter = 10
	// maxHeld bounds what is held back, footer lines and runs of empty rows.
	maxHeld = 64
	// footerWidth is how many columns a table with a footer has at least.
	footerWidth = 3
)

// Skipped are the lines at the end of an input that are not rows.
type Skipped struct {
	// Lines is their number, without blank ones; 0: none.
	Lines int64
	// First and Last are the first and the last of them, from 1.
	First, Last int64
}

// A heldRow is a row of which it is not known yet whether it is one, or a run of equal empty rows.
type heldRow struct {
	row   Row
	last  int64 // the line in which it ends
	count int64
	empty bool
}

// A trailer holds back what may be the end of a report.
type trailer struct {
	held []heldRow
	// filled is how many of the last ones are footer lines of one block.
	filled int
	// separated says that a blank line, or a row of delimiters only, is before the next row.
	separated bool
	// given are rows that turned out to be rows, to be returned next, and err what comes behind them.
	given   []heldRow
	err     error
	skipped Skipped
	// follows says that a header or a row is before what is held: it is not the whole table.
	follows bool
}

// hold takes a row, and says whether it is held back.
func (t *trailer) hold(row *Row, last int64, kind rowKind) bool {
	separated := t.separated
	t.separated = kind == emptyRow
	switch {
	case kind == emptyRow && t.extends(row, last):
		t.held[len(t.held)-1].count++
		t.held[len(t.held)-1].last = last
		return true
	case kind == footerRow && separated && t.filled > 0:
		t.releaseBlock() // it was not the last one
	case kind == ordinaryRow, kind == footerRow && !separated && t.filled == 0:
		t.follows = true
		if len(t.held) == 0 {
			return false
		}
		t.add(row, last, kind)
		t.release()
		return true
	}
	t.add(row, last, kind)
	if kind == footerRow {
		t.filled++
	}
	if t.filled > maxFooter || len(t.held) > maxHeld {
		t.release()
	}
	return true
}

func (t *trailer) add(row *Row, last int64, kind rowKind) {
	kept := *row
	kept.Cells = cloned(row.Cells)
	if row.Refused != nil {
		refused := *row.Refused
		refused.Extra = cloned(refused.Extra)
		kept.Refused = &refused
	}
	t.held = append(t.held, heldRow{row: kept, last: last, count: 1, empty: kind == emptyRow})
}

// extends says whether an empty row is like the one held last, and in the line behind it.
func (t *trailer) extends(row *Row, last int64) bool {
	if len(t.held) == 0 || row.Refused != nil || last != row.Line {
		return false
	}
	before := &t.held[len(t.held)-1]
	return before.empty && before.row.Refused == nil && before.last+1 == row.Line && slices.Equal(before.row.Cells, row.Cells)
}

// release makes rows of all that is held.
func (t *trailer) release() {
	t.given, t.held, t.filled = append(t.given, t.held...), nil, 0
}

// releaseBlock makes rows of all that is held up to the last footer line; empty rows behind it stay.
func (t *trailer) releaseBlock() {
	to := len(t.held)
	for to > 0 && t.held[to-1].empty {
		to--
	}
	t.given = append(t.given, t.held[:to]...)
	t.held, t.filled = slices.Clone(t.held[to:]), 0
}

// skip ends the input: what is held is not rows.
func (t *trailer) skip() {
	if !t.follows {
		return
	}
	for _, h := range t.held {
		if t.skipped.Lines == 0 {
			t.skipped.First = h.row.Line
		}
		t.skipped.Lines += h.count
		t.skipped.Last = h.last
	}
	t.held = nil
}

// next returns the next row that was given back.
func (t *trailer) next(row *Row) bool {
	if len(t.given) == 0 {
		return false
	}
	h := &t.given[0]
	*row = h.row
	h.row.Line++
	if h.count--; h.count == 0 {
		t.given = t.given[1:]
	}
	return true
}

// A rowKind says whether a row may belong to a footer.
type rowKind uint8

const (
	ordinaryRow rowKind = iota
	emptyRow            // delimiters only
	footerRow           // one filled cell that cannot be sent
)

// kindOf looks at a row that was read without a fault.
func (c *csvRows) kindOf(row *Row) rowKind {
	all := row.Cells
	if row.Refused != nil {
		if len(c.scan.spans) == len(c.header) {
			return ordinaryRow // refused for what is in it
		}
		all = slices.Concat(row.Cells, row.Refused.Extra)
	}
	text, filled := onlyCell(all)
	switch {
	case len(c.header) < footerWidth:
		return ordinaryRow
	case filled == 0:
		return emptyRow
	case filled != 1 || !footerText(text) || c.sendable(row):
		return ordinaryRow
	}
	return footerRow
}

// onlyCell counts the filled cells, and returns the last of them.
func onlyCell(cells []string) (text string, filled int) {
	for _, cell := range cells {
		if cell = strings.TrimSpace(cell); cell != "" {
			text = cell
			filled++
		}
	}
	return text, filled
}

// footerText says whether a text can be a footer: it has no address and no URL.
func footerText(text string) bool {
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

// isHost says whether a word looks like the name of a host: it ends in a dot and at least two letters.
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

// sendable says whether a row could be sent if its shape were right.
func (c *csvRows) sendable(row *Row) bool {
	padded := make([]string, len(c.header))
	copy(padded, row.Cells)
	asked := c.binder.Contact(padded)
	return asked.Check() == nil
}

// withoutFooter removes the footer from the records of a first block that is the whole input, so that it does not decide
// how wide the table is.
func (t *table) withoutFooter() {
	from := len(t.records)
	for from > 0 {
		r := &t.records[from-1]
		text, filled := onlyCell(r.cells)
		if r.fault != sound || filled > 1 || filled == 1 && !footerText(text) {
			return
		}
		if from--; r.separated {
			break
		}
	}
	rest := table{records: t.records[:from]}
	if len(t.records)-from <= maxFooter && rest.modal() >= footerWidth {
		t.records = rest.records
	}
}
