package writer

import (
	"io"
	"strconv"

	"enrich/internal/jsonscan"
)

// Failures writes the rows that have no answer. Its files are valid inputs.
type Failures struct {
	encoder encoder
	parser  overflowParser
	values  []string // reused
	row     *Failure // the one that is being written
}

// NewFailures begins a file of failures for rows of s, with its header if the format has one.
func NewFailures(w io.Writer, s Source, o Options) (*Failures, error) {
	columns := FailureColumns()
	e, err := newEncoder(w, layout{source: s, options: o, title: "Failures", added: columns})
	return &Failures{encoder: e, parser: newOverflowParser(s), values: make([]string, len(columns))}, err
}

// Write writes one row. The output is complete only after Close.
func (f *Failures) Write(row *Failure) error {
	f.row = row
	return f.encoder.write(&row.Row, f)
}

func (f *Failures) cells() []string {
	f.values[errorKindColumn] = string(f.row.Kind)
	f.values[errorStatusColumn] = ""
	if f.row.Status != 0 {
		f.values[errorStatusColumn] = strconv.Itoa(f.row.Status)
	}
	f.values[errorMessageColumn] = f.row.Message
	f.values[errorAttemptsColumn] = strconv.Itoa(f.row.Attempts)
	f.values[errorExtraColumn] = f.parser.parse(f.row).cell()
	return f.values
}

func (f *Failures) appendObject(b []byte) []byte {
	b = jsonscan.AppendString(append(b, `{"status":"failed","error":{"kind":`...), string(f.row.Kind))
	b = append(b, `,"status":`...)
	if f.row.Status == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(f.row.Status), 10)
	}
	b = jsonscan.AppendString(append(b, `,"message":`...), f.row.Message)
	b = strconv.AppendInt(append(b, `,"attempts":`...), int64(f.row.Attempts), 10)
	o := f.parser.parse(f.row)
	for _, member := range [...]struct{ name, value string }{{"extra", o.extra}, {"line", o.line}, {"raw", o.raw}} {
		if member.value != "" {
			b = append(jsonscan.AppendString(append(b, ','), member.name), ':')
			b = append(b, member.value...)
		}
	}
	return append(b, "}}"...)
}

// Close completes the file. It must be called once, after the last row, and does not close w.
func (f *Failures) Close() error { return f.encoder.close() }
