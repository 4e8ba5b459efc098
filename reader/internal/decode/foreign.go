package decode

import "slices"

// minForeign is how many foreign words decide: a list may have a damaged name.
const minForeign = 2

// isForeign reports whether text that is not UTF-8, read as Windows-1252, has words that no language of that encoding has: Kovaèiæ
// (Croatian, Slovene), Iaºi (Romanian), Tomá¹ (Czech in ISO 8859-2), Yýlmaz and Doðan (Turkish, Lithuanian). Such text differs from
// Western text in a few letters only, so it is judged by its words: more than one in ten is foreign, or one in five has ð, þ or ý, which
// are also Icelandic and Faroese, whose other words have á, í, ó, ú, æ or ø.
func isForeign(window []byte) bool {
	all, foreign, eastern, nordic := 0, 0, 0, 0
	for word := range words(window) {
		if !slices.ContainsFunc(word, func(b byte) bool { return b >= 0x80 }) {
			continue
		}
		all++
		switch {
		case isSouthSlavic(word), hasSignInside(word):
			foreign++
		case hasAny(word, 0xe1, 0xed, 0xf3, 0xfa, 0xe6, 0xf8): // á í ó ú æ ø
			nordic++
		case hasAny(word, 0xf0, 0xfe, 0xfd): // ð þ ý
			eastern++
		}
	}
	return foreign >= minForeign && foreign*10 > all || eastern >= minForeign && eastern*5 > all && eastern > 2*nordic
}

// isSouthSlavic reports whether a word ends in ić, which is iæ in Windows-1252, or in ič after another č, š or ž. Names of Piedmont end
// in iè, such as Ciriè.
func isSouthSlavic(word []byte) bool {
	n := len(word)
	if n < 4 || word[n-2] != 'i' {
		return false
	}
	hasCaron := slices.ContainsFunc(word[:n-2], func(b byte) bool { return slices.Contains([]byte{0x8a, 0x8e, 0x9a, 0x9e, 0xc8, 0xe8}, b) })
	return word[n-1] == 0xe6 || word[n-1] == 0xe8 && hasCaron
}

// hasSignInside reports whether a word has º or ª (ş, Ş) between small letters, or ¹ (š) before a small letter or beside an accented one.
func hasSignInside(word []byte) bool {
	for i, b := range word {
		before, after := neighbours(word, i)
		switch b {
		case 0xaa, 0xba:
			if isSmall(before|0x20) && isSmall(after) {
				return true
			}
		case 0xb9:
			if isSmall(after) || isAccented(before) || isAccented(after) {
				return true
			}
		}
	}
	return false
}

// isAccented reports whether a byte is an accented letter in Windows-1252.
func isAccented(b byte) bool {
	return b >= 0x80 && (kindIn1252(b) == capitalByte || kindIn1252(b) == smallByte)
}

// hasAny reports whether a word has one of these letters, small or capital.
func hasAny(word []byte, letters ...byte) bool {
	return slices.ContainsFunc(word, func(b byte) bool { return b >= 0xc0 && slices.Contains(letters, b|0x20) })
}
