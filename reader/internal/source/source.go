// Package source has what the parsers of all input formats share: the rows they return, how they say that an input was
// read, their errors, and the window of text that they parse.
//
// It parses nothing. Package reader makes its types and errors public.
package source

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"enrich/contact"
	"enrich/format"
	"enrich/internal/tempfile"
)

// Errors of an input. Each is wrapped in one sentence that says what to do.
var (
	// ErrEmpty: the input is empty, or has only a header.
	ErrEmpty = errors.New("the input is empty")
	// ErrNoTable: the input is not a table: a workbook of an old format, a PDF, a web page, a picture, noise, an encrypted archive.
	ErrNoTable = errors.New("the input is not a table")
	// ErrEncoding: the encoding of the input's text cannot be known.
	ErrEncoding = errors.New("the input's encoding cannot be known")
	// ErrSheet: --sheet names no sheet of the workbook, or several sheets could be meant.
	ErrSheet = errors.New("cannot choose a sheet")
	// ErrBroken: the input ended early. The rows before that point are good, and were returned.
	ErrBroken = errors.New("the input ended early")
	// ErrChanged: two readings of the input differ. It is not ErrBroken, because nothing is known about its rows.
	ErrChanged = errors.New("the input changed while it was read")
	// ErrStorage: a temporary file cannot be written or read: the copy of the input, or what of it has no room in memory. Such an
	// error says nothing about the input, and is never ErrBroken.
	ErrStorage = tempfile.ErrFailed
)

// NotTable returns an error that is [ErrNoTable]. The message says what the input is and, after a semicolon, what to do, which the
// error's method Advice returns.
func NotTable(message string) error { return notTable(message) }

type notTable string

// Error implements error.
func (e notTable) Error() string { return string(e) }

// Advice returns what to do; "" if the message does not say it.
func (e notTable) Advice() string {
	_, advice, _ := strings.Cut(string(e), "; ")
	return advice
}

// Is reports whether an error is ErrNoTable.
func (notTable) Is(target error) bool { return target == ErrNoTable }

// Broken marks an error of a layer as one that ended the input early. [io.EOF] and [ErrStorage] stay what they are.
func Broken(err error) error {
	if err == nil || err == io.EOF || errors.Is(err, ErrBroken) || errors.Is(err, ErrStorage) { //nolint:errorlint // an error that wraps io.EOF is not the end
		return err
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %v", ErrBroken, err) //nolint:errorlint // if it were wrapped, it would be taken for the end
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// Bounds of what of a table is in memory. They are far above what any export has.
const (
	// MaxCell is the longest cell of a row that is not refused, in bytes.
	MaxCell = 1 << 20
	// MaxRow is how much text of a row is in memory at once, in bytes. A longer row is refused, and only its beginning is kept.
	MaxRow = 2 << 20
	// BatchText and BatchCells bound what one Read returns: bytes and cells.
	BatchText  = 1 << 20
	BatchCells = 64 << 10
)

// A Row is one row of an input. The row and its strings are valid until the next read: the strings are views of a buffer
// that is read into again. Clone what must live longer.
type Row struct {
	// Number counts rows from 1, in input order. Refused rows count too.
	Number int64
	// Line is the line on which the row begins, from 1.
	Line int64
	// Cells has one cell for each column of the header. A ragged row may have fewer, never more.
	Cells []string
	// Raw is the text of a JSONL row.
	Raw []byte
	// Contact is the contact to look up, cleaned. It is zero if the row is refused.
	Contact contact.Contact
	// Refused says why the row cannot be used; nil if it can.
	Refused *Refusal
}

// A Refusal says why a row cannot be used. No text of the row is lost: what is in no cell is in Extra.
type Refusal struct {
	// Kind is contact.Ragged or contact.Invalid.
	Kind contact.Failure
	// Message is for people, and names the line.
	Message string
	// Extra has the cells beyond the header.
	Extra []string
	// NotObject says that the Raw of a JSONL row is not a JSON object.
	NotObject bool
}

// Info says how an input is read.
type Info struct {
	Format format.Format `json:"format"`
	// Encoding is utf-8, utf-16le, utf-16be, windows-1252 or the one of --encoding.
	Encoding string `json:"encoding"`
	// Compression is gzip, zstd, bzip2 or none.
	Compression string `json:"compression"`
	// Dialect says how a CSV is delimited. It is zero for other formats.
	Dialect
	// Workbook says which sheet of a workbook is read; nil for other formats.
	*Workbook
	// HeaderLine is the line of the header, from 1; 0 if there is none.
	HeaderLine int `json:"header_line,omitempty"`
	// Above has the lines above the header that are not part of the table and were skipped.
	Above Lines `json:"above_header,omitzero"`
	// Header is the header as it is in the input, or "1", "2", … if there is none. It is nil for JSONL.
	Header []string `json:"header,omitempty"`
	// Columns is Header made unique: repeated names get _2, _3, ….
	Columns []string `json:"columns,omitempty"`
	// Mapping says which column, by its name in Columns, is which field.
	Mapping map[contact.Field]string `json:"mapping"`
	// Spare says which columns are fields that are not mapped. They are used only for rows that cannot be sent without them, so that
	// earlier answers to the other rows are found.
	Spare map[contact.Field]string `json:"spare,omitempty"`
}

// A Dialect says how a CSV is delimited.
type Dialect struct {
	// Delimiter is between two cells; "" if there is only one column.
	Delimiter string `json:"delimiter,omitempty"`
	// Quote is around a cell; "" if quotes have no meaning.
	Quote string `json:"quote,omitempty"`
	// Escape is before a quote inside a quoted cell: the quote itself, or a backslash.
	Escape string `json:"escape,omitempty"`
	// LineEnd is LF, CRLF, CR or mixed, judged by the first block.
	LineEnd string `json:"line_end,omitempty"`
}

// A Workbook says which sheet of a workbook is read, and what people should know about it.
type Workbook struct {
	// Sheet is the name of the sheet, Sheets how many there are with cells, hidden ones included.
	Sheet  string `json:"sheet"`
	Sheets int    `json:"sheets"`
	// HiddenRows counts the rows below the header that are hidden, for example by a filter. They are rows like any others.
	HiddenRows int64 `json:"hidden_rows"`
	// FormulasWithoutValue counts the cells with a formula whose value was not saved. They are empty.
	FormulasWithoutValue int64 `json:"formulas_without_value"`
}

// Lines is a range of an input's lines, from 1. The zero value means no line.
type Lines struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Count is how many of them are not blank.
	Count int64 `json:"count"`
}
