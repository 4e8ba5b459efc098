package delimited

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"enrich/contact"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// A Reader reads the rows of a delimited text, once.
type Reader struct {
	source.Window
	ahead  lookahead
	scan   *dialect.Scanner
	info   source.Info
	header []string
	// samples are the first rows: they show what is in a column.
	samples  [][]string
	rowCheck layout.RowCheck
	// line is where the next record begins.
	line    int64
	contact func(c *contact.Contact, cells []string)
	// isSendable reports whether a contact with these cells could be sent.
	isSendable func(cells []string) bool
	// doubtful says that a record was malformed and no record since was certainly a row: what looks like one may be the
	// rest of a cell.
	doubtful bool
	// unclosed is not nil if the last row has a quote that is never closed, and no row follows: the input may be cut off in its cell.
	unclosed error
	// cells are those of the rows of one Read; reused.
	cells []string
	// rewritten is the text of the cells of one Read that is not in the window as it is returned, because it was unescaped; reused.
	rewritten []byte
	// taken is how many bytes of text the rows of this Read have.
	taken   int
	trailer layout.Trailer
	// err is how the input ended; it is returned after the rows that the trailer held back.
	err error
}

// Info says how the text is read. Its Columns and Mapping are empty.
func (r *Reader) Info() source.Info { return r.info }

// Header returns the header as it is in the text, or "1", "2", … if there is none.
func (r *Reader) Header() []string { return r.header }

// Samples returns the first well-formed rows, which decide which column is which field.
func (r *Reader) Samples() [][]string { return r.samples }

// Bind sets the function that makes c the contact of a row with these cells, and the one that reports whether such a contact could be sent.
// There may be fewer cells than columns.
func (r *Reader) Bind(contactOf func(c *contact.Contact, cells []string), isSendable func(cells []string) bool) {
	r.contact, r.isSendable = contactOf, isSendable
}

// Skipped returns the lines of the footer; they are known at the end.
func (r *Reader) Skipped() source.Lines { return r.trailer.Skipped }

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end. It does not wait for more rows if it
// has some. Cells are views of the window: once it has a row, it reads no more of the input.
func (r *Reader) Read(rows []source.Row) (n int, err error) {
	r.Poison()
	source.Poison(r.rewritten)
	r.cells, r.rewritten, r.taken = r.cells[:0], r.rewritten[:0], 0
	for err == nil && n < len(rows) && r.hasRoom() {
		if plain := r.plainRows(rows[n:]); plain > 0 {
			n += plain
			continue
		}
		row := &rows[n]
		if err = r.next(row, n == 0); err == nil {
			if row.Refused == nil {
				r.contact(&row.Contact, row.Cells)
			}
			n++
		}
	}
	if errors.Is(err, errNotYet) || n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// hasRoom reports whether Read may return another row.
func (r *Reader) hasRoom() bool {
	return r.taken < source.BatchText && len(r.cells) < source.BatchCells
}

// errNotYet says that the next row has not been read yet.
var errNotYet = errors.New("not yet")

// next returns the next row, without a footer. If it would have to wait for the input and wait is false, it returns
// errNotYet.
func (r *Reader) next(row *source.Row, wait bool) error {
	t := &r.trailer
	for {
		if t.Next(row) {
			return nil
		}
		if r.err != nil {
			return r.err
		}
		cells, rewritten := len(r.cells), len(r.rewritten)
		whole, err := r.parse(row, wait)
		if err != nil {
			if errors.Is(err, errNotYet) {
				return err
			}
			if r.tornBy() == nil && errors.Is(err, io.EOF) {
				t.Skip()
			}
			t.Release()
			r.err = err
			continue
		}
		kind := layout.OrdinaryRow
		if whole {
			kind = r.kindOf(row)
		}
		if !t.Hold(row, r.line-1, kind) {
			return nil
		}
		r.cells, r.rewritten = r.cells[:cells], r.rewritten[:rewritten] // the trailer has copies: the empty rows at the end of a sheet may be a million
	}
}

// kindOf returns whether a well-formed row may belong to a footer.
func (r *Reader) kindOf(row *source.Row) layout.RowKind {
	cells := row.Cells
	if row.Refused != nil {
		if len(row.Cells)+len(row.Refused.Extra) == len(r.header) {
			return layout.OrdinaryRow // refused for what is in its cells
		}
		cells = slices.Concat(row.Cells, row.Refused.Extra)
	}
	return layout.KindOf(cells, len(r.header), r.isSendable)
}

// parse parses one row. whole says that the row is well-formed, though it may be refused.
func (r *Reader) parse(row *source.Row, wait bool) (whole bool, err error) {
	for {
		text := r.Text()
		if len(text) == 0 && r.Err != nil {
			return false, cmp.Or(r.unclosed, r.Err)
		}
		size, f := r.scan.Record(text, r.Ended())
		switch f {
		case dialect.NoFault:
			if r.isBlank(text[:size]) {
				r.advance(size, 1)
				r.trailer.Separated = true
				continue
			}
			certain := !r.doubtful || r.isCertain(text)
			r.makeRow(row, text[:size])
			if !certain && row.Refused == nil {
				row.Refused = refuse(row, contact.Ragged, "this may be the rest of a row above that has a quote out of place")
			}
			r.doubtful = !certain
			return certain, nil
		case dialect.QuotesAcrossCells:
			r.makeRow(row, text[:size])
			row.Refused = refuse(row, contact.Ragged, r.describe(f, 0))
			return false, nil
		case dialect.Incomplete:
			switch f, err = r.readOn(text, size, wait); {
			case err != nil:
				return false, err
			case f == dialect.NoFault:
				continue
			case f == dialect.Incomplete:
				return false, r.readLong(row)
			}
		}
		if !wait {
			return false, errNotYet // its end may be in text that is not read yet
		}
		return false, r.readMalformed(row, f, size)
	}
}

// readOn reads on for a record that does not end within text; at is its open quote, if any. NoFault says that there is more
// text now, UnclosedQuote that the quote does not close properly and may swallow rows, Incomplete that the record is too
// long for the window.
func (r *Reader) readOn(text []byte, at int, wait bool) (dialect.Fault, error) {
	open := r.scan.QuoteAt(text, at)
	switch {
	case r.Ended() && open:
		return dialect.UnclosedQuote, nil
	case r.Err != nil:
		return dialect.Incomplete, r.Err // the row is torn
	case !wait:
		return dialect.Incomplete, errNotYet
	case len(text) < source.MaxRow:
		r.Fill()
		return dialect.NoFault, nil
	case !open:
		return dialect.Incomplete, nil
	}
	closing, err := r.findClosing(at)
	if err == nil && !closing.proper {
		return dialect.UnclosedQuote, nil
	}
	return dialect.Incomplete, err
}

// findClosing finds the end of the cell whose quote is at an index of Text.
func (r *Reader) findClosing(at int) (closing, error) {
	end, err := r.ahead.find(r.scan, r.Offset()+int64(at))
	if err != nil {
		err = fmt.Errorf("line %d: %w", r.line, err)
	}
	return end, err
}

// isBlank reports whether the record that was scanned last is a blank line.
func (r *Reader) isBlank(record []byte) bool {
	return len(r.scan.Spans) == 1 && r.scan.IsBlank(source.View(trimLineEnd(record)))
}

// trimLineEnd returns a record without its line end.
func trimLineEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// advance steps over the bytes of a record and counts its lines.
func (r *Reader) advance(size int, lines int) {
	r.Take(size)
	r.taken += size
	r.line += int64(lines)
}

// makeRow makes a row of the record that was scanned last.
func (r *Reader) makeRow(row *source.Row, record []byte) {
	*row = source.Row{Line: r.line}
	cells := r.cut(record)
	r.setCells(row, cells)
	r.check(row, cells, record)
	r.advance(len(record), r.scan.Lines+1)
}

// cut returns the cells of a record. They are views of it if they can be.
func (r *Reader) cut(record []byte) []string {
	text := source.View(record)
	from, to := len(r.cells), len(r.cells)+len(r.scan.Spans)
	r.cells = slices.Grow(r.cells, len(r.scan.Spans))[:to]
	cells := r.cells[from:to:to]
	for i, s := range r.scan.Spans {
		cell := text[s.From:s.To]
		if s.Escaped {
			cell = r.unescape(cell)
		}
		cells[i] = cell
	}
	return cells
}

// unescape returns the text of a cell that has doubled or escaped quotes.
func (r *Reader) unescape(cell string) string {
	begin := len(r.rewritten)
	r.rewritten = r.scan.Unescape(r.rewritten, cell)
	return source.View(r.rewritten[begin:])
}

// setCells sets a row's cells: as many as there are columns.
func (r *Reader) setCells(row *source.Row, cells []string) {
	row.Cells = cells[:min(len(cells), len(r.header))]
}

// tornBy returns the error that ended the input early; nil if it ended properly.
func (r *Reader) tornBy() error {
	if r.Ended() {
		return nil
	}
	return r.Err
}
