package reader

import (
	"bytes"
	"strings"
)

// quoted takes a cell with quotes around it, and stops behind the closing one and the blanks that follow it.
func (s *scanner) quoted(text []byte, open int, atEOF bool) (at int, f fault) {
	escaped := false
	at = open + 1
	for {
		i := s.stop(text[at:])
		if i < 0 {
			if atEOF {
				return open, unclosed
			}
			return open, cut
		}
		at += i
		if s.backslash && text[at] == '\\' { // stop is there too
			escaped = true
			if at += 2; at > len(text) {
				at = len(text)
			}
			continue
		}
		if at+1 == len(text) && !atEOF {
			return open, cut
		}
		if at+1 < len(text) && text[at+1] == s.quote {
			escaped = true
			at += 2
			continue
		}
		break
	}
	end := at + 1
	if end >= len(text) || s.class[text[end]] != isDelimiter || len(s.delimiter) > 1 {
		if end, f = s.behind(text, end, atEOF); f != sound {
			return open, f
		}
	}
	s.lines += s.lineEnds(text[open+1 : at])
	s.spans = append(s.spans, span{from: open + 1, to: at, escaped: escaped})
	return end, sound
}

// quotes says whether a quote stands here: where a record is cut at one, that quote is open.
func (s *scanner) quotes(text []byte, at int) bool {
	return at < len(text) && s.quote != 0 && text[at] == s.quote
}

// behind steps over blanks between a closing quote and what must follow it: a delimiter, a line end or the end.
func (s *scanner) behind(text []byte, at int, atEOF bool) (int, fault) {
	for ; at < len(text); at++ {
		switch s.class[text[at]] {
		case isDelimiter:
			if !s.delimits(text, at) {
				return at, afterQuote
			}
			return at, sound
		case isLF:
			return at, sound
		case isCR:
			ends, known := s.returns(text, at, atEOF)
			switch {
			case !known:
				return at, cut
			case !ends:
				return at, afterQuote
			}
			return at, sound
		}
		if b := text[at]; b != ' ' && b != '\t' {
			return at, afterQuote
		}
	}
	if !atEOF {
		return at, cut
	}
	return at, sound
}

// lineEnds counts the line ends within a cell.
func (s *scanner) lineEnds(cell []byte) int {
	n := 0
	for rest := cell; ; n++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	if s.cr {
		n += bytes.Count(cell, []byte{'\r'}) - bytes.Count(cell, []byte("\r\n"))
	}
	return n
}

// unescape appends the text of a cell with doubled or escaped quotes.
func (s *scanner) unescape(b []byte, cell string) []byte {
	for {
		i := strings.IndexByte(cell, s.quote)
		if s.backslash {
			i = strings.IndexAny(cell, string([]byte{s.quote, '\\'}))
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

// escapes says whether the first byte escapes the next one, within quotes.
func (s *scanner) escapes(b, next byte) bool {
	return b == s.quote && next == s.quote || b == '\\' && s.backslash && (next == s.quote || next == '\\')
}
