package layout

import (
	"fmt"
	"slices"

	"enrich/contact"
	"enrich/internal/columns"
	"enrich/reader/internal/source"
)

// A RowCheck refuses rows that have as many cells as the header, and yet are not rows to send: one that a failures file calls ragged,
// and a repeated header.
type RowCheck struct {
	header []string
	named  bool
	// kindAt and messageAt are the columns of a failures file that say why a row failed; -1 if there are none.
	kindAt, messageAt int
}

// NewRowCheck takes the header. named says that it has names, not values: a row that equals it is the header again.
func NewRowCheck(header []string, named bool) RowCheck {
	return RowCheck{header, named, slices.Index(header, columns.ErrorKind), slices.Index(header, columns.ErrorMessage)}
}

// Refusal returns why a row is refused; nil if it is not.
func (c *RowCheck) Refusal(row *source.Row) *source.Refusal {
	if c.kindAt < 0 && row.Cells[0] != c.header[0] { // as in most rows
		return nil
	}
	return c.refusal(row)
}

func (c *RowCheck) refusal(row *source.Row) *source.Refusal {
	switch cells := row.Cells; {
	case c.kindAt >= 0 && cells[c.kindAt] == string(contact.Ragged):
		return &source.Refusal{Kind: contact.Ragged, Message: c.earlierMessage(cells)}
	case c.named && cells[0] == c.header[0] && slices.Equal(cells, c.header): // files that were joined
		return &source.Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: the header is repeated here", row.Line)}
	}
	return nil
}

// earlierMessage returns the message that a failures file has for a row that is refused again.
func (c *RowCheck) earlierMessage(cells []string) string {
	if c.messageAt >= 0 && cells[c.messageAt] != "" {
		return cells[c.messageAt]
	}
	return "refused before: fix the row and empty its enrich_error_kind"
}
