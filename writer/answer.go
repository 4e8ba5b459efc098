package writer

import (
	"math"
	"reflect"
	"strings"

	"enrich/internal/jsonscan"
)

// An answer reads bodies into the cells of one result, one body after another.
type answer struct {
	cells  []string // in the order of ResultColumns
	root   member
	fields []field
	scan   jsonscan.Scanner[string]
	extra  []byte // reused
}

// A field is a documented field of the API's answer.
type field struct {
	name   string // its column without enrich_
	value  *string
	filled int64 // how many answers had a value
}

func newAnswer() *answer {
	columns, paths := ResultColumns(), tags(reflect.TypeFor[ResultRecord](), "api")
	a := &answer{cells: make([]string, len(columns))}
	for i, path := range paths {
		if path != "" {
			a.root.at(path).cell = &a.cells[i]
			a.fields = append(a.fields, field{name: strings.TrimPrefix(columns[i], "enrich_"), value: &a.cells[i]})
		}
	}
	a.root.at("remaining_credits").omit = isAny
	a.root.at("contact.remaining_credits").omit = isAny
	a.root.at("contact.credit_charged").omit = isBoolean // enrich_credit
	a.root.at("contact.error").omit = isString           // enrich_message
	return a
}

func isAny(string) bool           { return true }
func isBoolean(value string) bool { return value == "true" || value == "false" }
func isString(value string) bool  { return value[0] == '"' }

// read sets the cells of the documented fields and of enrich_extra from a body, and counts the fields with a value.
func (a *answer) read(body []byte) error {
	a.root.reset()
	a.scan.Reset(string(body), math.MaxInt)
	a.scan.Object()
	a.root.read(&a.scan)
	if !a.scan.End() {
		return errNoObject
	}
	for i := range a.fields {
		if f := &a.fields[i]; strings.TrimSpace(*f.value) != "" {
			f.filled++
		}
	}
	extra := ""
	if a.extra = a.root.appendExtra(append(a.extra[:0], '{')); len(a.extra) > 1 {
		extra = string(append(a.extra, '}'))
	}
	a.cells[len(a.cells)-1] = extra
	return nil
}

// A member is a documented member of the answer. It has a cell, or members of its own, or is omitted because another column
// has it. Everything else in an answer is kept for enrich_extra, so that nothing is lost:
//
//   - A cell takes any value: a string without its escapes, null as "", anything else as its JSON text.
//   - If a member that should be an object is something else, or one that is omitted has another type than documented, its
//     value is kept, unless it is null.
//   - If a documented member is repeated, the last one counts, with all its members. Other members are all kept.
type member struct {
	name    string // "" for the root
	cell    *string
	omit    func(value string) bool
	members []*member
	next    int // index at which named starts: members mostly come in the documented order

	seen       bool   // the answer had it already
	unexpected string // its value, if that is not of the documented type
	extra      []byte // its members that are not documented, each followed by a comma
}

// at returns the member at a path of names joined with dots, and creates it if it is missing.
func (m *member) at(path string) *member {
	name, below, nested := strings.Cut(path, ".")
	child := m.named(name)
	if child == nil {
		child = &member{name: name}
		m.members = append(m.members, child)
	}
	if nested {
		return child.at(below)
	}
	return child
}

// named returns the documented member of a name, or nil.
func (m *member) named(name string) *member {
	for range m.members {
		if m.next >= len(m.members) {
			m.next = 0
		}
		child := m.members[m.next]
		m.next++
		if child.name == name {
			return child
		}
	}
	return nil
}

// read reads the members of the object that the scanner has entered.
func (m *member) read(scan *jsonscan.Scanner[string]) {
	for name, ok := scan.Member(); ok; name, ok = scan.Member() {
		child := m.named(name)
		switch {
		case child == nil:
			m.extra = append(append(append(append(m.extra, scan.RawName()...), ':'), scan.Value()...), ',')
		case child.cell != nil:
			*child.cell, _ = jsonscan.ToText(scan.Value())
		default:
			child.readValue(scan)
		}
	}
}

// readValue reads the value of a member without a cell.
func (m *member) readValue(scan *jsonscan.Scanner[string]) {
	if m.seen {
		m.reset()
	}
	m.seen = true
	if m.omit == nil && scan.Object() {
		m.read(scan)
		return
	}
	if value := scan.Value(); value != "" && value != "null" && (m.omit == nil || !m.omit(value)) {
		m.unexpected = value
	}
}

// reset forgets what was read.
func (m *member) reset() {
	m.seen, m.unexpected, m.extra, m.next = false, "", m.extra[:0], 0
	for _, child := range m.members {
		if child.cell != nil {
			*child.cell = ""
		} else if child.seen {
			child.reset()
		}
	}
}

// appendExtra appends what has no column, in the structure of the answer and with commas between the members.
func (m *member) appendExtra(b []byte) []byte {
	from := len(b)
	b = append(b, m.extra...)
	for _, child := range m.members {
		if child.cell != nil {
			continue
		}
		before := len(b)
		b = append(append(append(b, '"'), child.name...), `":`...)
		value := len(b)
		if child.unexpected != "" {
			b = append(b, child.unexpected...)
		} else if b = child.appendExtra(append(b, '{')); len(b) > value+1 {
			b = append(b, '}')
		} else {
			b = b[:before]
			continue
		}
		b = append(b, ',')
	}
	if len(b) > from {
		b = b[:len(b)-1]
	}
	return b
}
