package writer

import (
	"bufio"
	"io"
	"strconv"

	"enrich/contact"
)

// Failures writes the rows that have no answer. Its files are valid inputs themselves.
type Failures struct {
	out     *bufio.Writer
	format  Format
	cells   *cells
	objects *objects
	rest    leftovers
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
	x.record = record{out: x.out, added: make([]string, len(FailureColumns())), dress: s.Dress}
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
	added := x.record.added
	added[errorKindColumn] = string(row.Kind)
	added[errorStatusColumn] = ""
	if row.Status != 0 {
		added[errorStatusColumn] = strconv.Itoa(row.Status)
	}
	added[errorMessageColumn] = row.Message
	added[errorAttemptsColumn] = strconv.Itoa(row.Attempts)
	added[errorExtraColumn] = x.rest.of(row).cell()
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
