package delimited

import (
	"bytes"
	"fmt"
	"strings"

	"enrich/contact"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/source"
)

// If a record has a quote out of place, nobody knows where it ends: the quote may have swallowed the rows that follow, or be
// in a cell of several lines. So the record is taken to end at the first line end after which the next record is certainly a
// row again: as many cells as the header, and no quote out of place. All text before that is one refused row. What follows
// is good.

// resyncEffort is how many bytes are scanned to find that line end.
const resyncEffort = 4 * source.MaxRow

// readMalformed makes a refused row of a record with a fault. at is where the faulty cell begins.
func (r *Reader) readMalformed(row *source.Row, f dialect.Fault, at int) error {
	before := append([]dialect.Span(nil), r.scan.Spans...)
	text, err := r.malformedText(f, at, len(before))
	if err != nil {
		return err
	}
	if f == dialect.UnclosedQuote && len(text) == len(r.Text()) && r.Ended() {
		r.unclosed = fmt.Errorf("%w: line %d: %s", source.ErrBroken, r.line, r.describe(f, len(before)))
	}
	r.scan.Spans = before
	*row = source.Row{Line: r.line}
	cells := append(r.cut(text), r.split(text[at:])...)
	r.finishMalformed(row, cells, text, f, len(before))
	return nil
}

// malformedText returns the text of a malformed record, up to where a row begins again. The faulty cell is at an index of Text,
// before cells are before it.
func (r *Reader) malformedText(f dialect.Fault, at, before int) ([]byte, error) {
	size, found := r.resync(f, at)
	r.doubtful = true
	switch {
	case !found && size == 0 && r.tornBy() != nil:
		return nil, r.Err
	case !found && len(r.Text()) >= source.MaxRow:
		return nil, fmt.Errorf("%w: line %d: %s, and no well-formed row follows within %d bytes", source.ErrBroken, r.line, r.describe(f, before), source.MaxRow)
	}
	return r.Text()[:size], nil
}

// finishMalformed steps over the text of a malformed record and sets the cells of its row, before of which are whole.
func (r *Reader) finishMalformed(row *source.Row, cells []string, text []byte, f dialect.Fault, before int) {
	r.advance(len(text), max(r.scan.LineEnds(text), 1))
	r.setCells(row, cells)
	row.Refused = refuse(row, contact.Ragged, r.describe(f, before))
	r.setExtra(row, cells)
}

// resync finds the end of a malformed record whose faulty cell is at an index: how many bytes the record takes. If the text
// ends before a record is certainly a row again, all of it is the record; only whole lines are if the input ended early.
//
// It does not look at line ends before the faulty cell: they are in whole cells.
func (r *Reader) resync(f dialect.Fault, at int) (size int, found bool) {
	for effort := 0; effort <= resyncEffort; {
		end, ok := r.lineEnd(at)
		switch {
		case !ok && r.Ended():
			return len(r.Text()), false
		case !ok:
			return size, false
		case size == 0 && f == dialect.TextAfterQuote && r.hasAllDelimiters(r.Text()[:end]):
			return end, true
		}
		at, size = end, end
		isRow, scanned := r.rowAt(at)
		if isRow {
			break
		}
		effort += scanned
	}
	return size, true
}

// rowAt reports whether the record at an index of Text is certainly a row, and how many bytes it scanned to know.
func (r *Reader) rowAt(at int) (isRow bool, scanned int) {
	for {
		rest := r.Text()[at:]
		used, f := r.scan.Record(rest, r.Ended())
		scanned += used + 1
		switch {
		case f == dialect.Incomplete && r.Err == nil && len(r.Text()) < source.MaxRow:
			r.Fill()
			continue
		case f == dialect.Incomplete && r.closesBeyond(rest, at, used):
			return true, scanned
		case f == dialect.Incomplete:
			scanned += len(rest)
		}
		return f == dialect.NoFault && len(rest) > 0 && r.isCertain(rest), scanned
	}
}

// closesBeyond reports whether the incomplete record at an index may be a row, because it has a quoted cell that closes
// beyond the window. Otherwise the lines of that cell would be taken for rows.
func (r *Reader) closesBeyond(rest []byte, at, used int) bool {
	if r.Err != nil || !r.scan.QuoteAt(rest, used) || len(r.scan.Spans) >= len(r.header) {
		return false
	}
	closing, err := r.findClosing(at + used)
	return err != nil || closing.proper // the error comes again when the row is read
}

// hasAllDelimiters reports whether a line has enough delimiters to be a whole row.
func (r *Reader) hasAllDelimiters(line []byte) bool {
	return len(r.header) == 1 || bytes.Count(line, []byte(r.scan.Delimiter)) >= len(r.header)-1
}

// isCertain reports whether the record that was scanned last is certainly a row: a bare cell that ends in a quote may be
// the end of one that began in a line before.
func (r *Reader) isCertain(record []byte) bool {
	if len(r.scan.Spans) != len(r.header) {
		return false
	}
	if r.scan.Odd == 0 {
		return true
	}
	for _, s := range r.scan.Spans {
		if s.To > s.From && record[s.To-1] == r.scan.Quote {
			return false
		}
	}
	return true
}

// lineEnd returns where the line ends that has the index at of Text, and reads on as far as source.MaxRow.
func (r *Reader) lineEnd(at int) (end int, ok bool) {
	for {
		text := r.Text()
		if at == len(text) && r.Err != nil {
			return at, false
		}
		i := -1
		if r.scan.CR {
			i = bytes.IndexAny(text[at:], "\r\n")
		} else {
			i = bytes.IndexByte(text[at:], '\n')
		}
		if i >= 0 {
			end = at + i + 1
			if r.scan.CR && text[end-1] == '\r' && end < len(text) && text[end] == '\n' {
				end++
			}
			return end, true
		}
		if r.Err != nil || len(text) >= source.MaxRow {
			return at, false
		}
		r.Fill()
	}
}

// split returns the rest of a malformed record, cut at each delimiter, with its quotes.
func (r *Reader) split(rest []byte) []string {
	text := source.View(trimLineEnd(rest))
	if r.scan.Delimiter == "" {
		return []string{text}
	}
	return strings.SplitN(text, r.scan.Separator(), dialect.MaxColumns)
}
