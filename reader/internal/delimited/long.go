package delimited

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"enrich/contact"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/source"
)

// A record that does not fit the window is read cell by cell and refused. Enough of its text is kept that the row is refused
// again if a failures file is read, and no more: memory does not grow with the row.

// keptOfOthers is how many bytes are kept of all cells but the first one above source.MaxCell.
const keptOfOthers = source.MaxCell - 64<<10

// A longRow is what is kept of a record that does not fit the window.
type longRow struct {
	cells []string
	kept  int // bytes, without the cell that is too long
	// tooLong is the number of the first cell above source.MaxCell, from 1; 0 if there is none.
	tooLong int
}

// add keeps a cell, or its beginning.
func (l *longRow) add(cell string, tooLong bool) {
	room := keptOfOthers - l.kept
	if tooLong && l.tooLong == 0 {
		l.tooLong, room = len(l.cells)+1, source.MaxCell+utf8.UTFMax
		l.kept -= min(len(cell), room)
	}
	cell = strings.Clone(truncate(cell, room))
	l.kept += len(cell)
	l.cells = append(l.cells, cell)
}

// truncate returns at most n bytes of a text, without half a character at its end.
func truncate(text string, n int) string {
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

// readLong reads a record that does not fit the window. Only a quote that does not close properly ends it early: then a row
// begins again where resync finds one.
func (r *Reader) readLong(row *source.Row) error {
	*row = source.Row{Line: r.line}
	var l longRow
	for more := true; more; {
		f, err := r.readLongCell(&l)
		if err != nil {
			return err
		}
		if f == dialect.NoFault && len(l.cells) > dialect.MaxColumns {
			f = dialect.TooWide
		}
		if f != dialect.NoFault {
			return r.endMalformed(row, &l, f)
		}
		if more, err = r.passDelimiter(); err != nil {
			return err
		}
	}
	r.doubtful = r.doubtful && len(l.cells) != len(r.header)
	r.refuseLong(row, &l)
	return nil
}

// readLongCell takes the cell that begins here, up to the delimiter or line end after it.
func (r *Reader) readLongCell(l *longRow) (dialect.Fault, error) {
	for {
		text := r.Text()
		s, end, f := r.scan.Cell(text, len(l.cells) == 0, r.Ended())
		switch {
		case f == dialect.NoFault:
			l.add(r.unescaped(s, text), s.To-s.From > source.MaxCell)
			r.advance(end, r.scan.Lines)
			return f, nil
		case f != dialect.Incomplete:
			return f, nil
		case r.Err != nil:
			return f, r.Err // the row is torn
		case len(text) < source.MaxRow:
			r.Fill()
			continue
		case !r.scan.QuoteAt(text, end):
			return f, fmt.Errorf("%w: line %d is longer than %d bytes, which is too long for a row of a table", source.ErrBroken, r.line, source.MaxRow)
		}
		closing, err := r.findClosing(end)
		if err != nil {
			return f, err
		}
		if !closing.proper {
			return dialect.UnclosedQuote, nil
		}
		inside := min(closing.quote-r.Offset(), int64(len(text)))
		l.add(r.unescaped(dialect.Span{From: end + 1, To: int(inside), Escaped: true}, text), true)
		return dialect.NoFault, r.skipTo(closing)
	}
}

// unescaped returns a cell's text, valid until the next Fill.
func (r *Reader) unescaped(s dialect.Span, text []byte) string {
	cell := source.View(text[s.From:s.To])
	if s.Escaped {
		r.rewritten = r.scan.Unescape(r.rewritten[:0], cell)
		cell = source.View(r.rewritten)
	}
	return cell
}

// skipTo takes the text of a quoted cell up to its end, in pieces, and counts its lines.
func (r *Reader) skipTo(to closing) error {
	for {
		left := to.end - r.Offset()
		piece := r.Text()[:min(left, int64(len(r.Text())))]
		if at := to.quote - r.Offset(); at >= 0 && at < int64(len(piece)) && piece[at] != r.scan.Quote {
			return source.ErrChanged
		}
		if int64(len(piece)) < left && len(piece) > 0 && piece[len(piece)-1] == '\r' {
			piece = piece[:len(piece)-1] // with the line feed that may follow
		}
		r.line += int64(r.scan.LineEnds(piece))
		r.Take(len(piece))
		switch {
		case int64(len(piece)) == left:
			return nil
		case r.Ended():
			return source.ErrChanged
		case r.Err != nil:
			return r.Err
		}
		r.Fill()
	}
}

// passDelimiter takes the delimiter or the line end after a cell. more says that another cell follows.
func (r *Reader) passDelimiter() (more bool, err error) {
	for len(r.Text()) < 2 && r.Err == nil {
		r.Fill()
	}
	text := r.Text()
	if len(text) == 0 {
		r.line++
		return false, r.tornBy()
	}
	switch text[0] {
	case '\n':
		r.advance(1, 1)
		return false, nil
	case '\r':
		return false, r.passReturns()
	}
	r.Take(len(r.scan.Delimiter))
	return true, nil
}

// passReturns takes carriage returns, and the line feed that belongs to them.
func (r *Reader) passReturns() error {
	for at := 1; ; at++ {
		for at == len(r.Text()) && r.Err == nil {
			r.Fill()
		}
		text := r.Text()
		if at < len(text) && text[at] == '\r' && !r.scan.CR {
			continue
		}
		if at < len(text) && text[at] == '\n' {
			at++
		}
		r.advance(at, 1)
		return nil
	}
}

// refuseLong sets the cells of a long row and says why it is refused.
func (r *Reader) refuseLong(row *source.Row, l *longRow) {
	r.setCells(row, l.cells)
	switch {
	case len(l.cells) != len(r.header):
		r.refuseWidth(row, l.cells)
	case l.tooLong > 0:
		row.Refused = refuse(row, contact.Invalid, fmt.Sprintf("column %d is longer than %d bytes; only its beginning is kept here", l.tooLong, source.MaxCell))
	default:
		row.Refused = refuse(row, contact.Ragged, fmt.Sprintf("the row is longer than %d bytes; only its beginning is kept here", source.MaxRow))
	}
}

// endMalformed is readMalformed for a record of which cells were taken already.
func (r *Reader) endMalformed(row *source.Row, l *longRow, f dialect.Fault) error {
	before := len(l.cells)
	text, err := r.malformedText(f, 0, before)
	if err != nil {
		return err
	}
	for _, cell := range r.split(text) {
		l.add(cell, false)
	}
	r.finishMalformed(row, l.cells, text, f, before)
	return nil
}
