package writer

import (
	"bufio"
	"fmt"
	"io"
)

// jsonlEncoder writes JSONL: one object a line.
type jsonlEncoder struct {
	out     *bufio.Writer
	objects *objects
	value   []byte // reused
}

func newJSONL(w io.Writer, l layout) (encoder, error) {
	return &jsonlEncoder{out: bufio.NewWriterSize(w, bufferSize), objects: newObjects(l.source)}, nil
}

func (e *jsonlEncoder) write(row *Row, added addition) error {
	if added == nil {
		return e.unchanged(row)
	}
	e.value = added.appendObject(e.value[:0])
	b, err := e.objects.append(e.out.AvailableBuffer(), row, e.value)
	if err != nil {
		return err
	}
	_, err = e.out.Write(b)
	return err
}

// unchanged writes a row of JSONL as it is.
func (e *jsonlEncoder) unchanged(row *Row) error {
	b := append(e.out.AvailableBuffer(), line(row.Raw)...)
	if len(b) == 0 {
		return fmt.Errorf("line %d: %w", row.Line, errNoObject)
	}
	_, err := e.out.Write(append(b, '\n'))
	return err
}

func (e *jsonlEncoder) close() error { return e.out.Flush() }
