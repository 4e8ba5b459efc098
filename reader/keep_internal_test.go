package reader

import (
	"bytes"
	"strings"
)

// Kept is a row with what it points to, copied, so that it outlives the next read.
func Kept(row Row) Row {
	row.Cells = cloned(row.Cells)
	row.Raw = bytes.Clone(row.Raw)
	row.Contact = row.Contact.Clone()
	if row.Refused != nil {
		refused := *row.Refused
		refused.Message = strings.Clone(refused.Message)
		refused.Extra = cloned(refused.Extra)
		row.Refused = &refused
	}
	return row
}
