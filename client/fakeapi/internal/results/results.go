// Package results writes the results of a job of the stand-in API: {"contacts": [ … ]}, each element a contact and the client's
// custom_fields.
//
// It guarantees:
//
//   - The same contacts and options give the same bytes, however often they are written.
//   - One element is in memory at a time, so that results of any size can be written.
//
// It can order faults, such as missing elements; [Faults] lists them. A fault changes what the client is told, never what was charged.
package results

import (
	"io"
	"math/rand/v2"
	"strconv"
)

// Contacts are the contacts of a job, in the order of the submission.
type Contacts interface {
	Len() int
	// Append appends contact i as a JSON object with at least one member, without custom_fields.
	Append(b []byte, i int) []byte
	// Fields returns the custom_fields of contact i, a JSON object.
	Fields(i int) []byte
	// Matched reports whether contact i was found.
	Matched(i int) bool
	// Unpaid reports whether the credits were not enough for contact i.
	Unpaid(i int) bool
	// Left is how many credits the job left.
	Left() int64
}

// Options say how results are written. The zero value is as documented.
type Options struct {
	// Fault is the name of a fault; empty: none. A name that Faults does not list is none either.
	Fault string
	// Seed varies random choices.
	Seed uint64
	// SkipUnpaid leaves out the contacts that the credits were not enough for.
	SkipUnpaid bool
}

// An element is an element of contacts.
type element struct {
	row  int
	text string // the whole element, instead of a contact
	more string // members that are added to it
	// fields changes custom_fields, and leaves them out if it returns nil. If it is nil, they are repeated.
	fields func(fields []byte) []byte
	// wrap changes the whole element; nil: it stays.
	wrap func(element []byte) []byte
}

// A body is the results as they will be written.
type body struct {
	contacts   Contacts
	random     *rand.Rand
	head, tail string
	elements   []element
	truncated  bool // it ends in the middle of the middle element
}

// Write writes the results. Its errors are those of w.
func Write(w io.Writer, contacts Contacts, o Options) error {
	b := &body{
		contacts: contacts, random: rand.New(rand.NewPCG(o.Seed, uint64(contacts.Len()))), head: `{"contacts":[`, tail: `]}`,
		elements: make([]element, 0, contacts.Len()),
	}
	for i := range contacts.Len() {
		if !o.SkipUnpaid || !contacts.Unpaid(i) {
			b.elements = append(b.elements, element{row: i})
		}
	}
	for _, f := range faults() {
		if f.Name == o.Fault {
			f.apply(b)
		}
	}
	return b.write(w)
}

func (b *body) write(w io.Writer) error {
	out := []byte(b.head)
	for i := range b.elements {
		if i > 0 {
			out = append(out, ',')
		}
		from := len(out)
		out = b.append(out, &b.elements[i])
		if b.truncated && i == len(b.elements)/2 {
			_, err := w.Write(out[:(from+len(out))/2])
			return err
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		out = out[:0]
	}
	_, err := w.Write(append(out, b.tail...))
	return err
}

// append writes an element. The API's documents give no order of its members: custom_fields is the last, or for each second contact
// the first.
func (b *body) append(out []byte, e *element) []byte {
	if e.text != "" {
		return append(out, e.text...)
	}
	fields := b.contacts.Fields(e.row)
	if e.fields != nil {
		fields = e.fields(fields)
	}
	from := len(out)
	out = append(out, '{')
	if fields != nil && e.row%2 == 1 {
		out = append(append(append(out, `"custom_fields":`...), fields...), ',')
	}
	brace := len(out)
	out = b.contacts.Append(out, e.row)
	out = append(out[:brace], out[brace+1:len(out)-1]...) // without its braces
	if fields != nil && e.row%2 == 0 {
		out = append(append(out, `,"custom_fields":`...), fields...)
	}
	out = append(append(out, e.more...), '}')
	if e.wrap == nil {
		return out
	}
	return append(out[:from:from], e.wrap(out[from:])...)
}

// each changes every n-th element, the first one included.
func (b *body) each(n int, change func(*element)) {
	for i := 0; i < len(b.elements); i += n {
		change(&b.elements[i])
	}
}

// keep leaves out the elements for which keep returns false.
func (b *body) keep(keep func(i int, e element) bool) {
	kept := b.elements[:0]
	for i, e := range b.elements {
		if keep(i, e) {
			kept = append(kept, e)
		}
	}
	b.elements = kept
}

// id returns a random id, in the form that this program's ids have.
func (b *body) id() string {
	id := make([]byte, 0, 32)
	for range 32 {
		id = strconv.AppendUint(id, b.random.Uint64N(16), 16)
	}
	return string(id)
}
