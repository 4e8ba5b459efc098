package workbook

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"enrich/contact"
	"enrich/internal/columns"
	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// Options say how a workbook is read.
type Options struct {
	// Sheet is the name of the sheet, or its number from 1; "" to choose it.
	Sheet string
	// Layout says where the header is.
	Layout layout.Options
	// Fits reports whether the rows of a table can be looked up; nil: any can. The header is nil if there is none.
	Fits func(header []string, samples [][]string) bool
	// MayFit is asked if no table fits; nil: none can.
	MayFit func(header []string, samples [][]string) bool
}

// A Reader reads the rows of a sheet, once.
type Reader struct {
	book    *book
	scanner *sheetScanner
	info    source.Info
	merged  merger
	// place is the column of the table for each column of the sheet, -1 for those that are left out.
	place []int
	// headerRow is the row of the header; 0 if there is none. Rows up to it are not rows.
	headerRow int
	header    []string
	samples   [][]string
	rowCheck  layout.RowCheck
	contact   func(c *contact.Contact, cells []string)
	// isSendable reports whether a contact with these cells could be sent.
	isSendable func(cells []string) bool
	// cells and arena are those of the rows of one Read; reused.
	cells []string
	arena []byte
	taken int // bytes of text of this Read
	// before is the number of the last row.
	before   int
	trailer  layout.Trailer
	err      error
	progress atomic.Int64
}

// Open opens a workbook of size bytes, chooses its sheet and finds its header. It reads no row.
func Open(in io.ReaderAt, size int64, o Options) (*Reader, error) {
	b, err := openBook(in, size)
	if err != nil {
		return nil, err
	}
	r, err := b.newReader(o)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return r, nil
}

// Sheets returns the names of the sheets of a workbook of size bytes.
func Sheets(in io.ReaderAt, size int64) (names []string, err error) {
	b, err := openBook(in, size)
	if err != nil {
		return nil, err
	}
	for _, s := range b.sheets {
		names = append(names, s.name)
	}
	return names, b.Close()
}

// newReader chooses a sheet and begins to read it.
func (b *book) newReader(o Options) (*Reader, error) {
	s, err := b.choose(o)
	if err != nil {
		return nil, err
	}
	r := &Reader{book: b, contact: func(*contact.Contact, []string) {}, isSendable: func([]string) bool { return false }}
	open := func() (*sheetScanner, error) { return b.openSheet(s) }
	first, v, err := b.look(open, o.Layout.HeaderLine)
	if err == nil && v.unordered {
		merged, missing := v.merged, v.missing
		open = func() (*sheetScanner, error) { return b.inOrder(s) }
		if first, v, err = b.look(open, o.Layout.HeaderLine); err == nil {
			v.merged, v.missing = merged, missing
		}
	}
	if err != nil {
		return nil, err
	}
	if err := r.findHeader(s, first, v, o.Layout); err != nil {
		return nil, err
	}
	r.info.Workbook = &source.Workbook{
		Sheet: s.name, Sheets: len(b.sheets), HiddenRows: v.hiddenAfter(r.headerRow), FormulasWithoutValue: v.missing,
	}
	r.merged = merger{ranges: v.merged}
	r.scanner, err = open()
	return r, err
}

// look reads the first rows of a sheet, and then surveys it.
func (b *book) look(open func() (*sheetScanner, error), from int) (*sample, *survey, error) {
	s, err := open()
	if err != nil {
		return nil, nil, err
	}
	first, err := b.sample(s, from)
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, nil, err
	}
	after := 0
	if n := len(first.rows); n > 0 {
		after = first.rows[n-1].number
	}
	if s, err = open(); err != nil {
		return nil, nil, err
	}
	v, err := newSurvey(s, after)
	return first, v, errors.Join(err, s.Close())
}

// findHeader finds the header among the first rows, and decides which columns of the sheet are those of the table.
func (r *Reader) findHeader(s sheetPart, first *sample, v *survey, o layout.Options) error {
	if len(first.rows) == 0 {
		return fmt.Errorf("%w: sheet %.100q has no row", source.ErrEmpty, s.name)
	}
	first.merge(v.merged)
	table := layout.New(first.records(), first.whole)
	at, err := table.Header(o)
	if err != nil {
		return err
	}
	used := v.filled[:]
	first.markFilled(max(at, 0), used)
	r.place = make([]int, len(used))
	width := 0
	for i, ok := range used {
		r.place[i] = -1
		if ok || o.NoHeader && slices.Contains(used[i:], true) {
			used[i], r.place[i] = true, width
			width++
		}
	}
	if at >= 0 {
		r.header = compact(first.rows[at].cells, used)
		r.headerRow = first.rows[at].number
		r.info.HeaderLine, r.info.Above = r.headerRow, table.Above(at)
	} else {
		r.header = columns.Numbered(width)
	}
	for _, row := range first.rows[at+1:] {
		r.samples = append(r.samples, compact(row.cells, used))
	}
	r.rowCheck = layout.NewRowCheck(r.header, at >= 0 && !layout.HasValues(r.header))
	r.trailer.FollowsTable = at >= 0
	r.before = r.headerRow
	return nil
}

// Info says how the sheet is read. Its Columns and Mapping are empty.
func (r *Reader) Info() source.Info { return r.info }

// Header returns the header, or "1", "2", … if there is none.
func (r *Reader) Header() []string { return r.header }

// Samples returns the first rows, which decide which column is which field.
func (r *Reader) Samples() [][]string { return r.samples }

// Bind sets the function that makes c the contact of a row with these cells, and the one that reports whether such a contact could be sent.
func (r *Reader) Bind(contactOf func(c *contact.Contact, cells []string), isSendable func(cells []string) bool) {
	r.contact, r.isSendable = contactOf, isSendable
}

// Skipped returns the rows of the footer; they are known at the end.
func (r *Reader) Skipped() source.Lines { return r.trailer.Skipped }

// BytesRead returns how much of the file was read, in proportion to how much of the sheet was. Any goroutine may call it.
func (r *Reader) BytesRead() int64 { return r.progress.Load() }

// mergedSize is the size of a merged range in memory, in bytes.
const mergedSize = 12

// Memory returns how many bytes of texts and merged ranges are in memory until Close.
func (r *Reader) Memory() int64 {
	return r.book.strings.memory() + mergedSize*int64(cap(r.merged.ranges))
}

// Close frees memory and removes temporary files.
func (r *Reader) Close() error {
	r.merged, r.err = merger{}, os.ErrClosed
	return errors.Join(r.scanner.Close(), r.book.Close())
}

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end.
func (r *Reader) Read(rows []source.Row) (n int, err error) {
	source.Poison(r.arena)
	r.cells, r.arena, r.taken = r.cells[:0], r.arena[:0], 0
	for n < len(rows) && r.taken < source.BatchText && len(r.cells) < source.BatchCells {
		if err = r.next(&rows[n]); err != nil {
			break
		}
		n++
	}
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	for i := range rows[:n] {
		if rows[i].Refused == nil {
			r.contact(&rows[i].Contact, rows[i].Cells)
		}
	}
	r.progress.Store(r.scanner.bytesRead(r.book.size))
	return n, err
}

// next returns the next row, without a footer.
func (r *Reader) next(row *source.Row) error {
	t := &r.trailer
	for {
		if t.Next(row) {
			return nil
		}
		if r.err != nil {
			return r.err
		}
		if err := r.readRow(row); err != nil {
			if errors.Is(err, io.EOF) {
				t.Skip()
			}
			t.Release()
			r.err = err
			continue
		}
		kind := layout.OrdinaryRow
		if row.Refused == nil {
			kind = layout.KindOf(row.Cells, len(r.header), r.isSendable)
		}
		if !t.Hold(row, row.Line, kind) {
			return nil
		}
	}
}

// readRow reads the next row that has values.
func (r *Reader) readRow(row *source.Row) error {
	for {
		more, err := r.scanner.nextRow()
		if err == nil && !more {
			err = r.scanner.readRest(nil)
			if err == nil {
				err = io.EOF
			}
		}
		if err != nil {
			return err
		}
		if r.scanner.row <= r.headerRow {
			continue
		}
		*row = source.Row{Line: int64(r.scanner.row)}
		filled, err := r.readCells(row)
		if err != nil {
			return err
		}
		if filled {
			r.trailer.Separated = r.trailer.Separated || r.scanner.row > r.before+1
			r.before = r.scanner.row
			r.merged.fill(r.scanner.row, r.place, row.Cells)
			if row.Refused == nil {
				row.Refused = r.rowCheck.Refusal(row)
			}
			return nil
		}
		r.cells = r.cells[:len(r.cells)-len(row.Cells)]
	}
}

// readCells reads the cells of a row, and reports whether any has a value.
func (r *Reader) readCells(row *source.Row) (filled bool, err error) {
	from, to := len(r.cells), len(r.cells)+len(r.header)
	r.cells = slices.Grow(r.cells, len(r.header))[:to]
	row.Cells = r.cells[from:to:to]
	clear(row.Cells)
	size := 0
	for {
		more, err := r.scanner.nextCell(size < source.MaxRow)
		if err != nil || !more {
			r.taken += size
			return filled, err
		}
		c := &r.scanner.cell
		if size >= source.MaxRow {
			row.Refused = refuse(row, fmt.Sprintf("the row is longer than %d bytes", source.MaxRow))
			continue
		}
		text, grown, err := r.book.text(c, r.arena)
		r.arena = grown
		if err != nil {
			return filled, err
		}
		at := r.place[c.column]
		if text == "" || at < 0 {
			continue
		}
		row.Cells[at] = text
		size += len(text)
		filled = filled || strings.TrimSpace(text) != ""
		switch {
		case c.long:
			row.Refused = refuse(row, fmt.Sprintf("column %d is longer than %d bytes", at+1, source.MaxCell))
		case !utf8.ValidString(text):
			row.Refused = refuse(row, fmt.Sprintf("column %d has bytes that are not text", at+1))
		}
	}
}

// refuse returns the refusal of a row that is not usable.
func refuse(row *source.Row, message string) *source.Refusal {
	return &source.Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: %s", row.Line, message)}
}

// bytesRead returns how much of a file of size bytes was read, in proportion.
func (s *sheetScanner) bytesRead(size int64) int64 {
	if s.in == nil || s.in.size <= 0 {
		return size
	}
	return int64(float64(size) * min(1, float64(s.in.limit-s.in.left)/float64(s.in.size)))
}
