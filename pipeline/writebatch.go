package pipeline

import (
	"strings"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// A writeBatch is a batch of rows and their outcomes that remains valid while the next one is read.
type writeBatch struct {
	entries  []entry
	refs     []ledger.Ref // of the entries with an outcome
	outcomes []contact.Outcome

	rows  [batchRows]reader.Row
	cells []string
	raw   []byte
}

// keep copies what the write pass needs of a batch.
func (b *writeBatch) keep(entries []entry) {
	b.entries, b.refs = append(b.entries[:0], entries...), b.refs[:0]
	for i := range b.entries {
		e := &b.entries[i]
		if e.state.Kind != 0 {
			b.refs = append(b.refs, e.state.Ref)
		}
		if e.defect != nil {
			e.defect = &defect{e.defect.kind, strings.Clone(e.defect.message)}
		}
	}
	for len(b.outcomes) < len(b.refs) {
		b.outcomes = append(b.outcomes, contact.Outcome{})
	}
	b.keepRows()
}

// keepRows copies the rows, but for their contacts.
func (b *writeBatch) keepRows() {
	b.cells, b.raw = b.cells[:0], b.raw[:0]
	text := b.joinCells()
	for i := range b.entries {
		from, row := b.entries[i].row, &b.rows[i]
		*row = reader.Row{Number: from.Number, Line: from.Line, Refused: keepRefusal(from.Refused)}
		first := len(b.cells)
		for _, cell := range from.Cells {
			b.cells = append(b.cells, text[:len(cell)])
			text = text[len(cell):]
		}
		row.Cells = b.cells[first:len(b.cells):len(b.cells)]
		if from.Raw != nil {
			first := len(b.raw)
			b.raw = append(b.raw, from.Raw...)
			row.Raw = b.raw[first:len(b.raw):len(b.raw)]
		}
		b.entries[i].row = row
	}
}

// joinCells returns a copy of all cells in one string.
func (b *writeBatch) joinCells() string {
	size := 0
	for i := range b.entries {
		for _, cell := range b.entries[i].row.Cells {
			size += len(cell)
		}
	}
	var text strings.Builder
	text.Grow(size)
	for i := range b.entries {
		for _, cell := range b.entries[i].row.Cells {
			text.WriteString(cell)
		}
	}
	return text.String()
}

func keepRefusal(r *reader.Refusal) *reader.Refusal {
	if r == nil {
		return nil
	}
	kept := *r
	kept.Extra = make([]string, len(r.Extra))
	for i, cell := range r.Extra {
		kept.Extra[i] = strings.Clone(cell)
	}
	return &kept
}
