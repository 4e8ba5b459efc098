package dialect

import (
	"bytes"
	"math/bits"

	"enrich/internal/quoting"
)

// A Span is a cell within the text of its record.
type Span struct {
	From, To int
	// Escaped says that the cell has doubled or escaped quotes in it (see [Scanner.Unescape]).
	Escaped bool
}

// A Fault is why a record cannot be divided into cells.
type Fault uint8

const (
	// NoFault means that the record is well-formed.
	NoFault Fault = iota
	// Incomplete means that the record does not end within the text given.
	Incomplete
	// TextAfterQuote means that text follows a closing quote.
	TextAfterQuote
	// UnclosedQuote means that a quote opens and does not close.
	UnclosedQuote
	// QuotesAcrossCells means that quotes open inside a bare cell and close in a later one.
	QuotesAcrossCells
	// TooWide means that the record has more than MaxColumns cells.
	TooWide
)

// byte classes of the scanner
const (
	ordinary = iota
	isDelimiter
	isQuote
	isLF
	isCR
)

// A Scanner divides records into cells. It keeps no text.
type Scanner struct {
	Dialect
	class [256]byte
	// lows has the same number in each byte: what added to a byte makes at least 0x80 of it unless it may have a meaning. It is 0 if
	// the bytes that have one are not low enough to make use of it.
	lows uint64
	// delimiter is the only byte of the delimiter, if hasPlain says that there is a fast path for the dialect.
	delimiter byte
	hasPlain  bool
	// Spans are the cells of the last record, including those before a fault.
	Spans []Span
	// Escaped are the cells that Plain found with doubled quotes in them (see [Scanner.Unescape]).
	Escaped []int
	// Lines is how many line ends the last record had within quotes.
	Lines int
	// Odd is how many bare cells of the last record had an odd number of quotes.
	Odd int
	// stops are the quote and the backslash.
	stops string
}

// NewScanner returns a scanner of a dialect.
func NewScanner(d Dialect) *Scanner {
	s := &Scanner{Dialect: d}
	s.class['\n'], s.class['\r'] = isLF, isCR
	if d.Quote != 0 {
		s.class[d.Quote] = isQuote
		s.stops = string([]byte{d.Quote, '\\'})
	}
	if d.Delimiter != "" {
		s.class[d.Delimiter[0]] = isDelimiter
	}
	if above := highest(s.class[:]) + 1; above <= '<' {
		s.lows = 0x0101010101010101 * uint64(0x80-above)
	}
	if s.hasPlain = s.lows != 0 && len(d.Delimiter) == 1 && !d.Padded && !d.Backslash && !d.CR; s.hasPlain {
		s.delimiter = d.Delimiter[0]
	}
	return s
}

// highest returns the highest byte that has a meaning.
func highest(class []byte) int {
	for b := len(class) - 1; b > 0; b-- {
		if class[b] != ordinary {
			return b
		}
	}
	return 0
}

// Record finds the cells of the record that begins text. It returns how many bytes the record takes with its line end.
// atEOF says that nothing follows text. Incomplete asks for more text. After any other fault but QuotesAcrossCells, size is
// where the faulty cell begins.
func (s *Scanner) Record(text []byte, atEOF bool) (size int, f Fault) {
	s.Spans, s.Lines, s.Odd = s.Spans[:0], 0, 0
	at := 0
	for {
		if len(s.Spans) >= MaxColumns {
			return at, TooWide
		}
		from := at
		if s.Padded {
			from = s.skipSpaces(text, at)
		}
		if from < len(text) && s.class[text[from]] == isQuote {
			at, f = s.quoted(text, from, atEOF)
		} else {
			if s.Padded {
				at = s.skipPadding(text, at)
			}
			at, f = s.bare(text, at, atEOF)
		}
		if f != NoFault {
			return at, f
		}
		if at >= len(text) {
			return at, s.acrossCells()
		}
		switch s.class[text[at]] {
		case isDelimiter:
			at += len(s.Delimiter)
			continue
		case isCR:
			at++
			for at < len(text) && text[at] == '\r' && !s.CR {
				at++
			}
			if at == len(text) && !atEOF {
				return at, Incomplete // a line feed may follow
			}
			if at < len(text) && text[at] == '\n' {
				at++
			}
			return at, s.acrossCells()
		default:
			return at + 1, s.acrossCells()
		}
	}
}

// Cell finds one cell at the start of text. end is where the delimiter or line end after it is or, if the cell does not end
// within text, where its quote is or where text ends. first says that no cell is before it in the record.
func (s *Scanner) Cell(text []byte, first, atEOF bool) (cell Span, end int, f Fault) {
	s.Spans, s.Lines, s.Odd = s.Spans[:0], 0, 0
	if !first {
		s.Spans = append(s.Spans, Span{}) // padding belongs to the delimiter before the cell
	}
	from := 0
	if s.Padded {
		from = s.skipSpaces(text, 0)
	}
	if s.QuoteAt(text, from) {
		end, f = s.quoted(text, from, atEOF)
	} else {
		if s.Padded {
			from = s.skipPadding(text, 0)
		}
		end, f = s.bare(text, from, atEOF)
	}
	if f == NoFault {
		cell = s.Spans[len(s.Spans)-1]
	}
	return cell, end, f
}

// acrossCells returns the fault of a record that was read to its end.
func (s *Scanner) acrossCells() Fault {
	if s.Odd > 1 {
		return QuotesAcrossCells
	}
	return NoFault
}

// skipSpaces steps over all spaces after a delimiter, to where an opening quote would be.
func (s *Scanner) skipSpaces(text []byte, at int) int {
	if len(s.Spans) > 0 {
		for at < len(text) && text[at] == ' ' {
			at++
		}
	}
	return at
}

// skipPadding steps over the one space that belongs to the delimiter.
func (s *Scanner) skipPadding(text []byte, at int) int {
	if len(s.Spans) > 0 && at < len(text) && text[at] == ' ' {
		return at + 1
	}
	return at
}

// bare takes a cell without quotes around it, and stops at the delimiter or line end after it.
func (s *Scanner) bare(text []byte, from int, atEOF bool) (int, Fault) {
	quotes, class := 0, &s.class
	for at := from; ; at++ {
		at = s.skipOrdinary(text, at)
		if at >= len(text) {
			if !atEOF {
				return at, Incomplete
			}
			return s.addBare(from, at, quotes), NoFault
		}
		switch class[text[at]] {
		case isQuote:
			quotes++
			continue
		case isDelimiter:
			if !s.delimiterAt(text, at) {
				continue
			}
		case isCR:
			if ends, known := s.crEndsLine(text, at, atEOF); !known {
				return at, Incomplete
			} else if !ends {
				continue
			}
		}
		return s.addBare(from, at, quotes), NoFault
	}
}

// skipOrdinary steps over bytes that have no meaning. If the delimiter is a comma, a semicolon or a tab, most bytes of a cell are above
// all that have one: then it looks at eight bytes at once. (Of a semicolon, digits are not above; that costs less than it saves.)
func (s *Scanner) skipOrdinary(text []byte, at int) int {
	for s.lows != 0 && at < len(text)-7 {
		low := s.low(quoting.Word(text[at:]))
		if low == 0 {
			at += 8
			continue
		}
		at += bits.TrailingZeros64(low) >> 3
		if s.class[text[at]] != ordinary {
			return at
		}
		at++
	}
	for at < len(text) && s.class[text[at]] == ordinary {
		at++
	}
	return at
}

// low returns a word in which only the highest bits are set of those of the eight bytes of a word that may have a meaning.
func (s *Scanner) low(word uint64) uint64 {
	const highs = 0x8080808080808080
	return ^(word&^highs + s.lows | word) & highs
}

// addBare adds a bare cell and returns its end.
func (s *Scanner) addBare(from, to, quotes int) int {
	s.Odd += quotes & 1
	s.Spans = append(s.Spans, Span{From: from, To: to})
	return to
}

// delimiterAt reports whether the delimiter, whose first byte is at at, is there in full.
func (s *Scanner) delimiterAt(text []byte, at int) bool {
	return len(s.Delimiter) == 1 || bytes.HasPrefix(text[at:], []byte(s.Delimiter))
}

// crEndsLine reports whether a carriage return ends the line: always if that is the dialect, else before a line feed.
func (s *Scanner) crEndsLine(text []byte, at int, atEOF bool) (ends, known bool) {
	if s.CR {
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
