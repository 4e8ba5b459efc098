package layout

import (
	"fmt"
	"slices"
	"strings"

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

const byteOrderMark = "\ufeff"

// NewRowCheck takes the header. named says that it has names, not values: a row that equals it is the header again.
func NewRowCheck(header []string, named bool) RowCheck {
	return RowCheck{header, named, slices.Index(header, columns.ErrorKind), slices.Index(header, columns.ErrorMessage)}
}

// Refusal returns why a row is refused; nil if it is not.
func (c *RowCheck) Refusal(row *source.Row) *source.Refusal {
	if c.kindAt < 0 && row.Cells[0] != c.header[0] && !strings.HasPrefix(row.Cells[0], byteOrderMark) { // as in most rows
		return nil
	}
	return c.refusal(row)
}

func (c *RowCheck) refusal(row *source.Row) *source.Refusal {
	if refusal := c.EarlierRefusal(row.Cells); refusal != nil {
		return refusal
	}
	if c.named && c.isHeader(row.Cells) { // files that were joined
		return &source.Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: the header is repeated here", row.Line)}
	}
	return nil
}

// isHeader reports whether cells are the header again. In joined files it may have a byte order mark, and then quotes are not
// around the cell.
func (c *RowCheck) isHeader(cells []string) bool {
	if !slices.Equal(cells[1:], c.header[1:]) {
		return false
	}
	first, isMarked := strings.CutPrefix(cells[0], byteOrderMark)
	return cells[0] == c.header[0] || isMarked && (first == c.header[0] || first == `"`+c.header[0]+`"`)
}

// EarlierRefusal returns the refusal of a row that a failures file calls ragged, with the message of the file if it has one; nil if
// the row is not one.
func (c *RowCheck) EarlierRefusal(cells []string) *source.Refusal {
	if c.kindAt < 0 || cells[c.kindAt] != string(contact.Ragged) {
		return nil
	}
	message := "refused before: fix the row and empty its enrich_error_kind"
	if c.messageAt >= 0 && cells[c.messageAt] != "" {
		message = cells[c.messageAt]
	}
	return &source.Refusal{Kind: contact.Ragged, Message: message}
}
