package jsonrows

// maxDepth is how deep a row's JSON may be nested; deeper is refused. It is far beyond any lead and within what other
// programs read.
const maxDepth = 512

// A verdict is what a jsonScanner says of a text.
type verdict uint8

const (
	valueWhole verdict = iota // one JSON value
	valueShort                // the beginning of one
	valueWrong                // neither
	valueDeep                 // nested deeper than maxDepth
)

// A piece is a stretch of a text: from its first byte to behind its last.
type piece struct{ from, to int }

func (s piece) of(text string) string { return text[s.from:s.to] }

// A member is one member of an object: its name between the quotes, and its value.
type member struct {
	name, value piece
	// escaped says that the name has escapes.
	escaped bool
}

// A jsonScanner steps over one JSON value, checking it by RFC 8259 to the letter, and notes where the members of an object
// stand. It does not recurse, builds nothing, and does not look whether the bytes are UTF-8.
//
// It is not encoding/json.Valid and gjson one after the other, because it must also say where a text goes wrong and
// whether it could go on, which is what finds the next row after a broken one; and it is as fast as the first alone.
type jsonScanner struct {
	text    []byte
	at      int
	members []member // of the outermost object, in order
	depth   int
	// objects has a bit for each open object or array: 1 for an object.
	objects [(maxDepth + 63) / 64]uint64
	object  bool // the value is one
	escaped bool // the string stepped over last has escapes
}

// scan steps over the value at the start of text, after white space, and returns where it ends: where a wrong text is
// wrong first, where a short one ends. A number at the end of text is whole, though digits may follow it.
func (s *jsonScanner) scan(text []byte) (int, verdict) {
	s.text, s.at, s.members, s.depth, s.object = text, 0, s.members[:0], 0, false
	for {
		v := s.begin()
		if v == valueWhole {
			v = s.end()
		}
		if v != valueNext {
			return s.at, v
		}
	}
}

// valueNext says that another value follows.
const valueNext verdict = 255

// begin steps over a scalar or an empty container, or into a container up to its first value.
func (s *jsonScanner) begin() verdict {
	b, ok := s.peek()
	if !ok {
		return valueShort
	}
	if s.depth == 1 && s.inObject() {
		s.members[len(s.members)-1].value.from = s.at
	}
	switch {
	case b == '"':
		return s.str()
	case b == '{', b == '[':
		return s.open(b == '{')
	case b == '-', b >= '0' && b <= '9':
		return s.number()
	case b == 't':
		return s.literal("true")
	case b == 'f':
		return s.literal("false")
	case b == 'n':
		return s.literal("null")
	}
	return valueWrong
}

// open steps into a container; an empty one is stepped over by end, which sees it closed.
func (s *jsonScanner) open(object bool) verdict {
	if s.depth == maxDepth {
		return valueDeep
	}
	word, bit := s.depth/64, uint64(1)<<(s.depth%64)
	s.objects[word] &^= bit
	if object {
		s.objects[word] |= bit
	}
	s.object = s.object || object && s.depth == 0
	s.depth++
	s.at++
	b, ok := s.peek()
	switch {
	case !ok:
		return valueShort
	case object && b == '}', !object && b == ']':
		return valueWhole
	case object:
		return s.name()
	}
	return valueNext
}

// isObject says whether the value that was scanned is an object.
func (s *jsonScanner) isObject() bool { return s.object }

// inObject says whether the innermost container is an object.
func (s *jsonScanner) inObject() bool {
	at := s.depth - 1
	return at >= 0 && s.objects[at/64]&(1<<(at%64)) != 0
}

// name steps over a member's name and the colon.
func (s *jsonScanner) name() verdict {
	b, ok := s.peek()
	if !ok {
		return valueShort
	}
	if b != '"' {
		return valueWrong
	}
	from := s.at + 1
	if v := s.str(); v != valueWhole {
		return v
	}
	if s.depth == 1 {
		s.members = append(s.members, member{name: piece{from, s.at - 1}, escaped: s.escaped})
	}
	if b, ok = s.peek(); !ok {
		return valueShort
	}
	if b != ':' {
		return valueWrong
	}
	s.at++
	return valueNext
}

// end is behind a value: it closes what closes here, and steps to the next value.
func (s *jsonScanner) end() verdict {
	for s.depth > 0 {
		object := s.inObject()
		if s.depth == 1 && object && len(s.members) > 0 && s.members[len(s.members)-1].value.to == 0 {
			s.members[len(s.members)-1].value.to = s.at
		}
		b, ok := s.peek()
		switch {
		case !ok:
			return valueShort
		case b == ',':
			s.at++
			if object {
				return s.name()
			}
			return valueNext
		case b != '}' && b != ']', (b == '}') != object:
			return valueWrong
		}
		s.at++
		s.depth--
	}
	return valueWhole
}

// peek skips white space.
func (s *jsonScanner) peek() (byte, bool) {
	for s.at < len(s.text) {
		switch b := s.text[s.at]; b {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return b, true
		}
	}
	return 0, false
}
