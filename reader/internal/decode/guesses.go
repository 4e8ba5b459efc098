package decode

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxWord is how much of a word is shown, in bytes.
const maxWord = 30

// Guesses says how the first word that is not ASCII reads in common encodings: those of Central Europe, Turkey, Russia, old
// Macintoshes and old PCs. It returns "" if the word reads well in none.
func Guesses(block []byte) string {
	at := bytes.IndexFunc(block, func(r rune) bool { return r > unicode.MaxASCII })
	if at < 0 {
		return ""
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
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("; line %d has %s", 1+bytes.Count(block[:from], []byte("\n")), strings.Join(all, ", "))
}

// endsWord reports whether a byte ends a word.
func endsWord(b byte) bool { return b <= ' ' || strings.IndexByte(`,;|"'`, b) >= 0 }
