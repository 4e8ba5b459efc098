package jsonrows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"enrich/contact"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// jsonRows reads rows of JSON: one object a line, objects one after the other, or objects in arrays.
//
//   - A row's Raw is its bytes as they stand, without the line end; numbers are never parsed.
//   - Cells are the values of the members at the top, in the order of columns, as far as they are known by then: a
//     string's text, null as nothing, anything else as it stands. Of a member that stands twice the last one counts.
//   - A field is a string, a number or a boolean by its text; null, an object and an array are none.
//   - What is no object is refused (Refusal.NoObject), and so is one that is longer than 1 MiB, nested deeper than 512, or
//     would bring the names of all members above 4096 or 1 MiB. An object that is not UTF-8, or has half a surrogate pair
//     in a field, is refused too: no replacement is ever put in the place of what is there.
type Reader struct {
	framing
	scan    jsonScanner
	frame   jsonFrame
	members *memberSet
	index   []int // of the row's members: where they are in members
	fields  jsonFields
	cells   []string // of the rows that were read last
	// sampled and mapping are what the first block told.
	sampled []string
	mapping map[contact.Field]string
}

// jsonBatchCells and jsonBatchBytes bound what one read returns, so that memory does not grow with how wide or long rows are.
const (
	jsonBatchCells = 1 << 16
	jsonBatchBytes = 1 << 20
)

// Options say how to read an input.
type Options struct {
	mapping.Options
	// Columns are those of an earlier pass over the same input; nil: collect them.
	Columns []string
	// Cleaning, if it is not nil, collects what cleaning changed in the rows that are read.
	Cleaning *contact.Cleaning
}

// Open reads the first block of an input, decides by it how all is read, and reads no row.
func Open(in io.Reader, o Options) (*Reader, error) { return open(in, o, defaultJSONLimits()) }

func open(in io.Reader, o Options, limits jsonLimits) (*Reader, error) {
	o.JSON = true
	r := &Reader{framing: framing{jsonWindow: newJSONWindow(in, limits)}, members: newMemberSet(o.Columns)}
	if err := r.begin(); err != nil {
		return nil, err
	}
	r.lines = isLines(&r.scan, r.Text())
	sample, err := r.sample(o)
	for errors.Is(err, errNotNow) {
		r.double()
		sample, err = r.sample(o)
	}
	if err != nil {
		return nil, err
	}
	if r.fields, err = sample.fields(o); err != nil {
		return nil, err
	}
	r.sampled, r.mapping = sample.members.names, maps.Clone(r.fields.mapping)
	r.fields.late(r.members.names) // those of an earlier pass
	return r, nil
}

// begin passes blank lines, and sees to it that the first object is there whole, if it may be so long.
func (r *Reader) begin() error {
	for r.Err == nil && blank(r.Text()) {
		r.step(len(r.Text()))
		r.double() // of a window with nothing in it: the next block
	}
	if blank(r.Text()) {
		if err := r.failed(); err != nil {
			return err
		}
		return fmt.Errorf("%w: there is no row in it", source.ErrEmpty)
	}
	for r.Err == nil && len(r.Text()) <= r.limits.row && r.firstIsOpen() {
		r.double()
	}
	return nil
}

// firstIsOpen says whether the first object does not end in what is there.
func (r *Reader) firstIsOpen() bool {
	text := bytes.TrimLeft(r.Text(), " \t\r\n")
	if len(text) > 0 && text[0] == '[' {
		text = text[1:]
	}
	_, v := r.scan.scan(text)
	return v == valueShort
}

// Columns are the names of all members so far, in order of first appearance.
func (r *Reader) Columns() []string { return r.members.names }

// Sampled are the members of the first rows, and which of them, or which path, is which field.
func (r *Reader) Sampled() (columns []string, mapping map[contact.Field]string) {
	return r.sampled, r.mapping
}

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end.
func (r *Reader) Read(rows []source.Row) (int, error) {
	r.Poison()
	r.cells = r.cells[:0]
	size := 0
	for n := range rows {
		if len(r.cells) > jsonBatchCells || size > jsonBatchBytes {
			return n, nil
		}
		err := r.next(&r.scan, &r.frame, n == 0)
		if errors.Is(err, errNotNow) || err != nil && n > 0 {
			return n, nil // an error will come again
		}
		if err != nil {
			return 0, err
		}
		r.row(&rows[n])
		size += len(r.frame.text)
	}
	return len(rows), nil
}

// row makes a row of what was found.
func (r *Reader) row(row *source.Row) {
	*row = source.Row{Line: r.frame.line, Raw: r.frame.text}
	if r.frame.broken != "" {
		row.Refused = r.refusal(r.frame.broken)
		row.Refused.NoObject = true
		return
	}
	text := source.View(r.frame.text)
	if !r.collect(text) {
		row.Refused = r.refusal(fmt.Sprintf("with its members, the input has more than %d names, or they are longer than 1 MiB", maxMembers))
		row.Refused.NoObject = true
		return
	}
	row.Cells = r.cut(text)
	var why string
	if row.Contact, why = r.fields.contact(text, r.scan.members, r.index); why != "" {
		row.Refused = r.refusal(why)
	}
	if !utf8.ValidString(text) {
		row.Refused = r.refusal("bytes that are no UTF-8, which JSON must be")
	}
	if again := r.again(text); again != nil {
		row.Refused = again
	}
	if row.Refused != nil {
		row.Contact = contact.Contact{}
	}
}

func (r *Reader) refusal(why string) *source.Refusal {
	return &source.Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: %s", r.frame.line, why)}
}

// collect finds the row's members among those of the input, new ones too, or says that there are too many.
func (r *Reader) collect(text string) bool {
	known := len(r.members.names)
	r.index, r.members.guess = r.index[:0], 0
	for i := range r.scan.members {
		m := &r.scan.members[i]
		name := m.name.of(text)
		if m.escaped {
			name, _ = unescape(name)
		}
		at := r.members.find(name)
		if at < 0 {
			at = r.members.add(strings.Clone(name))
			if r.members.full() {
				r.members.truncate(known)
				return false
			}
		}
		r.index = append(r.index, at)
	}
	r.fields.late(r.members.names)
	return true
}

// cut makes the row's cells.
func (r *Reader) cut(text string) []string {
	from := len(r.cells)
	for range r.members.names {
		r.cells = append(r.cells, "")
	}
	cells := r.cells[from:len(r.cells):len(r.cells)]
	for i := range r.scan.members {
		cells[r.index[i]], _ = plain(r.scan.members[i].value.of(text))
	}
	return cells
}
