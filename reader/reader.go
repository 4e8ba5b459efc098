package reader

import (
	"io"

	"enrich/format"
	"enrich/reader/internal/decode"
	"enrich/reader/internal/source"
)

// The values that all formats share.
type (
	// A Row is one row of an input.
	Row = source.Row
	// A Refusal says why a row cannot be used.
	Refusal = source.Refusal
	// Info says how an input is read.
	Info = source.Info
	// A Dialect says how a CSV is delimited.
	Dialect = source.Dialect
	// A Workbook says which sheet of a workbook is read.
	Workbook = source.Workbook
	// Lines is a range of an input's lines.
	Lines = source.Lines
)

// A Source is the rows of an input, in order. Anybody can implement it.
type Source interface {
	// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end. The rows are valid until the next
	// Read. An error that wraps [ErrBroken] means that the input ended early; rows that come with it are good.
	Read(rows []Row) (int, error)
	// Columns returns the names of the columns: the header as it is in the input or, for JSONL, all members in order of first
	// appearance, complete at the end.
	Columns() []string
	// Info says how the input is read, as far as that is known by now.
	Info() Info
	// Skipped returns the lines at the end that are not rows: a report's footer. They are known at the end.
	Skipped() Lines
}

// A Reader is the [Source] of a file or a [Stream]. It is for one goroutine, apart from BytesRead.
type Reader struct {
	in     *decode.Input
	rows   Source
	format format.Format
	// number is the number of the last row.
	number int64
	err    error
}

// Read implements [Source].
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
		err = r.in.Cause(err)
		r.in.Drain()
		if changed := r.in.CheckUnchanged(); changed != nil {
			err = changed
		}
		r.err = err
	}
	return n, err
}

// Columns implements [Source].
func (r *Reader) Columns() []string { return r.rows.Columns() }

// Info implements [Source].
func (r *Reader) Info() Info {
	info := r.rows.Info()
	info.Format = r.format
	return info
}

// Skipped implements [Source].
func (r *Reader) Skipped() Lines { return r.rows.Skipped() }

// Sum returns the SHA-256 of the input's bytes, before unpacking, and their number. They are complete after an error of
// Read, io.EOF included.
func (r *Reader) Sum() (sum [32]byte, bytes int64) { return r.in.Sum() }

// BytesRead counts the input's bytes that were read so far. Any goroutine may call it. Of a format that is read by random access,
// the count is as far as parsing has come.
func (r *Reader) BytesRead() int64 {
	if p, ok := r.rows.(interface{ BytesRead() int64 }); ok {
		return p.BytesRead()
	}
	return r.in.BytesRead()
}

// Memory returns how many bytes are in memory until Close because of the input's size and structure: the texts that the cells of
// a workbook share, and its merged ranges. It is 0 for formats that do not need this. It may grow with the first rows.
func (r *Reader) Memory() int64 {
	if m, ok := r.rows.(interface{ Memory() int64 }); ok {
		return m.Memory()
	}
	return 0
}

// Close frees memory and removes temporary files; rows are not valid any more. It does not close the input. What is known about the
// input stays known. Calling it again does nothing.
func (r *Reader) Close() error {
	r.in.Close()
	if c, ok := r.rows.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
