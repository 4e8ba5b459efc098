package writer

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"enrich/internal/quoting"
)

// csvEncoder writes CSV: a header, comma, LF, quotes if a cell needs them.
//
// It differs from encoding/csv in three cells that would not survive a round trip: a record of one empty cell, which would
// be a blank line; a cell that begins with a byte order mark, which readers drop at the start of a file; and white space at
// an end of a cell, which some readers trim.
type csvEncoder struct {
	out   *bufio.Writer
	table *table
	safe  bool // see Options.SpreadsheetSafe
}

func newCSV(w io.Writer, l layout) (encoder, error) {
	e := &csvEncoder{out: bufio.NewWriterSize(w, bufferSize), table: newTable(l), safe: l.options.SpreadsheetSafe}
	if l.options.BOM {
		if _, err := e.out.WriteRune(byteOrderMark); err != nil {
			return nil, err
		}
	}
	if len(e.table.header)+len(l.added) == 0 {
		return e, nil
	}
	return e, e.writeRecord(e.table.header, l.added)
}

func (e *csvEncoder) write(row *Row, added addition) error {
	given, err := e.table.cells(row)
	if err != nil {
		return err
	}
	if added == nil {
		return e.writeRecord(given, nil)
	}
	return e.writeRecord(given, added.cells())
}

// writeRecord writes the cells of the input and the added ones as one record.
func (e *csvEncoder) writeRecord(given, added []string) error {
	b := e.appendCells(e.out.AvailableBuffer(), given)
	b = e.appendCells(b, added)
	switch n := len(given) + len(added); {
	case n == 1 && len(b) == 1:
		b = append(b[:0], `""`...)
	case n > 0:
		b = b[:len(b)-1]
	}
	_, err := e.out.Write(append(b, '\n'))
	return err
}

// appendCells appends cells, each with a comma after it.
func (e *csvEncoder) appendCells(b []byte, cells []string) []byte {
	for _, cell := range cells {
		if e.safe {
			cell = defuse(cell)
		}
		if needsQuotes(cell) {
			b = appendQuoted(b, cell)
		} else {
			b = append(b, cell...)
		}
		b = append(b, ',')
	}
	return b
}

func (e *csvEncoder) close() error { return e.out.Flush() }

func appendQuoted(b []byte, cell string) []byte {
	b = append(b, '"')
	for {
		i := strings.IndexByte(cell, '"')
		if i < 0 {
			return append(append(b, cell...), '"')
		}
		b = append(append(b, cell[:i+1]...), '"')
		cell = cell[i+1:]
	}
}

// needsQuotes reports whether a cell without quotes would be read as something else. A cell of \. alone ends the data of
// PostgreSQL's COPY.
func needsQuotes(cell string) bool {
	if cell == "" {
		return false
	}
	for i := quoting.Index(cell, 0, ','); i < len(cell); i = quoting.Index(cell, i+1, ',') {
		if b := cell[i]; b == ',' || b == '"' || b == '\n' || b == '\r' {
			return true
		}
	}
	if first, last := cell[0], cell[len(cell)-1]; first > ' ' && first < utf8.RuneSelf && last > ' ' && last < utf8.RuneSelf {
		return cell == `\.`
	}
	first, _ := utf8.DecodeRuneInString(cell)
	last, _ := utf8.DecodeLastRuneInString(cell)
	return unicode.IsSpace(first) || unicode.IsSpace(last) || first == byteOrderMark
}

const byteOrderMark = '\uFEFF'
