package writer

import (
	"fmt"
	"io"

	"enrich/writer/internal/xlsx"
)

// ErrTooLarge means that rows do not fit the format of the output: a workbook has at most 1,048,576 rows with the header, 16,384
// columns, 32,767 characters a cell and 4 GiB of data. CSV and JSONL have no limits.
var ErrTooLarge = xlsx.ErrLimit

// xlsxEncoder writes a workbook with one sheet of text cells.
type xlsxEncoder struct {
	out   *xlsx.Writer
	table *table
}

func newXLSX(w io.Writer, l layout) (encoder, error) {
	t := newTable(l)
	columns := make([]xlsx.Column, 0, len(t.header)+len(l.added))
	for _, name := range t.header {
		columns = append(columns, xlsx.Column{Name: name})
	}
	for _, name := range l.added {
		columns = append(columns, xlsx.Column{Name: name, Marked: true})
	}
	out, err := xlsx.NewWriter(w, l.title, columns)
	return &xlsxEncoder{out: out, table: t}, err
}

func (e *xlsxEncoder) write(row *Row, added addition) error {
	given, err := e.table.cells(row)
	if err != nil {
		return err
	}
	if added == nil {
		err = e.out.Write(given)
	} else {
		err = e.out.Write(given, added.cells())
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", row.Line, err)
	}
	return nil
}

func (e *xlsxEncoder) close() error { return e.out.Close() }
