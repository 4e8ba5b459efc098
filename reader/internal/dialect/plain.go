package dialect

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// plain is the fast path of Record for cells as most are: bare ones without a quote in them, and quoted ones of one line without another
// quote. It takes cells up to the first one that is not such, that is too near to the end of text, or for which Spans has no room, and
// returns where that one begins. ended says that the record ended before it.
func (s *Scanner) plain(text []byte, from int) (next int, ended bool) {
	if s.lows == 0 || s.Padded {
		return from, false
	}
	spans := s.Spans[:min(cap(s.Spans), MaxColumns)]
	n, from, end := s.bareCells(spans, len(s.Spans), text, from)
	for end >= 0 && n < len(spans) {
		cell := Span{From: from, To: end}
		if s.class[text[end]] == isQuote {
			if end = s.plainQuoted(text, from, end); end < 0 {
				break
			}
			cell = Span{From: from + 1, To: end - 1}
		}
		spans[n] = cell
		switch b := text[end]; {
		case b == '\n':
			s.Spans = spans[:n+1]
			return end + 1, true
		case b == '\r' && end+1 < len(text) && text[end+1] == '\n':
			s.Spans = spans[:n+1]
			return end + 2, true
		case s.class[b] != isDelimiter:
			end = -1
		default:
			n, from, end = s.bareCells(spans, n+1, text, end+1)
		}
	}
	s.Spans = s.Spans[:n]
	return from, false
}

// bareCells takes bare cells that a delimiter follows, the first of which begins at from. They are added to the n cells in spans. It
// returns how many there are then, where the next cell begins, and the next byte that has a meaning; -1 if it is too near to the end.
func (s *Scanner) bareCells(spans []Span, n int, text []byte, from int) (cells, next, end int) {
	for at := from; at < len(text)-7; at += 8 {
		for low := s.low(text, at); low != 0; low &= low - 1 {
			to := at + bits.TrailingZeros64(low)>>3
			class := s.class[text[to]]
			if class == ordinary {
				continue
			}
			if class != isDelimiter || n >= len(spans) {
				return n, from, to
			}
			spans[n] = Span{From: from, To: to}
			n, from = n+1, to+1
		}
	}
	return n, from, -1
}

// plainQuoted returns where a quoted cell ends, after its closing quote; -1 if it is not plain. The quote is at an index of the cell that
// begins at from.
func (s *Scanner) plainQuoted(text []byte, from, quote int) int {
	if quote != from || s.Backslash || s.CR {
		return -1
	}
	cell := text[from+1:]
	size := bytes.IndexByte(cell, s.Quote)
	if size < 0 || size+1 == len(cell) || bytes.IndexByte(cell[:size], '\n') >= 0 {
		return -1
	}
	return from + 1 + size + 1
}

// low returns a word in which only the highest bits are set of those of the eight bytes at an index of text that may have a meaning.
func (s *Scanner) low(text []byte, at int) uint64 {
	const highs = 0x8080808080808080
	word := binary.LittleEndian.Uint64((*[8]byte)(text[at:])[:])
	return ^(word&^highs + s.lows | word) & highs
}
