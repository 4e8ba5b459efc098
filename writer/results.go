package writer

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"time"

	"enrich/contact"
)

// bufferSize bounds what an output keeps before it is written; one row may be longer.
const bufferSize = 64 << 10

// Results writes the rows that have an answer.
type Results struct {
	out     *bufio.Writer
	format  Format
	cells   *cells
	objects *objects
	answer  *answer
	record  record
	value   []byte // reused
}

// NewResults begins a file of results in format f, for rows of s. A CSV gets its header at once.
func NewResults(w io.Writer, f Format, s Source) (*Results, error) {
	r := &Results{out: bufio.NewWriterSize(w, bufferSize), format: f, answer: newAnswer()}
	if err := begin(f, s); err != nil {
		return nil, err
	}
	if f == JSONL {
		r.objects = newObjects(s)
		return r, nil
	}
	r.cells = newCells(s)
	r.record = record{out: r.out, added: r.answer.cells, dress: s.Dress}
	return r, r.record.header(r.cells.header, ResultColumns())
}

func begin(f Format, s Source) error {
	if err := f.valid(); err != nil {
		return err
	}
	return s.Format.valid()
}

// Write writes one row.
func (r *Results) Write(row *Result) error {
	if row.NoObject || len(row.Extra) > 0 || !row.Kind.Answered() {
		return fmt.Errorf("line %d: a row that is %s is not a result", row.Line, row.Kind)
	}
	if err := r.answer.read(row.Body); err != nil {
		return fmt.Errorf("line %d: its answer %w", row.Line, err)
	}
	if r.format == JSONL {
		return r.object(row)
	}
	given, err := r.cells.of(&row.Row)
	if err != nil {
		return err
	}
	added := r.answer.cells
	added[statusColumn] = row.Kind.String()
	added[atColumn] = moment(row.At)
	added[creditColumn] = strconv.FormatBool(row.Credit)
	added[messageColumn] = row.Message
	return r.record.write(given)
}

// moment is a time as it is written; the zero time is nothing.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (r *Results) object(row *Result) error {
	b := append(r.value[:0], `{"status":`...)
	b = contact.AppendString(b, row.Kind.String())
	b = append(b, `,"at":`...)
	if row.At.IsZero() {
		b = append(b, "null"...)
	} else {
		b = append(row.At.UTC().AppendFormat(append(b, '"'), time.RFC3339), '"')
	}
	b = strconv.AppendBool(append(b, `,"credit_charged":`...), row.Charged)
	b = append(append(b, `,"response":`...), line(row.Body)...)
	r.value = append(b, '}')
	return writeObject(r.out, r.objects, &row.Row, r.value)
}

// writeObject writes a row with its enrichment as one line.
func writeObject(w *bufio.Writer, o *objects, row *Row, value []byte) error {
	b, err := o.append(w.AvailableBuffer(), row, value)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// Flush hands everything written so far to the file.
func (r *Results) Flush() error { return r.out.Flush() }

// Filled says for each documented field, by the name of its column without enrich_, in how many rows it was filled:
// neither absent, null nor blank.
func (r *Results) Filled() map[string]int64 {
	filled := make(map[string]int64, len(r.answer.fields))
	for _, f := range r.answer.fields {
		filled[f.name] = f.filled
	}
	return filled
}
