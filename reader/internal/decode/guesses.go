package decode

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
)

// maxWord is how much of a word is shown, in bytes.
const maxWord = 30

// Guesses says how the first word that is not ASCII reads in common encodings, and in which line it is: "line 1 has …". It returns "" if
// the word reads well in none.
func Guesses(block []byte) string {
	from, readings := guess(block)
	if readings == "" {
		return ""
	}
	return fmt.Sprintf("; line %d has %s", 1+bytes.Count(block[:from], []byte("\n")), readings)
}

// Windows1252 is the encoding in which nearly every text can be read.
const Windows1252 = "windows-1252"

// GuessesIn is Guesses for text that was read as Windows-1252: how its first word that is not ASCII reads in other encodings.
func GuessesIn(text string) string {
	block, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		return ""
	}
	from, readings := guess([]byte(block))
	if readings == "" {
		return ""
	}
	word := text[from:] // what is before the word is ASCII
	if end := strings.IndexFunc(word, func(r rune) bool { return r <= unicode.MaxASCII && endsWord(byte(r)) }); end >= 0 {
		word = word[:end]
	}
	return fmt.Sprintf("%s is %s", strconv.Quote(word), readings)
}

// guess returns where the first word that is not ASCII begins, and how it reads in the encodings of Central Europe, Turkey, Russia, old
// Macintoshes, old PCs and East Asia.
func guess(block []byte) (from int, readings string) {
	at := bytes.IndexFunc(block, func(r rune) bool { return r > unicode.MaxASCII })
	if at < 0 {
		return 0, ""
	}
	from, to := at, at
	for from > 0 && at-from < maxWord/2 && !endsWord(block[from-1]) {
		from--
	}
	for to < len(block) && to-at < maxWord/2 && !endsWord(block[to]) {
		to++
	}
	var all []string
	for _, name := range [...]string{"windows-1250", "iso-8859-2", "windows-1254", "windows-1251", "macintosh", "cp850"} {
		var word strings.Builder
		for _, b := range block[from:to] {
			word.WriteRune(charmaps()[name].DecodeByte(b))
		}
		if !strings.ContainsFunc(word.String(), func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
			all = append(all, fmt.Sprintf("%s in %s", strconv.Quote(word.String()), name))
		}
	}
	for _, name := range [...]string{"shift-jis", "gbk", "big5", "euc-kr", "euc-jp"} {
		if word := eastAsian(block[at:], name); word != "" {
			all = append(all, fmt.Sprintf("%s in %s", strconv.Quote(word), name))
		}
	}
	return from, strings.Join(all, ", ")
}

// eastAsian returns the word that a block begins with in an encoding of East Asia, or "" if it has fewer than two characters there, or
// others: in a language with another script, most letters are alone among ASCII.
func eastAsian(block []byte, encoding string) string {
	text, err := multibyte()[encoding].NewDecoder().Bytes(block[:min(len(block), maxWord)])
	if err != nil {
		return ""
	}
	runes := []rune(string(text))
	end := slices.IndexFunc(runes, func(r rune) bool {
		return !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) && r != 'ー'
	})
	if end < 0 {
		end = len(runes)
	}
	if end < 2 || end < len(runes) && unicode.IsLetter(runes[end]) {
		return ""
	}
	return string(runes[:end])
}

// endsWord reports whether a byte ends a word.
func endsWord(b byte) bool { return b <= ' ' || strings.IndexByte(`,;|"'`, b) >= 0 }
