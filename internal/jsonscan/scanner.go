package jsonscan

import "enrich/internal/quoting"

// MaxDepth is the default limit of nesting, the same as that of encoding/json.
const MaxDepth = 10000

// Text is what can be scanned. The pieces that a scanner returns share its memory.
type Text interface{ []byte | string }

// A Status is what a scanner found a text to be, as far as it has read it.
type Status uint8

// The states of a text.
const (
	Valid     Status = iota
	Truncated        // the text ends within a value
	Malformed        // the text is wrong at Offset, whatever follows
	TooDeep          // the container at Offset is nested deeper than the limit
)

// A Scanner steps through one JSON text. The zero value scans an empty text; call [Scanner.Reset] first.
//
//	s.Object()
//	for name, ok := s.Member(); ok; name, ok = s.Member() {
//		use(name, s.Value()) // or step into the value
//	}
//	valid := s.End()
//
// After an error, all methods return zero values.
type Scanner[T Text] struct {
	text   T
	at     int
	status Status
	depth  int
	limit  int
	// objects has a bit for each container that is open within Value: 1 for an object.
	objects []uint64
	first   bool // a container was entered, and nothing in it has been read
	spaced  bool
	escaped bool // the string that was read last has escapes
	// nameFrom and nameTo are where the last member's name is, with its quotes.
	nameFrom, nameTo int
}

// Reset starts a new text, keeping what the scanner allocated. maxDepth is how deep values may be nested.
func (s *Scanner[T]) Reset(text T, maxDepth int) {
	*s = Scanner[T]{text: text, limit: maxDepth, objects: s.objects}
}

// Status says whether what was read is valid.
func (s *Scanner[T]) Status() Status { return s.status }

// Offset is how many bytes were read. After an error it is the place of the first wrong byte, or the end of a truncated text.
func (s *Scanner[T]) Offset() int { return s.at }

// Spaced reports whether white space was read between tokens.
func (s *Scanner[T]) Spaced() bool { return s.spaced }

// End reports whether the text is valid and only white space is left.
func (s *Scanner[T]) End() bool {
	return s.Peek() == 0 && s.status == Valid && s.at == len(s.text)
}

// Peek skips white space and returns the next byte, 0 at the end.
func (s *Scanner[T]) Peek() byte {
	if s.status != Valid {
		return 0
	}
	return s.peek()
}

func (s *Scanner[T]) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		b := s.text[s.at]
		if b > ' ' || !isSpace(b) {
			return b
		}
		s.spaced = true
	}
	return 0
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// Object steps into the object that is the next value. It returns false, and reads nothing, if that is not an object.
func (s *Scanner[T]) Object() bool { return s.enter('{') }

// Array steps into the array that is the next value. It returns false, and reads nothing, if that is not an array.
func (s *Scanner[T]) Array() bool { return s.enter('[') }

func (s *Scanner[T]) enter(bracket byte) bool {
	if s.Peek() != bracket || !s.deeper() {
		return false
	}
	s.first = true
	return true
}

// deeper steps over an opening bracket.
func (s *Scanner[T]) deeper() bool {
	if s.depth == s.limit {
		s.status = TooDeep
		return false
	}
	s.depth++
	s.at++
	return true
}

// Member steps to the value of the object's next member and returns the member's name, unquoted. At the end of the object it
// steps out of it and returns false. If no object was entered, the text is malformed.
func (s *Scanner[T]) Member() (name T, ok bool) {
	if !s.more('}') {
		return name, false
	}
	s.nameFrom, s.nameTo = s.name()
	switch {
	case s.status != Valid:
		return name, false
	case s.escaped:
		text, _ := Unquote(s.RawName())
		return T(text), true
	}
	return s.text[s.nameFrom+1 : s.nameTo-1], true
}

// MemberIs steps to the value of the object's next member if the text goes on with exactly this: a comma, which the first member
// lacks, a name in quotes, and a colon. If not, it reads nothing, and the next member may still have that name, written in
// another way. For callers that know what comes next it is a quick way instead of [Scanner.Member].
func (s *Scanner[T]) MemberIs(member string) bool {
	if s.first {
		member = member[len(","):]
	}
	to := s.at + len(member)
	if s.status != Valid || s.depth == 0 || to > len(s.text) || string(s.text[s.at:to]) != member {
		return false
	}
	s.nameFrom, s.nameTo = to-len(member), to-len(":")
	if !s.first {
		s.nameFrom += len(",")
	}
	s.at, s.first, s.escaped = to, false, false
	return true
}

// RawName returns the name that Member returned last as it is in the text, with its quotes.
func (s *Scanner[T]) RawName() T { return s.text[s.nameFrom:s.nameTo] }

// Element steps to the array's next element. At the end of the array it steps out of it and returns false.
func (s *Scanner[T]) Element() bool { return s.more(']') }

// more steps over a comma, or out of the container.
func (s *Scanner[T]) more(bracket byte) bool {
	first := s.first
	s.first = false
	if s.status != Valid {
		return false
	}
	switch b := s.peek(); {
	case s.depth == 0: // nothing was entered
		return s.fail()
	case b == bracket:
		s.at++
		s.depth--
		return false
	case first:
		return true
	case b == ',':
		s.at++
		return true
	}
	return s.fail()
}

// Value steps over the next value and returns its text.
func (s *Scanner[T]) Value() (value T) {
	if s.status != Valid {
		return value
	}
	s.peek()
	from := s.at
	s.skipValue()
	if s.status != Valid {
		return value
	}
	return s.text[from:s.at]
}

// Text steps over the next value and returns it as [ToText] does.
func (s *Scanner[T]) Text() string {
	if s.status == Valid && s.is('"') { // most values are strings without escapes, and nothing is before them
		from := s.at + 1
		if to := quoting.Index(s.text, from, '\\'); to < len(s.text) && s.text[to] == '"' {
			s.at, s.escaped = to+1, false
			return string(s.text[from:to])
		}
	}
	text, _ := ToText(s.Value())
	return text
}

// skipValue steps over a value of any depth.
func (s *Scanner[T]) skipValue() {
	outside := s.depth
	for {
		entered := s.begin()
		if !entered && !s.next(outside) {
			return
		}
	}
}

// begin steps over a scalar or an empty array or object up to its closing bracket, and returns false; or into a container
// up to its first value, and returns true.
func (s *Scanner[T]) begin() bool {
	switch b := s.peek(); {
	case b == '"':
		s.str()
	case b == '{', b == '[':
		return s.open(b == '{')
	case b == '-', isDigit(b):
		s.number()
	case b == 't':
		s.literal("true")
	case b == 'f':
		s.literal("false")
	case b == 'n':
		s.literal("null")
	default:
		s.fail()
	}
	return false
}

// open steps into a container.
func (s *Scanner[T]) open(object bool) bool {
	if !s.deeper() {
		return false
	}
	word, bit := (s.depth-1)/64, uint64(1)<<((s.depth-1)%64)
	for len(s.objects) <= word {
		s.objects = append(s.objects, 0)
	}
	s.objects[word] &^= bit
	if object {
		s.objects[word] |= bit
	}
	switch b := s.peek(); {
	case s.at == len(s.text):
		return s.fail()
	case object && b == '}', !object && b == ']':
		return false
	case object:
		s.name()
		return s.status == Valid
	}
	return true
}

// next steps from the end of a value to the next value, out of the containers that end here. It returns false if the value
// was the last one inside of a depth.
func (s *Scanner[T]) next(outside int) bool {
	for s.status == Valid && s.depth > outside {
		object := s.objects[(s.depth-1)/64]&(1<<((s.depth-1)%64)) != 0
		switch b := s.peek(); {
		case b == ',':
			s.at++
			if object {
				s.name()
			}
			return s.status == Valid
		case b == '}' && object, b == ']' && !object:
			s.at++
			s.depth--
		default:
			s.fail()
		}
	}
	return false
}

// name steps over a member's name and the colon. It returns where the name is, with its quotes.
func (s *Scanner[T]) name() (from, to int) {
	if s.peek() != '"' {
		s.fail()
		return 0, 0
	}
	from = s.at
	if !s.str() {
		return 0, 0
	}
	to = s.at
	if s.peek() != ':' {
		s.fail()
		return 0, 0
	}
	s.at++
	return from, to
}

// fail ends the scan: the byte that comes is wrong, or none does.
func (s *Scanner[T]) fail() bool {
	s.status = Malformed
	if s.at >= len(s.text) {
		s.at, s.status = len(s.text), Truncated
	}
	return false
}
