package reader

import (
	"enrich/format"
	"enrich/reader/internal/source"
)

// The formats of an input, from the one list of package format.
const (
	CSV   = format.CSV
	JSONL = format.JSONL
)

// The values of an input that all formats share.
type (
	// A Row is one row of an input.
	Row = source.Row
	// A Refusal says why a row cannot be used.
	Refusal = source.Refusal
	// Info says how an input is read.
	Info = source.Info
	// Lines is a range of an input's lines.
	Lines = source.Lines
)

// A Reader reads the rows of one input, once.
type Reader struct {
	raw  *rawInput
	text text
	info Info
	rows rowSource
	// number is that of the last row.
	number int64
	err    error
}

// A rowSource parses rows; it sets all of a row but its Number.
type rowSource interface {
	// Read fills rows; 0 and io.EOF at the end. It may return rows together with an error that wraps ErrBroken.
	Read(rows []Row) (int, error)
	// Columns are the names known so far.
	Columns() []string
}

// Info says how the input is read, as far as it was read.
func (r *Reader) Info() Info {
	r.info.Encoding = r.text.encoding()
	return r.info
}

// Columns are those of the input: a CSV's header as it stands; for JSONL the members in order of first appearance,
// complete at the end.
func (r *Reader) Columns() []string { return r.rows.Columns() }

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end. An error that wraps [ErrBroken]
// means that the input ended early: rows that come with it are good.
func (r *Reader) Read(rows []Row) (int, error) {
	if r.err != nil || len(rows) == 0 {
		return 0, r.err
	}
	n, err := r.rows.Read(rows)
	for i := range rows[:n] {
		r.number++
		rows[i].Number = r.number
	}
	if err != nil {
		err = r.raw.cause(err)
		r.err = err
		r.raw.drain()
	}
	return n, err
}

// Skipped are the lines at the input's end that are not rows: a report's footer. They are complete at the end.
func (r *Reader) Skipped() Skipped {
	if c, ok := r.rows.(*csvRows); ok {
		return c.trailer.skipped
	}
	return Skipped{}
}

// Sum is the SHA-256 of the input's bytes, as they are before any unpacking, and their count; complete at the end.
func (r *Reader) Sum() ([32]byte, int64) { return r.raw.sum() }

// BytesRead counts the input's bytes that were read so far. Any goroutine may call it.
func (r *Reader) BytesRead() int64 { return r.raw.count.Load() }

// Close frees what unpacking holds. It does not close the input.
func (r *Reader) Close() error {
	r.raw.close()
	return nil
}
