package writer

import "strings"

// A node is a documented member of the answer: a leaf, which is a cell; an object with members; or one that is told
// elsewhere. What is not documented, or has another shape than documented, is kept and comes out by appendRest, so
// that nothing of an answer is lost:
//
//   - a leaf takes any value: a string unescaped, null as nothing, anything else as its JSON text;
//   - a member that should be an object and is none, and one that is told elsewhere but has another shape, is kept
//     as it is, unless it is null;
//   - a member that stands twice counts as the last one says, with all that is in it; undocumented ones are all kept.
type node struct {
	name  string // "" for the root
	leaf  *string
	told  func(value string) bool // says whether a value is told elsewhere
	kids  []*node
	guess int // members mostly come in the documented order

	odd  string // the value as it stands, where it has not the documented shape
	rest []byte // the members of an object that are not documented, each followed by a comma
}

// at returns the node at a path of names joined with dots, making it where it is not there yet.
func (n *node) at(path string) *node {
	name, below, deeper := strings.Cut(path, ".")
	kid := n.kid(name)
	if kid == nil {
		kid = &node{name: name}
		n.kids = append(n.kids, kid)
	}
	if deeper {
		return kid.at(below)
	}
	return kid
}

func (n *node) kid(name string) *node {
	for range n.kids {
		if n.guess >= len(n.kids) {
			n.guess = 0
		}
		kid := n.kids[n.guess]
		n.guess++
		if kid.name == name {
			return kid
		}
	}
	return nil
}

// read reads the members of an object that was entered.
func (n *node) read(scan *cursor) {
	n.reset()
	for !scan.bad {
		quoted, more := scan.member()
		if !more {
			return
		}
		if kid := n.kid(unquote(quoted)); kid != nil {
			kid.take(scan)
			continue
		}
		n.rest = append(append(append(append(n.rest, quoted...), ':'), scan.value()...), ',')
	}
}

// take reads the value of a documented member.
func (n *node) take(scan *cursor) {
	switch {
	case n.leaf != nil:
		if value := scan.value(); value != "" {
			*n.leaf = plain(value)
		}
	case n.told == nil && scan.peek() == '{':
		scan.enter()
		n.read(scan)
	default:
		n.reset()
		if value := scan.value(); value != "" && value != "null" && (n.told == nil || !n.told(value)) {
			n.odd = value
		}
	}
}

// reset forgets what was read, here and below.
func (n *node) reset() {
	n.odd, n.rest, n.guess = "", n.rest[:0], 0
	if n.leaf != nil {
		*n.leaf = ""
	}
	for _, kid := range n.kids {
		kid.reset()
	}
}

// appendRest appends the members that are no cells and are told nowhere else, in the structure of the answer, with
// commas between them.
func (n *node) appendRest(b []byte) []byte {
	from := len(b)
	b = append(b, n.rest...)
	for _, kid := range n.kids {
		if kid.leaf != nil {
			continue
		}
		before := len(b)
		b = append(append(append(b, '"'), kid.name...), `":`...)
		value := len(b)
		if kid.odd != "" {
			b = append(b, kid.odd...)
		} else if b = kid.appendRest(append(b, '{')); len(b) > value+1 {
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
