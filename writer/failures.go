package writer

import (
	"bufio"
	"io"
	"strconv"

	"github.com/gocarina/gocsv"
)

// A failureRow is what we add to a row of failures; the csv tags are the columns that gocsv binds it to.
type failureRow struct {
	Kind     string `csv:"enrich_error_kind"`
	Status   string `csv:"enrich_error_status"`
	Message  string `csv:"enrich_error_message"`
	Attempts int    `csv:"enrich_error_attempts"`
	// Extra is a JSON array of strings: the cells beyond the header or, of a line that was no JSON object, its text.
	Extra string `csv:"enrich_error_extra"`
}

// Failures writes the rows that have no answer. Its files are valid inputs themselves.
type Failures struct {
	out     *bufio.Writer
	format  Format
	cells   *cells
	objects *objects
	bound   []failureRow
	value   []byte // reused
}

// NewFailures begins a file of failures in format f, for rows of s. A CSV gets its header at once.
func NewFailures(w io.Writer, f Format, s Source) (*Failures, error) {
	if err := begin(f, s); err != nil {
		return nil, err
	}
	x := &Failures{out: bufio.NewWriterSize(w, bufferSize), format: f, bound: make([]failureRow, 1)}
	if f == JSONL {
		x.objects = newObjects(s)
		return x, nil
	}
	x.cells = newCells(s)
	return x, writeRecord(x.out, x.cells.header, FailureColumns())
}

// Write writes one row.
func (x *Failures) Write(row *Failure) error {
	if x.format == JSONL {
		return x.object(row)
	}
	given, err := x.cells.of(&row.Row)
	if err != nil {
		return err
	}
	f := &x.bound[0]
	*f = failureRow{Kind: string(row.Kind), Message: row.Message, Attempts: row.Attempts}
	if row.Status != 0 {
		f.Status = strconv.Itoa(row.Status)
	}
	switch {
	case row.NoObject:
		f.Extra = string(appendStrings(nil, []string{string(row.Raw)}))
	case len(row.Extra) > 0:
		f.Extra = string(appendStrings(nil, row.Extra))
	}
	return gocsv.MarshalCSVWithoutHeaders(x.bound, capture(func(added []string) error {
		return writeRecord(x.out, given, added)
	}))
}

func (x *Failures) object(row *Failure) error {
	b := append(x.value[:0], `{"status":"failed","error":{"kind":`...)
	b = append(appendQuoted(b, string(row.Kind)), `,"status":`...)
	if row.Status == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(row.Status), 10)
	}
	b = appendQuoted(append(b, `,"message":`...), row.Message)
	b = strconv.AppendInt(append(b, `,"attempts":`...), int64(row.Attempts), 10)
	if len(row.Extra) > 0 {
		b = appendStrings(append(b, `,"extra":`...), row.Extra)
	}
	if row.NoObject {
		b = strconv.AppendInt(append(b, `,"line":`...), row.Line, 10)
		b = appendQuoted(append(b, `,"raw":`...), string(row.Raw))
	}
	x.value = append(b, "}}"...)
	return writeObject(x.out, x.objects, &row.Row, x.value)
}

// Flush hands everything written so far to the file.
func (x *Failures) Flush() error { return x.out.Flush() }
