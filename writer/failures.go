package writer

import (
	"bufio"
	"io"
	"strconv"

	"enrich/contact"
)

// A failureRow is what we add to a row of failures; the csv tags are the columns that gocsv binds it to.
type failureRow struct {
	Kind     cell `csv:"enrich_error_kind"`
	Status   cell `csv:"enrich_error_status"`
	Message  cell `csv:"enrich_error_message"`
	Attempts cell `csv:"enrich_error_attempts"`
	// Extra is a JSON array of strings: the cells beyond the header or, of a line that was no JSON object, its text.
	Extra cell `csv:"enrich_error_extra"`
}

// Failures writes the rows that have no answer. Its files are valid inputs themselves.
type Failures struct {
	out     *bufio.Writer
	format  Format
	cells   *cells
	objects *objects
	rest    leftovers
	row     failureRow
	record  record
	value   []byte // reused
}

// NewFailures begins a file of failures in format f, for rows of s. A CSV gets its header at once.
func NewFailures(w io.Writer, f Format, s Source) (*Failures, error) {
	if err := begin(f, s); err != nil {
		return nil, err
	}
	x := &Failures{out: bufio.NewWriterSize(w, bufferSize), format: f, rest: newLeftovers(s)}
	if f == JSONL {
		x.objects = newObjects(s)
		return x, nil
	}
	x.cells = newCells(s)
	x.record = record{out: x.out, added: fillCells(&x.row), dress: s.Dress}
	return x, x.record.header(x.cells.header, FailureColumns())
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
	f := &x.row
	f.Kind.set(string(row.Kind))
	f.Status.set("")
	if row.Status != 0 {
		f.Status.set(strconv.Itoa(row.Status))
	}
	f.Message.set(row.Message)
	f.Attempts.set(strconv.Itoa(row.Attempts))
	f.Extra.set(x.rest.of(row).cell())
	return x.record.write(given)
}

func (x *Failures) object(row *Failure) error {
	b := append(x.value[:0], `{"status":"failed","error":{"kind":`...)
	b = append(contact.AppendString(b, string(row.Kind)), `,"status":`...)
	if row.Status == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(row.Status), 10)
	}
	b = contact.AppendString(append(b, `,"message":`...), row.Message)
	b = strconv.AppendInt(append(b, `,"attempts":`...), int64(row.Attempts), 10)
	rest := x.rest.of(row)
	for _, m := range [...]struct{ name, value string }{{"extra", rest.extra}, {"line", rest.line}, {"raw", rest.raw}} {
		if m.value != "" {
			b = append(contact.AppendString(append(b, ','), m.name), ':')
			b = append(b, m.value...)
		}
	}
	x.value = append(b, "}}"...)
	return writeObject(x.out, x.objects, &row.Row, x.value)
}

// Flush hands everything written so far to the file.
func (x *Failures) Flush() error { return x.out.Flush() }
