// Package jsonrows reads rows of JSON: one object a line, objects one after the other, or objects in arrays.
//
//   - A row's Raw is its bytes as they are in the input, without the line end; numbers are never parsed.
//   - Cells are the values of the members at the top, in the order of [Reader.Columns]: a string's text, null as nothing, any
//     other value as its JSON. Of a repeated member the last one counts.
//   - A field is the text of a string, a number or a boolean; null, an object and an array are empty.
//   - A row that is not an object is refused (Refusal.NotObject). So is one that is longer than 1 MiB, is nested deeper than
//     512, or would bring the names of all members above 4096 or 1 MiB. The next row is found all the same.
//   - An object that is not UTF-8, or has an unpaired surrogate in a field, is refused too: no text is ever replaced by U+FFFD.
//
// Memory is bounded by the longest row that is allowed, not by the input. The package does not decode text, and does not decide
// which member is which field: see package mapping.
package jsonrows

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"enrich/contact"
	"enrich/internal/columns"
	"enrich/internal/jsonscan"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// Options say how to read an input.
type Options struct {
	mapping.Options
	// Columns are those of an earlier pass over the same input; nil: collect them.
	Columns []string
	// Cleaning, if it is not nil, collects what cleaning changed in the rows that are read.
	Cleaning *contact.Cleaning
}

// limits bound what of an input is in memory.
type limits struct {
	// row is the maximum length of a row in bytes. A longer one is refused, and only its beginning is kept.
	row int
	// block is how many bytes decide how an input is built and what its members mean. The window has this size, unless a
	// row needs more.
	block int
}

// A Reader reads the rows of one input.
type Reader struct {
	framing
	scan    rowScanner
	frame   frame
	members *memberSet
	index   []int // for each member of the row, its index in members
	fields  fields
	cells   []string // of the rows of the last read
	// sampled and mapping are what the first block shows.
	sampled []string
	mapping map[contact.Field]string
}

// Open reads the first block of an input, decides by it how to read the rest, and reads no row.
func Open(in io.Reader, o Options) (*Reader, error) {
	return open(in, o, limits{row: 1 << 20, block: 256 << 10})
}

func open(in io.Reader, o Options, limits limits) (*Reader, error) {
	o.JSON = true
	r := &Reader{framing: newFraming(in, limits), members: newMemberSet(o.Columns)}
	if err := r.begin(); err != nil {
		return nil, err
	}
	r.lines = isLines(&r.scan, r.Text())
	sample, err := r.sample(o)
	for errors.Is(err, errNeedMore) {
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
	r.fields.addMembers(r.members.names) // those of an earlier pass
	return r, nil
}

// begin skips blank lines and reads the first object completely, unless it is too long.
func (r *Reader) begin() error {
	for r.Err == nil && isBlank(r.Text()) {
		r.step(len(r.Text()))
		r.double() // the window is empty: this reads the next block
	}
	if isBlank(r.Text()) {
		if err := r.failure(); err != nil {
			return err
		}
		return fmt.Errorf("%w: there is no row in it", source.ErrEmpty)
	}
	for r.Err == nil && len(r.Text()) <= r.limits.row && r.firstIsTruncated() {
		r.double()
	}
	return nil
}

// firstIsTruncated reports whether the first object does not end in the window.
func (r *Reader) firstIsTruncated() bool {
	text := trimLeft(r.Text())
	if len(text) > 0 && text[0] == '[' {
		text = text[1:]
	}
	_, status := r.scan.scan(text)
	return status == jsonscan.Truncated
}

// Columns returns the names of all members so far, in order of first appearance.
func (r *Reader) Columns() []string { return r.members.names }

// Sampled returns the members of the first rows, which of them, or which path, is which field, and which are spare (see
// [mapping.Spare]).
func (r *Reader) Sampled() (columns []string, mapping, spare map[contact.Field]string) {
	return r.sampled, r.mapping, r.fields.spare
}

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end. It returns 0 and an error that wraps
// [source.ErrBroken] if the input ended early.
func (r *Reader) Read(rows []source.Row) (int, error) {
	r.Poison()
	r.cells = r.cells[:0]
	size := 0
	for n := range rows {
		if len(r.cells) > source.BatchCells || size > source.BatchText {
			return n, nil
		}
		err := r.next(&r.scan, &r.frame, n == 0)
		if errors.Is(err, errNeedMore) || err != nil && n > 0 {
			return n, nil // the next read returns the error
		}
		if err != nil {
			return 0, err
		}
		r.setRow(&rows[n])
		size += len(r.frame.text)
	}
	return len(rows), nil
}

// setRow makes a row of the frame.
func (r *Reader) setRow(row *source.Row) {
	*row = source.Row{Line: r.frame.line, Raw: r.frame.text}
	if r.frame.problem != "" {
		row.Refused = r.refusal(r.frame.problem)
		row.Refused.NotObject = true
		return
	}
	if !r.indexMembers() {
		row.Refused = r.refusal(fmt.Sprintf("with this row, the input has more than %d member names, or more than 1 MiB of them", maxMembers))
		row.Refused.NotObject = true
		return
	}
	row.Cells = r.rowCells()
	var problem string
	if row.Contact, problem = r.fields.contact(r.scan.members, r.index); problem != "" {
		row.Refused = r.refusal(problem)
	}
	if !utf8.Valid(r.frame.text) {
		row.Refused = r.refusal("not UTF-8, which JSON must be")
	}
	if refused := r.earlierRefusal(); refused != nil {
		row.Refused = refused
	}
	if row.Refused != nil {
		row.Contact = contact.Contact{}
	}
}

func (r *Reader) refusal(problem string) *source.Refusal {
	return &source.Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("line %d: %s", r.frame.line, problem)}
}

// indexMembers finds the row's members among those of the input and adds new ones. It returns false if there are too many.
func (r *Reader) indexMembers() bool {
	known := len(r.members.names)
	r.index, r.members.next = r.index[:0], 0
	for i := range r.scan.members {
		name := r.scan.members[i].name
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
	r.fields.addMembers(r.members.names)
	return true
}

// rowCells returns the row's cells.
func (r *Reader) rowCells() []string {
	from := len(r.cells)
	for range r.members.names {
		r.cells = append(r.cells, "")
	}
	cells := r.cells[from:len(r.cells):len(r.cells)]
	for i := range r.scan.members {
		cells[r.index[i]], _ = jsonscan.ToText(r.scan.members[i].value)
	}
	return cells
}

// earlierRefusal returns the refusal that an earlier run wrote into its failures, if it still applies: a ragged row stays ragged
// until someone has fixed it and removed "enrichment", and a line that was not an object exists only in "raw". Other rows of
// failures, and of results, are rows like any other.
func (r *Reader) earlierRefusal() *source.Refusal {
	enrichment := ""
	for _, m := range r.scan.members {
		if m.name == columns.Enrichment {
			enrichment = m.value
		}
	}
	if enrichment == "" {
		return nil
	}
	failure := jsonscan.Get(enrichment, "error")
	kind, _ := jsonscan.ToText(jsonscan.Get(failure, "kind"))
	raw := jsonscan.Get(failure, "raw")
	if kind != string(contact.Ragged) && (kind != string(contact.Invalid) || raw == "") {
		return nil
	}
	message, _ := jsonscan.ToText(jsonscan.Get(failure, "message"))
	if message == "" {
		message = fmt.Sprintf("line %d: refused by an earlier run: fix the row and remove its member %q", r.frame.line, columns.Enrichment)
	}
	// Failures are counted by kind until the end: the kind must not be a view of the window.
	return &source.Refusal{Kind: contact.Failure(strings.Clone(kind)), Message: message}
}
