package reader

import (
	"bytes"
	"fmt"
	"strings"

	"enrich/contact"
)

// Where a record has a quote that is wrong, nobody knows where it ends: the wrong quote may have swallowed the rows
// that follow, or be in a cell of several lines. So its end is taken to be the first line end behind which the
// next record is plainly a row again: as many cells as the header, no quote out of place. Everything before that is
// refused together, as it stands. What follows is good.

// resyncEffort bounds what is scanned for that, in bytes.
const resyncEffort = 4 * maxRecord

// spoiled makes a refused row of a record with a fault. at is where the cell begins that has it.
func (c *csvRows) spoiled(row *Row, f fault, at int) error {
	before := append([]span(nil), c.scan.spans...)
	size, found := c.resync(f)
	c.wary = true
	if err := c.hopeless(f, len(before), size, found); err != nil {
		return err
	}
	text := c.text()[:size]
	c.scan.spans = before
	*row = Row{Line: c.line}
	cells := c.cut(text)
	if at > size {
		at = size
	}
	cells = append(cells, c.split(view(trimEnd(text[at:])))...)
	c.take(size, c.physicalLines(text))
	c.place(row, cells)
	row.Refused = c.refusal(row, contact.Ragged, f, len(before))
	if len(cells) > len(c.header) {
		row.Refused.Extra = cells[len(c.header):]
	}
	return nil
}

// hopeless is the error that ends the reading if no row follows a spoiled one: size and found are what resync says.
func (c *csvRows) hopeless(f fault, before, size int, found bool) error {
	switch {
	case !found && size == 0 && c.err != nil && !c.ended():
		return c.err // torn
	case !found && len(c.text()) >= maxRecord:
		return fmt.Errorf("%w: line %d: %s, and nothing within %d bytes is plainly a row again", ErrBroken, c.line, c.words(f, before), maxRecord)
	}
	return nil
}

// resync finds the end of a spoiled record: how many bytes it takes. Where the text ends before anything is plainly a row
// again, all of it is the record; only whole lines are where the input ended early.
func (c *csvRows) resync(f fault) (size int, found bool) {
	effort := 0
	if end, ok := c.lineEnd(0); ok && f == afterQuote && c.fullLine(c.text()[:end]) {
		return end, true
	}
	for at := 0; ; {
		end, ok := c.lineEnd(at)
		if !ok {
			if c.ended() {
				return len(c.text()), false
			}
			return at, false
		}
		at = end
		for {
			rest := c.text()[at:]
			used, f := c.scan.record(rest, c.ended())
			effort += used + 1
			if f == cut && c.err == nil && len(c.text()) < maxRecord {
				c.fill()
				continue
			}
			if f == cut && c.swallows(rest, at, used) {
				return at, true
			}
			if f == cut {
				effort += len(rest)
			}
			if f == sound && len(rest) > 0 && c.plainly(rest) {
				return at, true
			}
			break
		}
		if effort > resyncEffort {
			return at, true
		}
	}
}

// swallows says whether the record at at is a row for all that can be known: it has a quoted cell that closes beyond the
// window. Without this, the lines of that cell would be taken for rows.
func (c *csvRows) swallows(rest []byte, at, used int) bool {
	if c.err != nil || !c.scan.quotes(rest, used) || len(c.scan.spans) >= len(c.header) {
		return false
	}
	closing, err := c.closing(at + used)
	return err != nil || closing.proper // the error comes again when the row is read
}

// fullLine says whether a line has enough delimiters to be a whole row.
func (c *csvRows) fullLine(line []byte) bool {
	return len(c.header) == 1 || bytes.Count(line, []byte(c.scan.delimiter)) >= len(c.header)-1
}

// plainly says whether the record that was scanned last is a row beyond doubt: a bare cell that ends in a quote may be
// the end of one that began in a line before.
func (c *csvRows) plainly(record []byte) bool {
	if len(c.scan.spans) != len(c.header) {
		return false
	}
	if c.scan.odd == 0 {
		return true
	}
	for _, s := range c.scan.spans {
		if s.to > s.from && record[s.to-1] == c.scan.quote {
			return false
		}
	}
	return true
}

// lineEnd is where the line ends that is at hand at at, reading on as far as maxRecord.
func (c *csvRows) lineEnd(at int) (end int, ok bool) {
	for {
		text := c.text()
		if at == len(text) && c.err != nil {
			return at, false
		}
		i := -1
		if c.scan.cr {
			i = bytes.IndexAny(text[at:], "\r\n")
		} else {
			i = bytes.IndexByte(text[at:], '\n')
		}
		if i >= 0 {
			end = at + i + 1
			if c.scan.cr && text[end-1] == '\r' && end < len(text) && text[end] == '\n' {
				end++
			}
			return end, true
		}
		if c.err != nil || len(text) >= maxRecord {
			return at, false
		}
		c.fill()
	}
}

// split is what is left of a spoiled record, cut at each delimiter, its quotes as they stand.
func (c *csvRows) split(rest string) []string {
	if c.scan.delimiter == "" {
		return []string{rest}
	}
	return strings.SplitN(rest, c.scan.separator(), maxColumns)
}

func (c *csvRows) physicalLines(text []byte) int {
	n := c.scan.lineEnds(text)
	if n == 0 {
		return 1
	}
	return n
}

func (c *csvRows) refusal(row *Row, kind contact.Failure, f fault, cell int) *Refusal {
	return &Refusal{Kind: kind, Message: fmt.Sprintf("line %d: %s", row.Line, c.words(f, cell))}
}

// words say what is wrong; cell counts the cells before it.
func (c *csvRows) words(f fault, cell int) string {
	switch f {
	case afterQuote:
		return fmt.Sprintf("text after the closing quote of cell %d, where the header has %d", cell+1, len(c.header))
	case unclosed:
		return fmt.Sprintf("the quote that opens cell %d never closes", cell+1)
	case crossing:
		return "quotes open inside a cell and close in a later one"
	case remainder:
		return "it may be the rest of a row before it, which has a quote out of place"
	case tooWide:
		return fmt.Sprintf("more than %d cells where the header has %d", maxColumns, len(c.header))
	}
	return "the row cannot be told apart"
}
