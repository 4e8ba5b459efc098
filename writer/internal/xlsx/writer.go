package xlsx

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/flate"
)

// The limits of a workbook. Those of rows, columns and characters are Excel's ("Excel specifications and limits"); other
// programs have the same or higher ones.
const (
	MaxRows    = 1 << 20   // 1,048,576 with the header
	MaxColumns = 1 << 14   // 16,384
	MaxCell    = 1<<15 - 1 // 32,767 UTF-16 code units, in which Excel counts characters
	// MaxSheet is the size of the sheet's XML in bytes. A larger one needs the ZIP64 extension, which not every spreadsheet reads.
	MaxSheet = 1<<32 - 1
)

// ErrLimit means that the rows do not fit a workbook, which can then not be completed.
var ErrLimit = errors.New("does not fit a workbook")

// A Column is a column of the sheet.
type Column struct {
	Name string
	// Marked gives the header another color.
	Marked bool
}

// A Writer writes a workbook. The workbook is complete, and only then readable, after [Writer.Close].
type Writer struct {
	zip     *zip.Writer
	sheet   io.Writer // the compressed part; nil until the widths of the columns are known
	name    string
	refs    []string // "A", "B", …: columns in the references of cells
	widths  widths
	rows    int64  // with the header
	size    int64  // bytes of the sheet before compression
	maxSize int64  // MaxSheet; tests have less
	buffer  []byte // rows that are not in the sheet yet
}

const (
	// The first rows wait in memory for the widths of the columns, which come before the rows: sampleRows, or sampleSize of XML.
	sampleRows = 1000
	sampleSize = 1 << 20
	// bufferSize is how much is compressed together. One row may be longer.
	bufferSize = 64 << 10
	// compression is a level of DEFLATE: 1 is the fastest, 9 makes the smallest files.
	compression = 5
)

// NewWriter begins a workbook with a header. name is the sheet's: at most 31 characters, and none of []:*?/\ and '. Nothing is
// written to w before the first rows are complete.
func NewWriter(w io.Writer, name string, columns []Column) (*Writer, error) {
	if len(columns) > MaxColumns {
		return nil, fmt.Errorf("%w: at most 16,384 columns fit, and there are %d", ErrLimit, len(columns))
	}
	x := &Writer{zip: zip.NewWriter(w), name: name, widths: make(widths, len(columns)), maxSize: MaxSheet}
	x.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, compression) })
	for i := range columns {
		x.refs = append(x.refs, columnRef(i))
	}
	return x, x.header(columns)
}

// columnRef returns the letters of a column: A to Z, AA, AB, ….
func columnRef(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnRef(i/26-1) + string(rune('A'+i%26))
}

func (x *Writer) header(columns []Column) error {
	x.begin()
	for i, c := range columns {
		style := headerStyle
		if c.Marked {
			style = markedStyle
		}
		if err := x.cell(i, style, c.Name); err != nil {
			return fmt.Errorf("header: %w", err)
		}
		x.widths.see(i, c.Name, filterButton)
	}
	return x.end()
}

// Write writes a row. Its cells may be in several slices; there must not be more than there are columns. An empty cell, and one
// that is missing at the end, is a cell of the sheet without a value.
func (x *Writer) Write(cells ...[]string) error {
	if x.rows == MaxRows {
		return fmt.Errorf("%w: at most 1,048,576 rows fit, with the header", ErrLimit)
	}
	x.begin()
	i := 0
	for _, part := range cells {
		for _, text := range part {
			if err := x.cell(i, textStyle, text); err != nil {
				return err
			}
			if x.sheet == nil {
				x.widths.see(i, text, 0)
			}
			i++
		}
	}
	return x.end()
}

// begin begins a row.
func (x *Writer) begin() {
	x.rows++
	x.buffer = append(strconv.AppendInt(append(x.buffer, `<row r="`...), x.rows, 10), `">`...)
}

func (x *Writer) cell(i int, style, text string) error {
	if text == "" {
		return nil
	}
	if len(text) > MaxCell {
		if n := codeUnits(text); n > MaxCell {
			return fmt.Errorf("%w: at most 32,767 characters fit a cell, and the one in column %s has %d", ErrLimit, x.refs[i], n)
		}
	}
	b := append(append(x.buffer, `<c r="`...), x.refs[i]...)
	b = append(append(strconv.AppendInt(b, x.rows, 10), `" s="`...), style...)
	b = append(b, `" t="inlineStr"><is><t`...)
	if needsPreserve(text) {
		b = append(b, ` xml:space="preserve"`...)
	}
	b = appendText(append(b, '>'), text)
	x.buffer = append(b, `</t></is></c>`...)
	return nil
}

// end ends a row.
func (x *Writer) end() error {
	x.buffer = append(x.buffer, `</row>`...)
	full := len(x.buffer) >= bufferSize
	if x.sheet == nil {
		full = x.rows >= sampleRows || len(x.buffer) >= sampleSize
	}
	if !full {
		return nil
	}
	return x.flush()
}

// flush compresses what is in the buffer.
func (x *Writer) flush() error {
	if x.sheet == nil {
		if err := x.beginSheet(); err != nil {
			return err
		}
	}
	err := x.writeSheet(x.buffer)
	if x.buffer = x.buffer[:0]; cap(x.buffer) > 2*sampleSize { // a giant row
		x.buffer = nil
	}
	return err
}

// writeSheet writes XML of the sheet.
func (x *Writer) writeSheet(b []byte) error {
	if x.size += int64(len(b)); x.size > x.maxSize {
		return fmt.Errorf("%w: at most 4 GiB of data fit", ErrLimit)
	}
	_, err := x.sheet.Write(b)
	return err
}

// Close completes the workbook. It does not close the file.
func (x *Writer) Close() error {
	if err := x.flush(); err != nil {
		return err
	}
	if err := x.writeSheet([]byte(x.sheetTail())); err != nil {
		return err
	}
	if err := x.writePart("xl/workbook.xml", x.workbookPart()); err != nil {
		return err
	}
	return x.zip.Close()
}
