// Package quoting finds the characters because of which JSON and CSV quote or escape a text. Most texts have none of them, so
// finding that out is most of the work.
package quoting

import "math/bits"

// Index returns the index of the first byte, at an index or after it, that is a quote, a control character below U+0020, or special;
// the length of the text if there is none. The special byte must be ASCII.
func Index[T []byte | string](text T, from int, special byte) int {
	const lows, highs = 0x0101010101010101, 0x8080808080808080
	for ; from <= len(text)-8; from += 8 {
		word := Word(text[from:])
		// The highest bit of each byte that is looked for is set. Subtracting may borrow from the next byte, so only the first one counts.
		quote, other := word^lows*'"', word^lows*uint64(special)
		if found := ((word-lows*' ')&^word | (quote-lows)&^quote | (other-lows)&^other) & highs; found != 0 {
			return from + bits.TrailingZeros64(found)>>3
		}
	}
	for ; from < len(text); from++ {
		if b := text[from]; b < ' ' || b == '"' || b == special {
			break
		}
	}
	return from
}

// Word returns the first eight bytes of a text as one number, the first of them as the lowest, for a search that looks at all of
// them at once.
func Word[T []byte | string](text T) uint64 {
	b := text[:8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
