package reader

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"enrich/contact"
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
type jsonRows struct {
	framing
	scan    jsonScanner
	frame   jsonFrame
	members *memberSet
	index   []int // of the row's members: where they are in members
	fields  jsonFields
	cells   []string // of the rows that were read last
}

// jsonBatchCells and jsonBatchBytes bound what one read returns, so that memory does not grow with how wide or long rows are.
const (
	jsonBatchCells = 1 << 16
	jsonBatchBytes = 1 << 20
)

func newJSONRows(in *bufio.Reader, o Options) (rowSource, Info, error) {
	return openJSON(in, o, defaultJSONLimits())
}

func openJSON(in io.Reader, o Options, limits jsonLimits) (rowSource, Info, error) {
	o.Format = JSONL
	r := &jsonRows{framing: framing{jsonWindow: newJSONWindow(in, limits)}, members: newMemberSet(o.Columns)}
	if err := r.begin(); err != nil {
		return nil, Info{}, err
	}
	r.lines = isLines(&r.scan, r.text())
	sample, err := r.sample(o)
	for errors.Is(err, errNotNow) {
		r.double()
		sample, err = r.sample(o)
	}
	if err != nil {
		return nil, Info{}, err
	}
	if r.fields, err = sample.fields(o); err != nil {
		return nil, Info{}, err
	}
	info := Info{Format: JSONL, Columns: sample.members.names, Mapping: maps.Clone(r.fields.mapping)}
	r.fields.late(r.members.names) // those of an earlier pass
	return r, info, nil
}

// begin passes blank lines, and sees to it that the first object is there whole, if it may be so long.
func (r *jsonRows) begin() error {
	for r.err == nil && blank(r.text()) {
		r.step(len(r.text()))
		r.double() // of a window with nothing in it: the next block
	}
	if blank(r.text()) {
		if err := r.failed(); err != nil {
			return err
		}
		return fmt.Errorf("%w: there is no row in it", ErrEmpty)
	}
	for r.err == nil && len(r.text()) <= r.limits.row && r.firstIsOpen() {
		r.double()
	}
	return nil
}

// firstIsOpen says whether the first object does not end in what is there.
func (r *jsonRows) firstIsOpen() bool {
	text := bytes.TrimLeft(r.text(), " \t\r\n")
	if len(text) > 0 && text[0] == '[' {
		text = text[1:]
	}
	_, v := r.scan.scan(text)
	return v == valueShort
}

func (r *jsonRows) columns() []string { return r.members.names }

func (r *jsonRows) read(rows []Row) (int, error) {
	spoil(r.buf[:r.from])
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
func (r *jsonRows) row(row *Row) {
	*row = Row{Line: r.frame.line, Raw: r.frame.text}
	if r.frame.broken != "" {
		row.Refused = r.refusal(r.frame.broken)
		row.Refused.NoObject = true
		return
	}
	text := view(r.frame.text)
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

func (r *jsonRows) refusal(why string) *Refusal {
	return &Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: %s", r.frame.line, why)}
}

// collect finds the row's members among those of the input, new ones too, or says that there are too many.
func (r *jsonRows) collect(text string) bool {
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
func (r *jsonRows) cut(text string) []string {
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
