// Package parquet writes Parquet files: columns of texts, booleans and timestamps, any of which may be null.
//
// It writes from the first byte to the last, so a pipe will do. The same rows give the same bytes. What it keeps in memory is
// bounded, however many rows there are and however long they are: a page of each column ([maxRaw] bytes together) and the packed
// pages of one row group ([maxGroup]). Only the metadata of the row groups that were written grows: by about 80 bytes for each
// column of each row group.
//
// Values are PLAIN, pages are packed with zstd and have a checksum.
package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// Bounds of what is in memory.
const (
	// maxRaw is how many bytes of values all columns have together when their pages are packed. One row may be longer.
	maxRaw = 2 << 20
	// maxGroup is how many packed bytes end a row group.
	maxGroup = 4 << 20
	// maxRows ends a row group, too: DuckDB's own number.
	maxRows = 122_880
	// window is how far back zstd looks, in bytes.
	window = 512 << 10
)

const magic = "PAR1"

// A Type is the type of a column.
type Type int

// The types.
const (
	Text      Type = iota
	Boolean        // true or false
	Timestamp      // in UTC, in microseconds since 1970
)

// A Column is the name and type of a column.
type Column struct {
	Name string
	Type Type
}

// A Writer writes one file. Each row is a value for each column, in their order, and then EndRow.
type Writer struct {
	out     io.Writer
	offset  int64 // bytes written
	encoder *zstd.Encoder
	columns []column
	next    int // the column of the next value
	raw     int // bytes of values that are not packed
	packed  int // bytes of packed pages
	rows    int64
	inGroup int64
	groups  []byte // the metadata of the row groups that were written
	count   int    // how many those are
	err     error
}

// A column is what was not written of a column.
type column struct {
	Column
	values []byte
	bits   byte   // booleans that are not a byte yet
	bools  int    // how many booleans the page has
	set    []byte // a bit for each value of the page: not null
	n      int    // values of the page, with nulls
	full   int    // those that are not null
	pages  []byte // packed
	size   int64  // of the pages before they were packed
	count  int64  // values in the pages
}

// New begins a file.
func New(out io.Writer, columns []Column) (*Writer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	w := &Writer{out: out, encoder: encoder, columns: make([]column, len(columns))}
	for i, c := range columns {
		w.columns[i].Column = c
	}
	w.write([]byte(magic))
	return w, w.err
}

// write writes bytes. The first error stays.
func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.offset, w.err = w.offset+int64(n), err
}

// value begins the next value, which may be null.
func (w *Writer) value(null bool) *column {
	c := &w.columns[w.next]
	w.next++
	if c.n%8 == 0 {
		c.set = append(c.set, 0)
	}
	if !null {
		c.set[c.n/8] |= 1 << (c.n % 8)
		c.full++
	}
	c.n++
	return c
}

// Null writes the next value of the row: null.
func (w *Writer) Null() { w.value(true) }

// Text writes the next value of the row. Bytes that are not UTF-8 become U+FFFD.
func (w *Writer) Text(s string) {
	c := w.value(false)
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	c.values = append(binary.LittleEndian.AppendUint32(c.values, uint32(len(s))), s...)
	w.raw += 4 + len(s)
}

// Boolean writes the next value of the row.
func (w *Writer) Boolean(v bool) {
	c := w.value(false)
	if v {
		c.bits |= 1 << (c.bools % 8)
	}
	if c.bools++; c.bools%8 == 0 {
		c.flushBits()
	}
	w.raw++
}

func (c *column) flushBits() {
	c.values = append(c.values, c.bits)
	c.bits = 0
}

// Timestamp writes the next value of the row: microseconds since 1970.
func (w *Writer) Timestamp(micros int64) {
	c := w.value(false)
	c.values = binary.LittleEndian.AppendUint64(c.values, uint64(micros))
	w.raw += 8
}

// EndRow ends a row, and writes a row group if it is full.
func (w *Writer) EndRow() error {
	w.next = 0
	w.rows++
	w.inGroup++
	full := w.inGroup == maxRows
	if w.raw >= maxRaw || full {
		w.endPages()
	}
	if w.packed >= maxGroup || full {
		w.endGroup()
	}
	return w.err
}

// Close writes what is left, and the metadata. It does not close the file.
func (w *Writer) Close() error {
	w.endGroup()
	w.writeFooter()
	return w.err
}

// endPages packs a page of each column.
func (w *Writer) endPages() {
	w.raw = 0
	for i := range w.columns {
		c := &w.columns[i]
		if c.n == 0 {
			continue
		}
		before := len(c.pages)
		w.endPage(c)
		w.packed += len(c.pages) - before
	}
}

func (w *Writer) endPage(c *column) {
	if c.bools%8 != 0 {
		c.flushBits()
	}
	body := append(c.levels(), c.values...)
	packed := w.encoder.EncodeAll(body, nil)
	head := pageHeader(len(body), len(packed), c.n, crc32.ChecksumIEEE(packed))
	c.pages = append(append(c.pages, head...), packed...)
	c.size += int64(len(head) + len(body))
	c.count += int64(c.n)
	if cap(c.values) > maxRaw {
		c.values = nil // a row was very long
	}
	c.values, c.set, c.n, c.full, c.bools = c.values[:0], c.set[:0], 0, 0, 0
}

// levels returns which values of the page are not null: as one run if all are alike, else bit by bit.
func (c *column) levels() []byte {
	b := make([]byte, 4, 16+len(c.set))
	if c.full == 0 || c.full == c.n {
		b = append(binary.AppendUvarint(b, uint64(c.n)<<1), byte(min(c.full, 1)))
	} else {
		b = append(binary.AppendUvarint(b, uint64(len(c.set))<<1|1), c.set...)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// endGroup writes the pages as a row group.
func (w *Writer) endGroup() {
	w.endPages()
	if w.inGroup == 0 {
		return
	}
	from, size := w.offset, int64(0)
	chunks := make([]chunk, len(w.columns))
	for i := range w.columns {
		c := &w.columns[i]
		chunks[i] = chunk{Column: c.Column, offset: w.offset, packed: int64(len(c.pages)), size: c.size, values: c.count}
		size += c.size
		w.write(c.pages)
		if cap(c.pages) > maxGroup {
			c.pages = nil
		}
		c.pages, c.size, c.count = c.pages[:0], 0, 0
	}
	w.groups = append(w.groups, groupMetadata(chunks, from, size, w.offset-from, w.inGroup, w.count)...)
	w.count++
	w.packed, w.inGroup = 0, 0
}
