package jsonrows

// str steps over a string.
func (s *jsonScanner) str() verdict {
	s.escaped = false
	text, at := s.text, s.at+1
	for at < len(text) {
		switch b := text[at]; {
		case b == '"':
			s.at = at + 1
			return valueWhole
		case b == '\\':
			s.at, s.escaped = at, true
			if v := s.escape(); v != valueWhole {
				return v
			}
			at = s.at
		case b < ' ':
			s.at = at
			return valueWrong
		default:
			at++
		}
	}
	s.at = at
	return valueShort
}

// escape steps over what begins with a backslash.
func (s *jsonScanner) escape() verdict {
	if s.at+1 >= len(s.text) {
		s.at = len(s.text)
		return valueShort
	}
	switch s.text[s.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return valueWhole
	case 'u':
		s.at += 2
		return s.hex()
	}
	s.at++
	return valueWrong
}

// hex steps over four hexadecimal digits.
func (s *jsonScanner) hex() verdict {
	for range 4 {
		if s.at >= len(s.text) {
			return valueShort
		}
		if b := s.text[s.at]; !(isDigit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F') {
			return valueWrong
		}
		s.at++
	}
	return valueWhole
}

// number steps over a number.
func (s *jsonScanner) number() verdict {
	if s.text[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.text) && s.text[s.at] == '0' {
		s.at++
	} else if v := s.digits(); v != valueWhole {
		return v
	}
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		if v := s.digits(); v != valueWhole {
			return v
		}
	}
	if s.at < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') {
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		return s.digits()
	}
	return valueWhole
}

// digits steps over one digit or more.
func (s *jsonScanner) digits() verdict {
	if s.at >= len(s.text) {
		return valueShort
	}
	if !isDigit(s.text[s.at]) {
		return valueWrong
	}
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return valueWhole
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// literal steps over true, false or null.
func (s *jsonScanner) literal(word string) verdict {
	for i := range len(word) {
		if s.at >= len(s.text) {
			return valueShort
		}
		if s.text[s.at] != word[i] {
			return valueWrong
		}
		s.at++
	}
	return valueWhole
}
