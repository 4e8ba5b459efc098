package reader

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"enrich/contact"
)

// judge refuses a row for what it holds.
func (c *csvRows) judge(row *Row, cells []string, record []byte) {
	width := len(c.header)
	switch {
	case len(cells) != width:
		row.Refused = &Refusal{
			Kind:    contact.Ragged,
			Message: fmt.Sprintf("line %d: %s where the header has %d", row.Line, many(len(cells), "cell"), width),
		}
		if len(cells) > width {
			row.Refused.Extra = cells[width:]
		}
	case !utf8.Valid(record):
		row.Refused = &Refusal{
			Kind:    contact.Invalid,
			Message: fmt.Sprintf("line %d: bytes that are not text in the file's encoding: save it as UTF-8, or name the encoding with --encoding", row.Line),
		}
	case len(record) > maxCell && c.overlong() > 0:
		row.Refused = &Refusal{
			Kind:    contact.Invalid,
			Message: fmt.Sprintf("line %d: cell %d is longer than %d bytes", row.Line, c.overlong(), maxCell),
		}
	case c.kindAt >= 0 && cells[c.kindAt] == string(contact.Ragged):
		row.Refused = &Refusal{Kind: contact.Ragged, Message: c.earlier(cells)}
	case c.repeats(cells):
		row.Refused = &Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: the header is repeated here", row.Line)}
	}
}

// earlier is the message that a failures file of ours has for a row that it refuses again.
func (c *csvRows) earlier(cells []string) string {
	if c.messageAt >= 0 && cells[c.messageAt] != "" {
		return cells[c.messageAt]
	}
	return "refused before: fix the row and empty its enrich_error_kind"
}

// overlong is the first cell above maxCell, from 1; 0: none.
func (c *csvRows) overlong() int {
	for i, s := range c.scan.spans {
		if s.to-s.from > maxCell {
			return i + 1
		}
	}
	return 0
}

// repeats says whether a row is the header once more, as where files were put together.
func (c *csvRows) repeats(cells []string) bool {
	return c.named && cells[0] == c.header[0] && slices.Equal(cells, c.header)
}
