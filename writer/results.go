package writer

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"enrich/internal/jsonscan"
)

// Results writes the rows that have an answer.
type Results struct {
	encoder encoder
	answer  *answer
	time    timeText
	row     *Result  // the one that is being written
	chosen  []int    // the columns that are written; nil means all
	values  []string // theirs, reused
}

// NewResults begins a file of results for rows of s, with its header if the format has one.
func NewResults(w io.Writer, s Source, o Options) (*Results, error) {
	r := &Results{answer: newAnswer()}
	added := ResultColumns()
	var err error
	if o.Fields != nil {
		if r.chosen, err = chosenColumns(o.Fields); err != nil {
			return nil, err
		}
		added = pick(nil, added, r.chosen)
	}
	r.encoder, err = newEncoder(w, layout{source: s, options: o, title: "Results", added: added})
	return r, err
}

// Write writes one row. The output is complete only after Close.
func (r *Results) Write(row *Result) error {
	if row.NoObject || len(row.Extra) > 0 || !row.Kind.Answered() {
		return fmt.Errorf("line %d: a row that is %s is not a result", row.Line, row.Kind)
	}
	if err := r.answer.read(row.Body); err != nil {
		return fmt.Errorf("line %d: its answer %w", row.Line, err)
	}
	r.row = row
	return r.encoder.write(&row.Row, r)
}

func (r *Results) cells() []string {
	cells := r.answer.cells
	cells[statusColumn] = r.row.Kind.String()
	cells[atColumn] = r.time.format(r.row.At)
	cells[creditColumn] = strconv.FormatBool(r.row.Credit)
	cells[messageColumn] = r.row.Message
	if r.chosen != nil {
		r.values = pick(r.values, cells, r.chosen)
		return r.values
	}
	return cells
}

func (r *Results) appendObject(b []byte) []byte {
	b = jsonscan.AppendString(append(b, `{"status":`...), r.row.Kind.String())
	b = append(b, `,"at":`...)
	if at := r.time.format(r.row.At); at == "" {
		b = append(b, "null"...)
	} else {
		b = append(append(append(b, '"'), at...), '"')
	}
	b = strconv.AppendBool(append(b, `,"credit_charged":`...), r.row.Charged)
	b = append(append(b, `,"response":`...), onOneLine(r.row.Body)...)
	return append(b, '}')
}

// Close completes the file. It must be called once, after the last row, and does not close w.
func (r *Results) Close() error { return r.encoder.close() }

// Filled returns in how many rows each documented field had a value other than null and white space, by the name of its
// column without enrich_, also of fields that are not written.
func (r *Results) Filled() map[string]int64 {
	names := Fields()
	filled := make(map[string]int64, len(names))
	for i, name := range names[:len(names)-1] { // the last one is extra
		filled[name] = r.answer.filled[messageColumn+1+i]
	}
	return filled
}

// A timeText formats times. It keeps the last one, because rows that are next to each other often have the same second.
type timeText struct {
	second int64
	text   string // "" if there is none yet
}

// format returns a time as RFC 3339, in UTC and in whole seconds; "" for the zero time.
func (t *timeText) format(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	if second := at.Unix(); t.text == "" || second != t.second {
		t.second, t.text = second, at.UTC().Format(time.RFC3339)
	}
	return t.text
}
