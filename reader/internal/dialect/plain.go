package dialect

import (
	"math/bits"
	"strings"

	"enrich/internal/quoting"
)

// Plain is the fast path of Record for a record as most are: it has as many cells as there are in cells, each of them bare and
// without a quote in it, or quoted with nothing between the closing quote and what must follow. The record begins at an index of
// text. Plain sets cells, which are views of text, Lines and Escaped, and returns where the record ends, with its line end; -1 if
// it is not such a record, or too near to the end of text to know: then Record finds its cells. It does not set Spans.
func (s *Scanner) Plain(text string, from int, cells []string) (next int) {
	if !s.hasPlain {
		return -1
	}
	s.Lines, s.Escaped = 0, s.Escaped[:0]
	start, end, quoted := from, -1, false
	for n := 0; ; n++ {
		if n, from, end = s.bareCells(cells, n, text, from); end < 0 || n >= len(cells) {
			return -1
		}
		to := end
		if s.class[text[end]] == isQuote {
			if quoted, from = true, from+1; end >= from {
				return -1
			}
			if to = s.closingQuote(n, text, from); to < 0 {
				return -1
			}
			end = to + 1
		}
		cells[n] = text[from:to]
		if text[end] == s.delimiter {
			from = end + 1
			continue
		}
		if text[end] == '\r' && end < len(text)-1 {
			end++
		}
		if text[end] != '\n' || n < len(cells)-1 {
			return -1
		}
		if quoted {
			s.Lines = strings.Count(text[start:end], "\n")
		}
		return end + 1
	}
}

// bareCells takes bare cells that a delimiter follows, the first of which begins at from. They are added to the first n cells. It returns
// how many there are then, where the next cell begins, and the next byte that has a meaning; -1 if it is too near to the end.
func (s *Scanner) bareCells(cells []string, n int, text string, from int) (count, next, end int) {
	for at := from; at < len(text)-7; at += 8 {
		for low := s.low(quoting.Word(text[at:])); low != 0; low &= low - 1 {
			to := at + bits.TrailingZeros64(low)>>3
			switch b := text[to]; {
			case b == s.delimiter && uint(n) < uint(len(cells)):
				cells[n] = text[from:to]
				n, from = n+1, to+1
			case s.class[b] != ordinary:
				return n, from, to
			}
		}
	}
	return n, from, -1
}

// closingQuote returns where the quote is that closes cell n, whose text begins at from; -1 if that is not known. It notes an escaped cell.
func (s *Scanner) closingQuote(n int, text string, from int) int {
	for at, escaped := from, false; ; at += 2 {
		i := strings.IndexByte(text[at:], s.Quote)
		if at += i; i < 0 || at+1 >= len(text) {
			return -1
		}
		if text[at+1] != s.Quote {
			if escaped {
				s.Escaped = append(s.Escaped, n)
			}
			return at
		}
		escaped = true
	}
}
