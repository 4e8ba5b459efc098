package writer

import (
	"fmt"
	"io"

	"enrich/format"
)

// Pending writes the rows that were not sent as they were: all columns of the input and no other, or the same objects.
type Pending struct{ encoder encoder }

// NewPending begins a file of pending rows of s, with the input's header if it has one. Objects stay objects, and rows with
// cells keep them, so not every format is possible: see [CheckPending].
func NewPending(w io.Writer, s Source, f format.Format) (*Pending, error) {
	if err := CheckPending(s.Format, f); err != nil {
		return nil, err
	}
	e, err := newEncoder(w, layout{source: s, options: Options{Format: f}, title: "Pending"})
	return &Pending{e}, err
}

// CheckPending returns an error if rows of one format cannot be written unchanged in another.
func CheckPending(from, to format.Format) error {
	switch {
	case from.HasObjects() && from != to:
		return fmt.Errorf("rows of %s cannot be written unchanged as %s", from, to)
	case !from.HasObjects() && to.HasObjects():
		return fmt.Errorf("rows with cells cannot be written unchanged as %s", to)
	}
	return nil
}

// Write writes one row. The output is complete only after Close.
func (p *Pending) Write(row *Row) error {
	if row.NoObject || len(row.Extra) > 0 {
		return fmt.Errorf("line %d: a row that was refused is not pending", row.Line)
	}
	return p.encoder.write(row, nil)
}

// Close completes the file. It must be called once, after the last row, and does not close w.
func (p *Pending) Close() error { return p.encoder.close() }
