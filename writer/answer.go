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
	filled []int64  // how many answers had a value in the cell
	root   member
	scan   jsonscan.Scanner[string]
	rest   bool   // the answer may have something that belongs in enrich_extra
	extra  []byte // reused
}

func newAnswer() *answer {
	paths := tags(reflect.TypeFor[ResultRecord](), "api")
	a := &answer{cells: make([]string, len(paths)), filled: make([]int64, len(paths))}
	for i, path := range paths {
		if path != "" {
			a.root.at(path).cell = &a.cells[i]
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
	clear(a.cells)
	a.rest = false
	a.root.reset()
	a.scan.Reset(string(body), math.MaxInt)
	a.scan.Object()
	a.readMembers(&a.root)
	if !a.scan.End() {
		return errNoObject
	}
	for i, value := range a.cells {
		if strings.TrimSpace(value) != "" {
			a.filled[i]++
		}
	}
	a.cells[len(a.cells)-1] = a.restText()
	return nil
}

// restText returns enrich_extra.
func (a *answer) restText() string {
	if !a.rest {
		return ""
	}
	if a.extra = a.root.appendExtra(append(a.extra[:0], '{')); len(a.extra) == 1 {
		return ""
	}
	return string(append(a.extra, '}'))
}

// readMembers reads the members of the object that the scanner has entered.
func (a *answer) readMembers(m *member) {
	var last *member
	for child, ok := m.step(&a.scan, nil); ok; child, ok = m.step(&a.scan, last) {
		switch {
		case child == nil:
			a.rest = true
			m.extra = append(append(append(append(m.extra, a.scan.RawName()...), ':'), a.scan.Value()...), ',')
			continue
		case child.cell != nil:
			*child.cell = a.scan.Text()
		default:
			a.readValue(child)
		}
		last = child
	}
}

// readValue reads the value of a member without a cell.
func (a *answer) readValue(m *member) {
	if m.seen {
		m.clearCells()
	}
	m.reset()
	m.seen = true
	if m.omit == nil && a.scan.Object() {
		a.readMembers(m)
		return
	}
	if value := a.scan.Value(); value != "" && value != "null" && (m.omit == nil || !m.omit(value)) {
		a.rest, m.unexpected = true, value
	}
}

// A member is a member of objects that are read into cells: a column of rows that are objects, or a documented member of the answer,
// of which all is used. It has a cell, or members of its own, or is omitted because another column
// has it. Everything else in an answer is kept for enrich_extra, so that nothing is lost:
//
//   - A cell takes any value: a string without its escapes, null as "", anything else as its JSON text.
//   - If a member that should be an object is something else, or one that is omitted has another type than documented, its
//     value is kept, unless it is null.
//   - If a documented member is repeated, the last one counts, with all its members. Other members are all kept.
type member struct {
	name    string // "" for the root
	written string // the name in quotes, after a comma and before a colon
	cell    *string
	omit    func(value string) bool
	members []*member
	byName  map[string]*member // members

	first, next *member // in the last object: the first of members, and what came after this one in its object

	seen       bool   // the answer has it; if not, the rest is from another answer
	unexpected string // its value, if that is not of the documented type
	extra      []byte // its members that are not documented, each followed by a comma
}

// at returns the member at a path of names joined with dots, and creates it if it is missing.
func (m *member) at(path string) *member {
	name, below, nested := strings.Cut(path, ".")
	child := m.child(name)
	if nested {
		return child.at(below)
	}
	return child
}

// child returns the member of a name, and creates it if it is missing.
func (m *member) child(name string) *member {
	child := m.byName[name]
	if child == nil {
		child = &member{name: name, written: string(append(jsonscan.AppendString([]byte{','}, name), ':'))}
		m.members = append(m.members, child)
		if m.byName == nil {
			m.byName = map[string]*member{}
		}
		m.byName[name] = child
	}
	return child
}

// step steps to the next member of an object that the scanner has entered. It returns nil if no member has its name, and false at the
// end. last is the last one that had a name, nil at the beginning. Objects mostly have the same members in the same order, so the one
// that came next in the last object is tried before all others.
func (m *member) step(scan *jsonscan.Scanner[string], last *member) (child *member, ok bool) {
	expected := &m.first
	if last != nil {
		expected = &last.next
	}
	if child = *expected; child != nil && scan.MemberIs(child.written) {
		return child, true
	}
	name, ok := scan.Member()
	if !ok {
		return nil, false
	}
	if child = m.byName[name]; child != nil {
		*expected = child
	}
	return child, true
}

// reset forgets all of an earlier value but the cells.
func (m *member) reset() {
	m.unexpected, m.extra = "", m.extra[:0]
	for _, child := range m.members {
		child.seen = false
	}
}

// clearCells clears all cells below a member.
func (m *member) clearCells() {
	for _, child := range m.members {
		if child.cell != nil {
			*child.cell = ""
		} else {
			child.clearCells()
		}
	}
}

// appendExtra appends what has no column, in the structure of the answer and with commas between the members.
func (m *member) appendExtra(b []byte) []byte {
	from := len(b)
	b = append(b, m.extra...)
	for _, child := range m.members {
		if !child.seen {
			continue
		}
		before := len(b)
		b = append(b, child.written[1:]...)
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
