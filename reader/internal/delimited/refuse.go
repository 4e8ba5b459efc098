package delimited

import (
	"fmt"

	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/source"
)

// check refuses a well-formed row for its width or for what is in its cells. The record begins Text.
func (r *Reader) check(row *source.Row, cells []string, record []byte) {
	switch {
	case len(cells) != len(r.header):
		r.refuseWidth(row, cells)
	case !r.IsValid(len(record)):
		row.Refused = refuse(row, contact.Invalid, "bytes that are not text in the file's encoding: save it as UTF-8, or name the encoding with --encoding")
	case len(record) > source.MaxCell && r.overlong() > 0:
		row.Refused = refuse(row, contact.Invalid, fmt.Sprintf("column %d is longer than %d bytes", r.overlong(), source.MaxCell))
	default:
		row.Refused = r.rowCheck.Refusal(row)
	}
}

// refuseWidth refuses a row that has more or fewer cells than the header.
func (r *Reader) refuseWidth(row *source.Row, cells []string) {
	row.Refused = &source.Refusal{
		Kind:    contact.Ragged,
		Message: fmt.Sprintf("line %d has %s; expected %d", row.Line, phrase.Count(len(cells), "column"), len(r.header)),
	}
	r.setExtra(row, cells)
}

// setExtra keeps the cells beyond the header of a refused row.
func (r *Reader) setExtra(row *source.Row, cells []string) {
	if len(cells) > len(r.header) {
		row.Refused.Extra = cells[len(r.header):]
	}
}

// overlong returns the number of the first cell above source.MaxCell, from 1; 0 if there is none.
func (r *Reader) overlong() int {
	for i, s := range r.scan.Spans {
		if s.To-s.From > source.MaxCell {
			return i + 1
		}
	}
	return 0
}

// refuse returns a refusal whose message names the row's line.
func refuse(row *source.Row, kind contact.Failure, message string) *source.Refusal {
	return &source.Refusal{Kind: kind, Message: fmt.Sprintf("line %d: %s", row.Line, message)}
}

// describe says what is wrong with a record; before is how many cells are before the faulty one.
func (r *Reader) describe(f dialect.Fault, before int) string {
	switch f {
	case dialect.TextAfterQuote:
		return fmt.Sprintf("text after the closing quote of column %d", before+1)
	case dialect.UnclosedQuote:
		return fmt.Sprintf("the quote opened in column %d is never closed", before+1)
	case dialect.QuotesAcrossCells:
		return "a quote opens inside one column and closes in a later one"
	case dialect.TooWide:
		return fmt.Sprintf("more than %d columns; expected %d", dialect.MaxColumns, len(r.header))
	}
	return "the row cannot be split into columns"
}
