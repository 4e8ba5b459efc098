package writer

import (
	"io"

	"enrich/format"
)

// An encoder writes the rows of one output in one format.
type encoder interface {
	// write writes a row of the input and what enrich adds to it; nil adds nothing.
	write(row *Row, added addition) error
	// close writes what is buffered and what the format has at its end. It does not close the file.
	close() error
}

// An addition is what enrich adds to a row: a result or a failure.
type addition interface {
	// cells returns the values of the added columns, for formats with columns.
	cells() []string
	// appendObject appends the value of the member "enrichment", for formats with objects.
	appendObject(b []byte) []byte
}

// A layout is what an encoder needs to know of its output.
type layout struct {
	source  Source
	options Options
	title   string   // of the sheet, for formats with sheets
	added   []string // the columns that enrich adds; none for pending rows, which keep all columns of the input
}

// encoders has an encoder for each of [format.Outputs].
var encoders = map[format.Format]func(io.Writer, layout) (encoder, error){
	format.CSV:     newCSV,
	format.JSONL:   newJSONL,
	format.XLSX:    newXLSX,
	format.Parquet: newParquet,
}

// bufferSize is how much an encoder collects before it writes. One row may be longer.
const bufferSize = 64 << 10

func newEncoder(w io.Writer, l layout) (encoder, error) {
	if err := format.CheckInput(l.source.Format); err != nil {
		return nil, err
	}
	if err := format.CheckOutput(l.options.Format); err != nil {
		return nil, err
	}
	return encoders[l.options.Format](w, l)
}
