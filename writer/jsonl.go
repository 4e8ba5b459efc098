package writer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"enrich/internal/columns"
	"enrich/internal/jsonscan"
)

// errNoObject means that a row or an answer is not a JSON object, although the caller says so. The run must stop.
var errNoObject = errors.New("is not a JSON object")

// jsonlEncoder writes JSONL: one object a line, with the member "enrichment".
type jsonlEncoder struct {
	out     *bufio.Writer
	objects bool     // the rows are objects
	keep    []int    // the input's columns that the output has, if rows have cells
	names   []string // their names, quoted and with the colon
	value   []byte   // reused
}

func newJSONL(w io.Writer, l layout) (encoder, error) {
	e := &jsonlEncoder{out: bufio.NewWriterSize(w, bufferSize), objects: l.source.Format.HasObjects()}
	if !e.objects {
		e.keep = keptColumns(l)
		for _, name := range pick(nil, columns.Unique(l.source.Columns, columns.Enrichment), e.keep) {
			e.names = append(e.names, string(append(jsonscan.AppendString(nil, name), ':')))
		}
	}
	return e, nil
}

func (e *jsonlEncoder) write(row *Row, added addition) error {
	b, err := e.append(e.out.AvailableBuffer(), row, added)
	if err != nil {
		return fmt.Errorf("line %d: %w", row.Line, err)
	}
	_, err = e.out.Write(append(b, '\n'))
	return err
}

func (e *jsonlEncoder) append(b []byte, row *Row, added addition) ([]byte, error) {
	if added == nil {
		if b = append(b, onOneLine(row.Raw)...); len(b) == 0 {
			return b, errNoObject
		}
		return b, nil
	}
	e.value = added.appendObject(e.value[:0])
	switch {
	case !e.objects:
		return e.appendCells(b, row.Cells), nil
	case row.NoObject:
		return append(appendMember(append(b, '{'), e.value), '}'), nil
	}
	return replaceMember(b, onOneLine(row.Raw), e.value)
}

// appendCells appends an object with the cells as strings. If a ragged row lacks cells, the object lacks their members.
func (e *jsonlEncoder) appendCells(b []byte, cells []string) []byte {
	b = append(b, '{')
	for n, i := range e.keep {
		if i < len(cells) {
			b = append(jsonscan.AppendString(append(b, e.names[n]...), cells[i]), ',')
		}
	}
	return append(appendMember(b, e.value), '}')
}

func (e *jsonlEncoder) close() error { return e.out.Flush() }

func appendMember(b, value []byte) []byte {
	return append(append(b, `"enrichment":`...), value...)
}

// onOneLine returns an object on one line. If it has line breaks, all white space between its tokens is removed. A carriage return
// at the end, from a file with CRLF, is kept.
func onOneLine(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(bytes.TrimSuffix(raw, []byte{'\r'}), '\r') < 0 {
		return raw
	}
	return jsonscan.AppendCompact(make([]byte, 0, len(raw)), raw)
}

// replaceMember appends an object with value in the place of its first member "enrichment", and without the others of that name.
// If there is none, value is added before the closing brace. All other bytes stay the same.
func replaceMember(b, object, value []byte) ([]byte, error) {
	var scan jsonscan.Scanner[[]byte]
	scan.Reset(object, math.MaxInt)
	scan.Object()
	copied, members, placed := 0, 0, false // object[:copied] is in b already
	for {
		from := scan.Offset() // before the comma, and the white space before it
		name, more := scan.Member()
		if !more {
			break
		}
		named := scan.Offset()
		scan.Value()
		members++
		if string(name) != columns.Enrichment {
			continue
		}
		if placed {
			b = append(b, object[copied:from]...)
		} else {
			b = append(append(append(b, object[copied:named]...), leadingSpace(object[named:scan.Offset()])...), value...)
		}
		copied, placed = scan.Offset(), true
	}
	end := scan.Offset() // after the closing brace
	if !scan.End() {
		return b, errNoObject
	}
	if !placed {
		b = append(b, object[copied:end-1]...)
		if members > 0 {
			b = append(b, ',')
		}
		b = appendMember(b, value)
		copied = end - 1
	}
	return append(b, object[copied:]...), nil
}

func leadingSpace(text []byte) []byte {
	return text[:len(text)-len(bytes.TrimLeft(text, " \t\r\n"))]
}
