package reader

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"enrich/contact"
)

// A record that does not fit the window is read cell by cell and refused. Of its text so much is kept that the row is
// refused again if a failures file is fed again, and no more: memory does not grow with the row.

// keptOfOthers bounds what is kept of all cells but the first one above maxCell.
const keptOfOthers = maxCell - 64<<10

// A longRow is what is kept of a record that does not fit the window.
type longRow struct {
	cells []string
	kept  int // bytes, without the cell that is too long
	// tooLong is the first cell above maxCell, from 1; 0: none.
	tooLong int
}

// add keeps a cell, or its beginning.
func (l *longRow) add(cell string, tooLong bool) {
	room := keptOfOthers - l.kept
	if tooLong && l.tooLong == 0 {
		l.tooLong, room = len(l.cells)+1, maxCell+utf8.UTFMax
		l.kept -= min(len(cell), room)
	}
	cell = strings.Clone(beginning(cell, room))
	l.kept += len(cell)
	l.cells = append(l.cells, cell)
}

// beginning is at most n bytes of a text, without half a character at its end.
func beginning(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for cut := n; cut > n-utf8.UTFMax && cut > 0; cut-- {
		if utf8.RuneStart(text[cut]) {
			return text[:cut]
		}
	}
	return text[:max(n, 0)]
}

// long reads a record that does not fit the window. Only a quote that does not close properly ends it early: see spoiled.
func (c *csvRows) long(row *Row) error {
	*row = Row{Line: c.line}
	var l longRow
	for more := true; more; {
		f, err := c.longCell(&l)
		if err != nil {
			return err
		}
		if f == sound && len(l.cells) > maxColumns {
			f = tooWide
		}
		if f != sound {
			return c.spoiledEnd(row, &l, f)
		}
		if more, err = c.passDelimiter(); err != nil {
			return err
		}
	}
	c.wary = c.wary && len(l.cells) != len(c.header)
	c.refuseLong(row, &l)
	return nil
}

// longCell takes the cell that begins here, up to the delimiter or line end behind it.
func (c *csvRows) longCell(l *longRow) (fault, error) {
	for {
		text := c.text()
		s, end, f := c.scan.cell1(text, len(l.cells) == 0, c.ended())
		switch {
		case f == sound:
			l.add(c.plainText(s, text), s.to-s.from > maxCell)
			c.take(end, c.scan.lines)
			return sound, nil
		case f != cut:
			return f, nil
		case c.err != nil:
			return f, c.err // the row is torn
		case len(text) < maxRecord:
			c.fill()
			continue
		case !c.scan.quotes(text, end):
			return f, fmt.Errorf("%w: line %d is longer than %d bytes, which is too long for a row of a table", ErrBroken, c.line, maxRecord)
		}
		closing, err := c.closing(end)
		if err != nil {
			return f, err
		}
		if !closing.proper {
			return unclosed, nil
		}
		inside := min(closing.quote-c.offset(), int64(len(text)))
		l.add(c.plainText(span{end + 1, int(inside), true}, text), true)
		return sound, c.skipTo(closing)
	}
}

// plainText is a cell's text, valid until the next fill.
func (c *csvRows) plainText(s span, text []byte) string {
	cell := view(text[s.from:s.to])
	if s.escaped {
		c.plain = c.scan.unescape(c.plain[:0], cell)
		cell = view(c.plain)
	}
	return cell
}

// skipTo takes the text of a quoted cell up to its end, in pieces, and counts its lines.
func (c *csvRows) skipTo(to closing) error {
	for {
		left := to.end - c.offset()
		piece := c.text()[:min(left, int64(len(c.text())))]
		if at := to.quote - c.offset(); at >= 0 && at < int64(len(piece)) && piece[at] != c.scan.quote {
			return errChanged
		}
		if int64(len(piece)) < left && len(piece) > 0 && piece[len(piece)-1] == '\r' {
			piece = piece[:len(piece)-1] // with the line feed that may follow
		}
		c.line += int64(c.scan.lineEnds(piece))
		c.from += len(piece)
		switch {
		case int64(len(piece)) == left:
			return nil
		case c.ended():
			return errChanged
		case c.err != nil:
			return c.err
		}
		c.fill()
	}
}

// passDelimiter takes the delimiter or the line end behind a cell, and says whether another cell follows.
func (c *csvRows) passDelimiter() (more bool, err error) {
	for len(c.text()) < 2 && c.err == nil {
		c.fill()
	}
	text := c.text()
	if len(text) == 0 {
		c.line++
		return false, c.torn()
	}
	switch c.scan.class[text[0]] {
	case isDelimiter:
		c.from += len(c.scan.delimiter)
		return true, nil
	case isLF:
		c.take(1, 1)
		return false, nil
	}
	for at := 1; ; at++ { // carriage returns, and the line feed that belongs to them
		for at == len(c.text()) && c.err == nil {
			c.fill()
		}
		text = c.text()
		if at < len(text) && text[at] == '\r' && !c.scan.cr {
			continue
		}
		if at < len(text) && text[at] == '\n' {
			at++
		}
		c.take(at, 1)
		return false, nil
	}
}

// torn is the error by which the input ended early; nil: it ended as it should.
func (c *csvRows) torn() error {
	if c.ended() {
		return nil
	}
	return c.err
}

// refuseLong puts the cells under the header and says why the row is refused.
func (c *csvRows) refuseLong(row *Row, l *longRow) {
	c.place(row, l.cells)
	width := len(c.header)
	switch {
	case len(l.cells) != width:
		row.Refused = &Refusal{Kind: contact.Ragged, Message: fmt.Sprintf("line %d: %s where the header has %d", row.Line, many(len(l.cells), "cell"), width)}
		if len(l.cells) > width {
			row.Refused.Extra = l.cells[width:]
		}
	case l.tooLong > 0:
		row.Refused = &Refusal{
			Kind:    contact.Invalid,
			Message: fmt.Sprintf("line %d: cell %d is longer than %d bytes; only its beginning is kept here", row.Line, l.tooLong, maxCell),
		}
	default:
		row.Refused = &Refusal{Kind: contact.Ragged, Message: fmt.Sprintf("line %d: the row is longer than %d bytes; only its beginning is kept here", row.Line, maxRecord)}
	}
}

// spoiledEnd is spoiled for a record of which cells were taken already: the rest of it ends where a line is plainly a
// row again.
func (c *csvRows) spoiledEnd(row *Row, l *longRow, f fault) error {
	size, found := c.resync(f)
	c.wary = true
	if err := c.hopeless(f, len(l.cells), size, found); err != nil {
		return err
	}
	text := c.text()[:size]
	before := len(l.cells)
	for _, cell := range c.split(view(trimEnd(text))) {
		l.add(cell, false)
	}
	c.take(size, c.physicalLines(text))
	c.place(row, l.cells)
	row.Refused = c.refusal(row, contact.Ragged, f, before)
	if len(l.cells) > len(c.header) {
		row.Refused.Extra = l.cells[len(c.header):]
	}
	return nil
}
