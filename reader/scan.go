package reader

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// A span is a cell within the text of its record.
type span struct {
	from, to int
	// escaped says that the cell has doubled or escaped quotes in it.
	escaped bool
}

// A fault is why a record cannot be told apart into cells.
type fault uint8

const (
	// sound: there is none.
	sound fault = iota
	// cut: the record does not end within what there is.
	cut
	// afterQuote: text stands after a closing quote.
	afterQuote
	// unclosed: a quote opens and does not close.
	unclosed
	// crossing: quotes open inside a bare cell and close in a later one.
	crossing
	// remainder: the record looks like the end of a cell that began in a line before.
	remainder
	// tooWide: the record has more than maxColumns cells.
	tooWide
)

// byte classes of the scanner
const (
	ordinary = iota
	isDelimiter
	isQuote
	isLF
	isCR
)

// A scanner tells records apart into cells. It holds no text.
type scanner struct {
	dialect
	class [256]byte
	// above is a byte, at most 0x80, above all that mean something; 0: they are not low enough to make use of it.
	above uint64
	// spans are the cells of the last record, including those before a fault.
	spans []span
	// lines is how many line ends the last record had within quotes.
	lines int
	// odd is how many bare cells had an odd number of quotes.
	odd int
	// stops are the quote and the backslash.
	stops string
}

func newScanner(d dialect) *scanner {
	s := &scanner{dialect: d}
	s.class['\n'], s.class['\r'] = isLF, isCR
	if d.quote != 0 {
		s.class[d.quote] = isQuote
		s.stops = string([]byte{d.quote, '\\'})
	}
	if d.delimiter != "" {
		s.class[d.delimiter[0]] = isDelimiter
	}
	if above := highest(s.class[:]) + 1; above <= '-' {
		s.above = uint64(above)
	}
	return s
}

// highest is the highest byte that means something.
func highest(class []byte) int {
	for b := len(class) - 1; b > 0; b-- {
		if class[b] != ordinary {
			return b
		}
	}
	return 0
}

// record finds the cells of the record that begins text, and returns how many bytes it takes with its line end. atEOF
// says that nothing follows text. cut asks for more text; any other fault is at the cell that would be next.
func (s *scanner) record(text []byte, atEOF bool) (size int, f fault) {
	s.spans, s.lines, s.odd = s.spans[:0], 0, 0
	at := 0
	for {
		if len(s.spans) >= maxColumns {
			return at, tooWide
		}
		from := at
		if s.padded {
			from = s.start(text, at)
		}
		if from < len(text) && s.class[text[from]] == isQuote {
			at, f = s.quoted(text, from, atEOF)
		} else {
			if s.padded {
				at = s.pad(text, at)
			}
			at, f = s.bare(text, at, atEOF)
		}
		if f != sound {
			return at, f
		}
		if at >= len(text) {
			return at, s.cells()
		}
		switch s.class[text[at]] {
		case isDelimiter:
			at += len(s.delimiter)
			continue
		case isCR:
			at++
			for at < len(text) && text[at] == '\r' && !s.cr {
				at++
			}
			if at == len(text) && !atEOF {
				return at, cut // whether a line feed follows is not known yet
			}
			if at < len(text) && text[at] == '\n' {
				at++
			}
			return at, s.cells()
		default:
			return at + 1, s.cells()
		}
	}
}

// cell1 finds one cell, at the start of text, and where it ends: at the delimiter or line end behind it. If it does not end
// within text, end is its quote, or the end of text. first says that no cell is before it in the record.
func (s *scanner) cell1(text []byte, first, atEOF bool) (cell span, end int, f fault) {
	s.spans, s.lines, s.odd = s.spans[:0], 0, 0
	if !first {
		s.spans = append(s.spans, span{}) // the padding belongs to the delimiter behind it
	}
	from := 0
	if s.padded {
		from = s.start(text, 0)
	}
	if s.quotes(text, from) {
		end, f = s.quoted(text, from, atEOF)
	} else {
		if s.padded {
			from = s.pad(text, 0)
		}
		end, f = s.bare(text, from, atEOF)
	}
	if f == sound {
		cell = s.spans[len(s.spans)-1]
	}
	return cell, end, f
}

// cells is the verdict on a record that was read to its end.
func (s *scanner) cells() fault {
	if s.odd > 1 {
		return crossing
	}
	return sound
}

// start is where a quote would stand that opens the cell: behind the padding.
func (s *scanner) start(text []byte, at int) int {
	if len(s.spans) > 0 {
		for at < len(text) && text[at] == ' ' {
			at++
		}
	}
	return at
}

// pad steps over the one space that belongs to the delimiter.
func (s *scanner) pad(text []byte, at int) int {
	if len(s.spans) > 0 && at < len(text) && text[at] == ' ' {
		return at + 1
	}
	return at
}

// bare takes a cell without quotes around it, and stops at the delimiter or line end behind it.
func (s *scanner) bare(text []byte, from int, atEOF bool) (int, fault) {
	quotes, class := 0, &s.class
	for at := from; ; at++ {
		at = s.plainTo(text, at)
		if at >= len(text) {
			if !atEOF {
				return at, cut
			}
			return s.cell(from, at, quotes), sound
		}
		switch class[text[at]] {
		case isQuote:
			quotes++
			continue
		case isDelimiter:
			if !s.delimits(text, at) {
				continue
			}
		case isCR:
			if ends, known := s.returns(text, at, atEOF); !known {
				return at, cut
			} else if !ends {
				continue
			}
		}
		return s.cell(from, at, quotes), sound
	}
}

// plainTo steps over bytes that mean nothing. Most bytes of a cell are above all that do, where the delimiter is a comma or a
// tab: eight of them are looked at in one go.
func (s *scanner) plainTo(text []byte, at int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	if s.above > 0 {
		for at+8 <= len(text) {
			word := binary.LittleEndian.Uint64(text[at:])
			below := (word - ones*s.above) &^ word & highs
			if below == 0 {
				at += 8
				continue
			}
			at += bits.TrailingZeros64(below) >> 3
			if s.class[text[at]] != ordinary {
				return at
			}
			at++
		}
	}
	for at < len(text) && s.class[text[at]] == ordinary {
		at++
	}
	return at
}

// cell adds a bare cell and returns its end.
func (s *scanner) cell(from, to, quotes int) int {
	s.odd += quotes & 1
	s.spans = append(s.spans, span{from: from, to: to})
	return to
}

// delimits says whether the delimiter stands here, of which the first byte does.
func (s *scanner) delimits(text []byte, at int) bool {
	return len(s.delimiter) == 1 || bytes.HasPrefix(text[at:], []byte(s.delimiter))
}

// returns says whether a carriage return ends the line: always where that is the dialect, else before a line feed.
func (s *scanner) returns(text []byte, at int, atEOF bool) (ends, known bool) {
	if s.cr {
		return true, true
	}
	for at < len(text) && text[at] == '\r' {
		at++
	}
	if at == len(text) {
		return atEOF, atEOF
	}
	return text[at] == '\n', true
}
