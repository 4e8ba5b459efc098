package writer

import (
	"fmt"
	"strings"
)

// cells turns rows of one source into the cells of a CSV output, in the order of the kept columns.
type cells struct {
	source Source
	keep   []int
	header []string       // names of the kept columns
	at     map[string]int // JSONL: a member's place among the kept columns, -1 for those of ours
	row    []string       // reused
}

func newCells(s Source) *cells {
	c := &cells{source: s, keep: s.kept()}
	c.header = pick(nil, s.Columns, c.keep)
	c.row = make([]string, 0, len(c.header))
	if s.Format == JSONL {
		c.at = map[string]int{enrichment: -1}
		for _, name := range s.Columns {
			c.at[name] = -1
		}
		for i, name := range c.header {
			c.at[name] = i
		}
	}
	return c
}

// of returns the cells of a row; they are valid until the next call. A ragged row's cells stay in place, missing ones
// are empty; a line that is no object has none.
func (c *cells) of(r *Row) ([]string, error) {
	if c.source.Format == CSV {
		c.row = pick(c.row, r.Cells, c.keep)
		return c.row, nil
	}
	c.row = c.row[:len(c.header)]
	clear(c.row)
	if r.NoObject {
		return c.row, nil
	}
	return c.row, c.members(r)
}

// members fills the row from an object: of a member that stands twice the last one counts, null is empty, what is
// nested is its JSON text.
func (c *cells) members(r *Row) error {
	scan := cursor{text: string(r.Raw)}
	scan.enter()
	for !scan.bad {
		quoted, more := scan.member()
		if !more {
			break
		}
		name := unquote(quoted)
		i, known := c.at[name]
		switch {
		case !known:
			return fmt.Errorf("line %d: member %q is not among the input's columns", r.Line, name)
		case i < 0:
			scan.value()
		case scan.peek() == '{', scan.peek() == '[':
			c.row[i] = oneLine(scan.value())
		default:
			c.row[i] = scan.plain()
		}
	}
	if !scan.ended() {
		return fmt.Errorf("line %d: %w", r.Line, errNoObject)
	}
	return nil
}

// oneLine is the text of what is nested, without the line breaks between its tokens.
func oneLine(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		return string(compact([]byte(value)))
	}
	return value
}
