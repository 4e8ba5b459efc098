package writer

import (
	"fmt"
	"time"

	"enrich/contact"
)

// A Format is how rows stand in a file.
type Format string

// The formats. CSV is UTF-8 without BOM, comma, LF, quotes where needed; JSONL is one object a line, LF.
const (
	CSV   Format = "csv"
	JSONL Format = "jsonl"
)

// valid refuses what is neither.
func (f Format) valid() error {
	if f != CSV && f != JSONL {
		return fmt.Errorf("format %q: expected %q or %q", string(f), string(CSV), string(JSONL))
	}
	return nil
}

// A Source says how the input's rows look.
type Source struct {
	Format Format
	// Columns is the header of a CSV as it stands, repeated names too; for JSONL the names of all members, unescaped,
	// in order of first appearance, which only CSV outputs need.
	Columns []string
	// Dress is what CSV outputs get for spreadsheets; pending rows stay as they were.
	Dress Dress
}

// A Row is one row of the input, as it was read. It is not kept beyond the call that it is given to.
type Row struct {
	// Line is where it began in the input, from 1.
	Line int64
	// Cells are those of a CSV row, in the header's order; a ragged row may have fewer.
	Cells []string
	// Raw is the text of a JSONL row: an object, which may span lines (one of an array, or of a stream), unless NoObject.
	Raw []byte
	// NoObject says that Raw is no JSON object; such a row can only be a failure.
	NoObject bool
	// Extra are the cells beyond the header; such a row can only be a failure.
	Extra []string
}

// A Result is a row with its answer.
type Result struct {
	Row
	// Kind is contact.Matched or contact.NoMatch.
	Kind contact.Kind
	// At is when the answer came; the zero time is written as nothing (CSV) or null (JSON).
	At time.Time
	// Credit marks the first row of a contact that was charged: enrich_credit, which may be summed.
	Credit bool
	// Charged is the answer's own word: credit_charged in JSONL.
	Charged bool
	// Message is the API's own word about it (contact.error), or "".
	Message string
	// Body is the answer: one JSON object.
	Body []byte
}

// A Failure is a row with the reason why it has no answer.
type Failure struct {
	Row
	Kind contact.Failure
	// Status is the HTTP status; 0 where no answer came, and is then written as nothing (CSV) or null (JSON).
	Status   int
	Message  string
	Attempts int
}
