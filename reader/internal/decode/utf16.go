package decode

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// utf16Decoder turns UTF-16 into UTF-8. Half a surrogate pair, which is not a character, becomes the three bytes that it would
// be if it were one. They are not valid UTF-8, so its row is refused, not changed. (x/text would make it U+FFFD, as if that
// were in the file.)
type utf16Decoder struct {
	transform.NopResetter
	order binary.ByteOrder
}

// Transform implements transform.Transformer.
func (u utf16Decoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		if len(src)-nSrc < 2 {
			return nDst, nSrc, transform.ErrShortSrc
		}
		unit := u.order.Uint16(src[nSrc:])
		if unit < utf8.RuneSelf {
			dst[nDst] = byte(unit)
			nDst, nSrc = nDst+1, nSrc+2
			continue
		}
		r := rune(unit)
		size := 2
		if utf16.IsSurrogate(r) {
			if len(src)-nSrc < 4 && !atEOF {
				return nDst, nSrc, transform.ErrShortSrc
			}
			if len(src)-nSrc >= 4 {
				if pair := utf16.DecodeRune(r, rune(u.order.Uint16(src[nSrc+2:]))); pair != utf8.RuneError {
					r, size = pair, 4
				}
			}
		}
		nDst += putRune(dst[nDst:], r)
		nSrc += size
	}
	return nDst, nSrc, nil
}

// putRune is utf8.EncodeRune, but encodes a surrogate as if it were a character.
func putRune(dst []byte, r rune) int {
	if utf16.IsSurrogate(r) {
		dst[0], dst[1], dst[2] = 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f
		return 3
	}
	return utf8.EncodeRune(dst, r)
}

// detectUTF16 returns the encoding of UTF-16 text without a byte order mark: its delimiters, digits and line ends have a zero
// byte, always on the same side. It returns "" for other text.
func detectUTF16(block []byte) string {
	var zeros [2]int
	for i, b := range block {
		if b == 0 {
			zeros[i&1]++
		}
	}
	if hasStrayZeros(block, zeros[0]+zeros[1]) {
		return ""
	}
	half := len(block) / 2
	switch least := half/8 + 1; {
	case zeros[1] >= least && zeros[0] <= zeros[1]/32:
		return "utf-16le"
	case zeros[0] >= least && zeros[1] <= zeros[0]/32:
		return "utf-16be"
	}
	return ""
}

// hasStrayZeros reports whether a block is text of one byte a character with some zero bytes in it, not UTF-16. UTF-16 of
// Latin text has a zero byte in nearly every pair of bytes. UTF-16 of other scripts has many pairs that are not two ASCII
// characters, and is not valid UTF-8.
func hasStrayZeros(block []byte, zeros int) bool {
	ascii, other := 0, 0 // pairs without a zero byte
	for i := 0; i+1 < len(block); i += 2 {
		switch a, b := block[i], block[i+1]; {
		case a == 0 || b == 0:
		case a < utf8.RuneSelf && b < utf8.RuneSelf:
			ascii++
		default:
			other++
		}
	}
	if other > 0 && isValidBlock(block) {
		return true
	}
	return ascii > zeros && ascii > 4*other
}

// isValidBlock reports whether a block is valid UTF-8, except for a character cut by its end.
func isValidBlock(block []byte) bool {
	for n := range utf8.UTFMax {
		if n < len(block) && utf8.Valid(block[:len(block)-n]) {
			return true
		}
	}
	return false
}
