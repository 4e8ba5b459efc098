package reader

import (
	"enrich/contact"
	"enrich/format"
)

// The formats of an input, from the one list of package format.
const (
	CSV   = format.CSV
	JSONL = format.JSONL
)

// A Row is one row of an input. It is valid until the next [Reader.Read], as are its strings: they are pieces of the text that
// is read into, and change with it. Who keeps one clones it.
type Row struct {
	// Number counts rows from 1, in input order; refused rows count too.
	Number int64
	// Line is where the row begins in the input, from 1.
	Line int64
	// Cells are those of a CSV row, one for each column of the header; a ragged row may have fewer, never more.
	Cells []string
	// Raw is the text of a JSONL row.
	Raw []byte
	// Contact is what the row asks about, trimmed; zero where the row is refused.
	Contact contact.Contact
	// Refused says why the row cannot be used; nil: it is sound.
	Refused *Refusal
}

// A Refusal is why a row cannot be used. Nothing of the row is lost: what is in no cell is in Extra.
type Refusal struct {
	// Kind is contact.Ragged or contact.Invalid.
	Kind contact.Failure
	// Message is for people, and names the line.
	Message string
	// Extra are the cells beyond the header.
	Extra []string
	// NoObject says that the Raw of a JSONL row is no JSON object.
	NoObject bool
}

// Info says how an input is read.
type Info struct {
	Format format.Format `json:"format"`
	// Encoding is utf-8, utf-16le, utf-16be or windows-1252.
	Encoding string `json:"encoding"`
	// Compression is gzip, zstd, bzip2 or none.
	Compression string `json:"compression"`
	// Delimiter stands between two cells; "" where there is one column only.
	Delimiter string `json:"delimiter,omitempty"`
	// Quote stands around a cell; "" where quotes mean nothing.
	Quote string `json:"quote,omitempty"`
	// Escape stands before a quote inside a quoted cell: the quote itself, or a backslash.
	Escape string `json:"escape,omitempty"`
	// LineEnd is LF, CRLF, CR or mixed, as far as the first block shows.
	LineEnd string `json:"line_end,omitempty"`
	// HeaderLine is the header's line, from 1; 0 where there is none.
	HeaderLine int `json:"header_line,omitempty"`
	// Above are the lines above the header that are no part of the table and were skipped.
	Above Lines `json:"above_header,omitzero"`
	// Header is the header as it stands; without one, "1", "2", ….
	Header []string `json:"header,omitempty"`
	// Columns is Header made unique: repeated names get _2, _3, ….
	Columns []string `json:"columns,omitempty"`
	// Mapping says which column, by its name in Columns, is which field.
	Mapping map[contact.Field]string `json:"mapping"`
}

// Lines is a range of an input's lines, from 1. The zero value is no line.
type Lines struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Count is how many of them are not blank.
	Count int64 `json:"count"`
}

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
	// read fills rows; 0 and io.EOF at the end. It may return rows together with an error that wraps ErrBroken.
	read(rows []Row) (int, error)
	// columns are the names known so far.
	columns() []string
}

// Info says how the input is read, as far as it was read.
func (r *Reader) Info() Info {
	r.info.Encoding = r.text.encoding()
	return r.info
}

// Columns are those of the input: a CSV's header as it stands; for JSONL the members in order of first appearance,
// complete at the end.
func (r *Reader) Columns() []string { return r.rows.columns() }

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end. An error that wraps [ErrBroken]
// means that the input ended early: rows that come with it are good.
func (r *Reader) Read(rows []Row) (int, error) {
	if r.err != nil || len(rows) == 0 {
		return 0, r.err
	}
	n, err := r.rows.read(rows)
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
