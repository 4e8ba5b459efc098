package writer

import (
	"strings"

	"enrich/internal/jsonscan"
)

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

	seen bool   // it stood in this answer already
	odd  string // the value as it stands, where it has not the documented shape
	rest []byte // the members of an object that are not documented, each followed by a comma
}

// at returns the node at a path of names joined with dots, making it where it is not there yet.
func (n *node) at(path string) *node {
	name, below, deeper := strings.Cut(path, ".")
	kid := n.named(name)
	if kid == nil {
		kid = &node{name: name}
		n.kids = append(n.kids, kid)
	}
	if deeper {
		return kid.at(below)
	}
	return kid
}

// named returns the documented member of a name, or nil.
func (n *node) named(name string) *node {
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

// read reads the members of the object that the scanner has entered.
func (n *node) read(scan *jsonscan.Scanner[string]) {
	for name, ok := scan.Member(); ok; name, ok = scan.Member() {
		kid := n.named(name)
		switch {
		case kid == nil:
			n.rest = append(append(append(append(n.rest, scan.RawName()...), ':'), scan.Value()...), ',')
		case kid.leaf != nil:
			*kid.leaf, _ = jsonscan.ToText(scan.Value())
		default:
			kid.readValue(scan)
		}
	}
}

// readValue reads the value of a documented member that is not a leaf.
func (n *node) readValue(scan *jsonscan.Scanner[string]) {
	if n.seen {
		n.reset()
	}
	n.seen = true
	if n.told == nil && scan.Object() {
		n.read(scan)
		return
	}
	if value := scan.Value(); value != "" && value != "null" && (n.told == nil || !n.told(value)) {
		n.odd = value
	}
}

// reset forgets what was read, here and below.
func (n *node) reset() {
	n.seen, n.odd, n.rest, n.guess = false, "", n.rest[:0], 0
	for _, kid := range n.kids {
		if kid.leaf != nil {
			*kid.leaf = ""
		} else if kid.seen {
			kid.reset()
		}
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
