package writer

import (
	"bufio"
	"fmt"
	"io"
)

// Pending writes the rows that were not asked as they were: in the input's format, with all its columns and none of
// ours added.
type Pending struct {
	out    *bufio.Writer
	source Source
}

// NewPending begins a file of pending rows of s. A CSV gets its header at once; one without columns gets none.
func NewPending(w io.Writer, s Source) (*Pending, error) {
	if err := s.Format.valid(); err != nil {
		return nil, err
	}
	p := &Pending{out: bufio.NewWriterSize(w, bufferSize), source: s}
	if s.Format == CSV && len(s.Columns) > 0 {
		_, err := p.out.Write(appendRecord(p.out.AvailableBuffer(), s.Columns))
		return p, err
	}
	return p, nil
}

// Write writes one row.
func (p *Pending) Write(row *Row) error {
	if row.NoObject || len(row.Extra) > 0 {
		return fmt.Errorf("line %d: a row that was refused is not pending", row.Line)
	}
	b := p.out.AvailableBuffer()
	if p.source.Format == CSV {
		b = appendRecord(b, row.Cells)
	} else if b = append(b, line(row.Raw)...); len(b) > 0 {
		b = append(b, '\n')
	} else {
		return fmt.Errorf("line %d: %w", row.Line, errNoObject)
	}
	_, err := p.out.Write(b)
	return err
}

// Flush hands everything written so far to the file.
func (p *Pending) Flush() error { return p.out.Flush() }
