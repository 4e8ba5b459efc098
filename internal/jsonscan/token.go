package jsonscan

import "enrich/internal/quoting"

// str steps over a string.
func (s *Scanner[T]) str() bool {
	s.escaped = false
	text, at := s.text, s.at+1
	for {
		at = quoting.Index(text, at, '\\')
		s.at = at
		switch {
		case at == len(text) || text[at] < ' ':
			return s.fail()
		case text[at] == '"':
			s.at++
			return true
		case !s.escape():
			return false
		}
		at = s.at
	}
}

// escape steps over a backslash and what it escapes.
func (s *Scanner[T]) escape() bool {
	s.escaped = true
	s.at++
	if s.at >= len(s.text) {
		return s.fail()
	}
	b := s.text[s.at]
	if b != 'u' && escapes[b] == 0 {
		return s.fail()
	}
	s.at++
	for range 4 {
		if b != 'u' {
			break
		}
		if s.at >= len(s.text) || !isHex(s.text[s.at]) {
			return s.fail()
		}
		s.at++
	}
	return true
}

// escapes has what follows a backslash, and what it means.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func isHex(b byte) bool { return isDigit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// number steps over a number.
func (s *Scanner[T]) number() bool {
	if s.is('-') {
		s.at++
	}
	if s.is('0') {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.is('.') {
		s.at++
		if !s.digits() {
			return false
		}
	}
	if s.is('e') || s.is('E') {
		s.at++
		if s.is('+') || s.is('-') {
			s.at++
		}
		return s.digits()
	}
	return true
}

// is reports whether a byte comes next.
func (s *Scanner[T]) is(b byte) bool { return s.at < len(s.text) && s.text[s.at] == b }

// digits steps over one digit or more.
func (s *Scanner[T]) digits() bool {
	if s.at >= len(s.text) || !isDigit(s.text[s.at]) {
		return s.fail()
	}
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return true
}

// literal steps over true, false or null.
func (s *Scanner[T]) literal(word string) bool {
	for i := range len(word) {
		if !s.is(word[i]) {
			return s.fail()
		}
		s.at++
	}
	return true
}
