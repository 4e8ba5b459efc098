package reader

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"enrich/contact"
	"enrich/reader/internal/mapping"
)

const (
	// blockSize is the first block, by which everything is decided, and the buffer to begin with.
	blockSize = 128 << 10
	// batchText and batchCells bound what one Read returns, however many rows it is asked for.
	batchText  = 1 << 20
	batchCells = 64 << 10
)

// csvRows parses the rows of a CSV.
type csvRows struct {
	window
	ahead  lookahead
	scan   *scanner
	header []string
	// named says that the header is names, not data: a row that is the same is the header once more.
	named bool
	// line is where the next record begins.
	line int64
	// kindAt and messageAt are where a failures file of ours says why a row failed; -1: nowhere.
	kindAt, messageAt int
	binder            *mapping.Binder
	// wary says that a record was spoiled and none since was plainly a row: what looks like one may be the rest of a cell.
	wary bool
	// cells are those of the rows of one read; reused.
	cells []string
	// plain is the text of the cells of one read that are not in the window as they are; reused.
	plain []byte
	// ready is how many bytes of text the rows of this read have.
	ready   int
	trailer trailer
}

// Columns implements rowSource.
func (c *csvRows) Columns() []string { return c.header }

// read implements rowSource. It does not wait for more rows where it has some. Cells are pieces of the window, not copies: so it
// reads no more of the input from the first row on.
// Read implements rowSource.
func (c *csvRows) Read(rows []Row) (n int, err error) {
	spoil(c.buf[:c.from])
	spoil(c.plain)
	c.cells, c.plain, c.ready = c.cells[:0], c.plain[:0], 0
	for n < len(rows) && c.ready < batchText && len(c.cells) < batchCells {
		if err = c.next(&rows[n], n == 0); err != nil {
			break
		}
		n++
	}
	if errors.Is(err, errLater) || n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	for i := range rows[:n] {
		if rows[i].Refused == nil {
			rows[i].Contact = c.binder.Contact(rows[i].Cells)
		}
	}
	return n, err
}

// errLater says that the next row is not there yet.
var errLater = errors.New("later")

// next returns the next row, and leaves out a footer. If it would have to wait for the input and wait is false, it is
// errLater.
func (c *csvRows) next(row *Row, wait bool) error {
	t := &c.trailer
	for {
		if t.next(row) {
			return nil
		}
		if t.err != nil {
			return t.err
		}
		whole, err := c.parse(row, wait)
		switch {
		case errors.Is(err, errLater):
			return err
		case err != nil:
			if c.torn() == nil && errors.Is(err, io.EOF) {
				t.skip()
			}
			t.release()
			t.err = err
			continue
		}
		kind := ordinaryRow
		if whole {
			kind = c.kindOf(row)
		}
		if !t.hold(row, c.line-1, kind) {
			return nil
		}
	}
}

// parse parses one row. whole says that it was read without a fault, though it may be refused.
func (c *csvRows) parse(row *Row, wait bool) (whole bool, err error) {
	for {
		text := c.text()
		if len(text) == 0 && c.err != nil {
			return false, c.err
		}
		size, f := c.scan.record(text, c.ended())
		switch f {
		case sound:
			if c.skip(text[:size]) {
				c.trailer.separated = true
				continue
			}
			plain := !c.wary || c.plainly(text)
			c.row(row, text[:size])
			if !plain && row.Refused == nil {
				row.Refused = c.refusal(row, contact.Ragged, remainder, 0)
			}
			c.wary = !plain
			return plain, nil
		case crossing:
			c.row(row, text[:size])
			row.Refused = c.refusal(row, contact.Ragged, f, 0)
			return false, nil
		case cut:
			switch f, err = c.more(text, size, wait); {
			case err != nil:
				return false, err
			case f == sound:
				continue
			case f == cut:
				return false, c.long(row)
			}
		}
		if !wait {
			return false, errLater // where it ends may be looked for in what is not read yet
		}
		return false, c.spoiled(row, f, size)
	}
}

// more reads on for a record that does not end within what there is: sound says that there is more text now, unclosed
// that the quote at at does not close properly, and what it swallows may be rows, cut that the record is too long for
// the window.
func (c *csvRows) more(text []byte, at int, wait bool) (fault, error) {
	open := c.scan.quotes(text, at)
	switch {
	case c.ended() && open:
		return unclosed, nil
	case c.err != nil:
		return cut, c.err // the row is torn
	case !wait:
		return cut, errLater
	case len(text) < maxRecord:
		c.fill()
		return sound, nil
	case !open:
		return cut, nil
	}
	closing, err := c.closing(at)
	if err == nil && !closing.proper {
		return unclosed, nil
	}
	return cut, err
}

// closing finds the end of the cell whose quote is at at.
func (c *csvRows) closing(at int) (closing, error) {
	end, err := c.ahead.find(c.scan, c.offset()+int64(at))
	if err != nil {
		err = fmt.Errorf("line %d: %w", c.line, err)
	}
	return end, err
}

// skip steps over a blank line.
func (c *csvRows) skip(record []byte) bool {
	if len(c.scan.spans) != 1 || !c.scan.blank(view(trimEnd(record))) {
		return false
	}
	c.take(len(record), 1)
	return true
}

// take steps over the bytes of a record and counts its lines.
func (c *csvRows) take(size int, lines int) {
	c.from += size
	c.ready += size
	c.line += int64(lines)
}

// row makes a row of the record that was scanned last.
func (c *csvRows) row(row *Row, record []byte) {
	*row = Row{Line: c.line}
	cells := c.cut(record)
	c.take(len(record), c.scan.lines+1)
	c.place(row, cells)
	c.judge(row, cells, record)
}

// cut is the cells of a record. They are pieces of it where they can be.
func (c *csvRows) cut(record []byte) []string {
	text := view(record)
	from, to := len(c.cells), len(c.cells)+len(c.scan.spans)
	c.cells = slices.Grow(c.cells, len(c.scan.spans))[:to]
	cells := c.cells[from:to:to]
	for i := range c.scan.spans {
		s := &c.scan.spans[i]
		cell := text[s.from:s.to]
		if s.escaped {
			begin := len(c.plain)
			c.plain = c.scan.unescape(c.plain, cell)
			cell = view(c.plain[begin:])
		}
		cells[i] = cell
	}
	return cells
}

// place puts cells under the header; what is beyond it is told apart by judge.
func (c *csvRows) place(row *Row, cells []string) {
	row.Cells = cells[:min(len(cells), len(c.header))]
}

// trimEnd is a record without its line end.
func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
