package dialect

import (
	"bytes"
	"strings"
)

// quoted takes a cell with quotes around it, and stops after the closing quote and the blanks that follow it.
func (s *Scanner) quoted(text []byte, open int, atEOF bool) (at int, f Fault) {
	escaped := false
	at = open + 1
	for {
		i := s.NextQuote(text[at:])
		if i < 0 {
			if atEOF {
				return open, UnclosedQuote
			}
			return open, Incomplete
		}
		at += i
		if s.Backslash && text[at] == '\\' {
			escaped = true
			if at += 2; at > len(text) {
				at = len(text)
			}
			continue
		}
		if at+1 == len(text) && !atEOF {
			return open, Incomplete
		}
		if at+1 < len(text) && text[at+1] == s.Quote {
			escaped = true
			at += 2
			continue
		}
		break
	}
	end := at + 1
	if end >= len(text) || s.class[text[end]] != isLF && s.class[text[end]] != isDelimiter || len(s.Delimiter) > 1 {
		if end, f = s.AfterQuote(text, end, atEOF); f != NoFault {
			return open, f
		}
	}
	s.Lines += s.LineEnds(text[open+1 : at])
	s.Spans = append(s.Spans, Span{From: open + 1, To: at, Escaped: escaped})
	return end, NoFault
}

// QuoteAt reports whether there is a quote at an index. If an incomplete record ends at one, that quote is open.
func (s *Scanner) QuoteAt(text []byte, at int) bool {
	return at < len(text) && s.Quote != 0 && text[at] == s.Quote
}

// NextQuote returns the index of the next quote or, if backslashes escape quotes, of the next quote or backslash; -1 if
// there is none.
func (s *Scanner) NextQuote(text []byte) int {
	if s.Backslash {
		return bytes.IndexAny(text, s.stops)
	}
	return bytes.IndexByte(text, s.Quote)
}

// AfterQuote steps over the blanks after a closing quote, to what must follow: a delimiter, a line end or the end.
func (s *Scanner) AfterQuote(text []byte, at int, atEOF bool) (int, Fault) {
	for ; at < len(text); at++ {
		switch s.class[text[at]] {
		case isDelimiter:
			if !s.delimiterAt(text, at) {
				return at, TextAfterQuote
			}
			return at, NoFault
		case isLF:
			return at, NoFault
		case isCR:
			ends, known := s.crEndsLine(text, at, atEOF)
			switch {
			case !known:
				return at, Incomplete
			case !ends:
				return at, TextAfterQuote
			}
			return at, NoFault
		}
		if b := text[at]; b != ' ' && b != '\t' {
			return at, TextAfterQuote
		}
	}
	if !atEOF {
		return at, Incomplete
	}
	return at, NoFault
}

// LineEnds counts the line ends within a cell.
func (s *Scanner) LineEnds(cell []byte) int {
	n := 0
	for rest := cell; ; n++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	if s.CR {
		n += bytes.Count(cell, []byte{'\r'}) - bytes.Count(cell, []byte("\r\n"))
	}
	return n
}

// Unescape appends to b the text of a cell that has doubled or escaped quotes.
func (s *Scanner) Unescape(b []byte, cell string) []byte {
	for {
		i := strings.IndexByte(cell, s.Quote)
		if s.Backslash {
			i = strings.IndexAny(cell, string([]byte{s.Quote, '\\'}))
		}
		if i < 0 || i+1 == len(cell) {
			return append(b, cell...)
		}
		if s.escapes(cell[i], cell[i+1]) {
			b = append(append(b, cell[:i]...), cell[i+1])
		} else {
			b = append(b, cell[:i+2]...)
		}
		cell = cell[i+2:]
	}
}

// escapes reports whether the first byte escapes the next one, within quotes.
func (s *Scanner) escapes(b, next byte) bool {
	return b == s.Quote && next == s.Quote || b == '\\' && s.Backslash && (next == s.Quote || next == '\\')
}
