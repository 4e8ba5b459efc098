package writer

import (
	"fmt"
	"io"
)

// Pending writes the rows that were not sent as they were: in the input's format, with all its columns and no other.
type Pending struct{ encoder encoder }

// NewPending begins a file of pending rows of s, with the input's header if it has one.
func NewPending(w io.Writer, s Source) (*Pending, error) {
	e, err := newEncoder(w, layout{source: s, options: Options{Format: s.Format}})
	return &Pending{e}, err
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
