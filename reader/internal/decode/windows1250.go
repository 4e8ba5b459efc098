package decode

import (
	"bytes"
	"iter"
	"unicode/utf8"
)

const (
	// minCentral is how many words of Central Europe decide for Windows-1250.
	minCentral = 3
	// maxWestern is for how many of them there may be one word of Western Europe: a list may have a few damaged names.
	maxWestern = 5
)

// isWindows1250 reports whether text that is not UTF-8 is Czech, Slovak or Hungarian in Windows-1250. Read as Windows-1252, such
// text has words that no language of that encoding has: Jiøí, Nìmec, Kùrka, Szõke. A letter alone decides nothing, because Danish has
// ø, Italian ì and ù, and Estonian õ. Without such words, or with others that only Windows-1252 has, the answer is no.
//
// Polish, Croatian and Romanian are not recognised: isWindows1252 refuses most of their texts. Nor is Czech in ISO 8859-2, which has other
// bytes for š and ž only.
func isWindows1250(window []byte) bool {
	central, western := 0, 0
	for word := range words(window) {
		switch {
		case isWestern(word):
			western++
		case isCzech(word), isHungarian(word):
			central++
		}
	}
	return central >= minCentral && western*maxWestern <= central
}

// words returns the runs of bytes that are letters or not ASCII.
func words(window []byte) iter.Seq[[]byte] {
	return bytes.FieldsFuncSeq(window, func(r rune) bool { return r < utf8.RuneSelf && !isSmall(byte(r)|0x20) })
}

// isCzech reports whether a word, read as Windows-1252, has ø beside a vowel or consonant that only Czech and Slovak have in the same
// word (ř beside á, í, ý, ě, ů, š, ž), or ì or ù (ě, ů) before another letter, which in Italian and French end a word.
func isCzech(word []byte) bool {
	var r, beside bool
	for i, b := range word {
		switch b {
		case 0xf8, 0xd8:
			r = true
		case 0xe1, 0xed, 0xfd, 0x9a, 0x9e:
			beside = true
		case 0xec, 0xf9:
			beside = true
			if i > 0 && i+1 < len(word) && isSmall(word[i+1]) {
				return true
			}
		case 0xe6, 0xe5, 0xf0, 0xfe: // æ, å, ð and þ: Nordic
			return false
		}
	}
	return r && beside
}

// isHungarian reports whether a word, read as Windows-1252, has õ or û (ő, ű) and one of the pairs of consonants that Portuguese,
// Estonian and French do not have.
func isHungarian(word []byte) bool {
	var long, pair bool
	for i, b := range word {
		switch b {
		case 0xf5, 0xd5, 0xfb, 0xdb:
			long = true
		}
		if i > 0 {
			switch string([]byte{word[i-1] | 0x20, b | 0x20}) {
			case "sz", "gy", "cs", "zs":
				pair = true
			}
		}
	}
	return long && pair
}

// isWestern reports whether a word has a letter of Windows-1252 whose byte Czech, Slovak and Hungarian hardly ever use in
// Windows-1250: à ã å æ ê ð ñ þ and their capitals; or ¹, which is š in ISO 8859-2.
func isWestern(word []byte) bool {
	for _, b := range word {
		if b == 0xb9 {
			return true
		}
		switch b | 0x20 {
		case 0xe0, 0xe3, 0xe5, 0xe6, 0xea, 0xf0, 0xf1, 0xfe:
			if b >= 0xc0 {
				return true
			}
		}
	}
	return false
}
