package writer

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"enrich/internal/columns"
	"enrich/internal/jsonscan"
)

// errNoObject is a row or an answer that should be a JSON object and is none; the caller broke its promise, so the
// run stops.
var errNoObject = errors.New("is not a JSON object")

// objects turns rows of one source into JSON objects with the member "enrichment".
type objects struct {
	source Source
	keep   []int
	names  []string // CSV: the kept columns' names, quoted, with the colon
}

func newObjects(s Source) *objects {
	o := &objects{source: s}
	if !s.hasObjects() {
		o.keep = keptColumns(layout{source: s, added: ResultColumns()})
		for _, name := range pick(nil, columns.Unique(s.Columns, columns.Enrichment), o.keep) {
			o.names = append(o.names, string(append(jsonscan.AppendString(nil, name), ':')))
		}
	}
	return o
}

// append appends the row as one line with value as its member "enrichment".
func (o *objects) append(b []byte, r *Row, value []byte) ([]byte, error) {
	switch {
	case !o.source.hasObjects():
		b = o.fromCells(b, r.Cells, value)
	case r.NoObject:
		b = append(appendMember(append(b, '{'), value), '}')
	default:
		var err error
		if b, err = replaceMember(b, line(r.Raw), value); err != nil {
			return b, fmt.Errorf("line %d: %w", r.Line, err)
		}
	}
	return append(b, '\n'), nil
}

// fromCells makes an object of strings; the cells that a ragged row lacks are no members.
func (o *objects) fromCells(b []byte, cells []string, value []byte) []byte {
	b = append(b, '{')
	for n, i := range o.keep {
		if i < len(cells) {
			b = append(jsonscan.AppendString(append(b, o.names[n]...), cells[i]), ',')
		}
	}
	return append(appendMember(b, value), '}')
}

func appendMember(b, value []byte) []byte {
	return append(append(b, `"enrichment":`...), value...)
}

// line is an object on one line: as it is where it is one, else without the white space between its tokens. A
// trailing carriage return, of a file with CRLF, is kept.
func line(raw []byte) []byte {
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
			b = append(append(append(b, object[copied:named]...), blanks(object[named:scan.Offset()])...), value...)
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

// blanks is the white space at the start of text.
func blanks(text []byte) []byte {
	return text[:len(text)-len(bytes.TrimLeft(text, " \t\r\n"))]
}
