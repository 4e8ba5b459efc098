package workbook

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"enrich/reader/internal/xmlscan"
)

// readText reads the text of an element (si, is) whose Start was read last, at a depth: all of its t elements, also those in
// runs, without the phonetic runs, which say how it is pronounced. It reads to the element's End.
func readText(x *xmlscan.Scanner, depth int, add func(piece []byte) error) error {
	inText := false
	for {
		kind, err := x.Next()
		if err != nil {
			return err
		}
		switch {
		case kind == xmlscan.End && x.Depth() < depth:
			return nil
		case kind == xmlscan.Start && x.Is("rPh"):
			if err := x.Skip(); err != nil {
				return err
			}
		case kind == xmlscan.Start:
			inText = x.Is("t")
		case kind == xmlscan.End:
			inText = false
		case inText:
			if err := add(x.Text()); err != nil {
				return err
			}
		}
	}
}

// escapeSize is the length of an escaped character in a text: _x000D_ ([ECMA-376] part 1, 22.9.2.19, ST_Xstring).
const escapeSize = len("_xHHHH_")

// escapes replaces escaped characters in a text that comes in pieces.
type escapes struct {
	held []byte // the end of the piece before, which may be the beginning of an escape
	out  []byte
}

// decode returns a piece of text, or what of it is certain by now. It is valid until the next call.
func (e *escapes) decode(piece []byte) []byte {
	if len(e.held) == 0 && bytes.IndexByte(piece, '_') < 0 {
		return piece
	}
	text := append(e.held, piece...) //nolint:gocritic // held is taken over
	e.out = e.out[:0]
	for {
		i := bytes.IndexByte(text, '_')
		if i < 0 {
			e.held = nil
			e.out = append(e.out, text...)
			return e.out
		}
		e.out = append(e.out, text[:i]...)
		text = text[i:]
		if len(text) < escapeSize && isEscapeStart(text) {
			e.held = bytes.Clone(text)
			return e.out
		}
		n := 1
		if r, ok := escaped(text); ok {
			e.out = utf8.AppendRune(e.out, r)
			n = escapeSize
		} else {
			e.out = append(e.out, '_')
		}
		text = text[n:]
	}
}

// flush returns what was held back at the end of a text.
func (e *escapes) flush() []byte {
	held := e.held
	e.held = nil
	return held
}

// isEscapeStart reports whether text may go on as an escape.
func isEscapeStart(text []byte) bool {
	for i, b := range text {
		if i == 0 && b != '_' || i == 1 && b != 'x' || i > 1 && !isHex(b) {
			return false
		}
	}
	return true
}

// escaped returns the character at the beginning of a text that is escaped there. A NUL is not text, and half of a surrogate pair
// is not a character: both stay as they are.
func escaped(text []byte) (rune, bool) {
	if len(text) < escapeSize || text[1] != 'x' || text[6] != '_' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	if err != nil || n == 0 || !utf8.ValidRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f' }
