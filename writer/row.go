package writer

import (
	"time"

	"enrich/contact"
	"enrich/format"
)

// A Source describes the rows of the input.
type Source struct {
	Format format.Format
	// Columns is the header of a table, with repeated names. For JSONL it is the names of all members, unescaped, in the
	// order in which they first appear; only outputs with columns need them.
	Columns []string
}

// Options say how results and failures are written.
type Options struct {
	Format format.Format
	// Fields are the fields of the answer that results have, of those of [Fields] and in this order; nil means all. The columns
	// before the fields are always there. Failures have none, and JSONL has the whole answer.
	Fields []string
	// SpreadsheetSafe puts an apostrophe before cells that a spreadsheet would run as a formula. It changes data. CSV only.
	SpreadsheetSafe bool
	// BOM begins the file with a byte order mark. Excel reads a file without one as another encoding than UTF-8. CSV only.
	BOM bool
}

// A Row is one row of the input. It is used only during the call that it is given to.
type Row struct {
	// Line is where the row begins in the input, from 1.
	Line int64
	// Cells are the cells of a table's row in the order of the columns. A ragged row may have fewer.
	Cells []string
	// Raw is the text of a JSONL row: an object, which may span several lines, unless NoObject is set.
	Raw []byte
	// NoObject means that Raw is not a JSON object. Such a row can only be a failure.
	NoObject bool
	// Extra are the cells beyond the last column. A row that has some can only be a failure.
	Extra []string
}

// A Result is a row with its answer.
type Result struct {
	Row
	// Kind is contact.Matched or contact.NoMatch.
	Kind contact.Kind
	// At is when the answer came. The zero time is written as an empty cell (CSV) or null (JSON).
	At time.Time
	// Credit marks the first row of a contact that was charged: enrich_credit, which can be summed.
	Credit bool
	// Charged is what the answer says: credit_charged in JSONL.
	Charged bool
	// Message is what the API says about the contact (contact.error), or "".
	Message string
	// Body is the answer: one JSON object.
	Body []byte
}

// A Failure is a row with the reason why it has no answer.
type Failure struct {
	Row
	Kind contact.Failure
	// Status is the HTTP status. 0 means that there was no response; it is written as an empty cell (CSV) or null (JSON).
	Status   int
	Message  string
	Attempts int
}
