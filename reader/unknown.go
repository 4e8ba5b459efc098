package reader

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// unknownEncoding refuses text that is neither UTF-8 nor Windows-1252, because nobody can know what it is. What can be known is said: the
// delimiter, which all encodings have alike, and how the first such word reads in those that are met most.
func unknownEncoding(block []byte, whole bool, o Options) error {
	hint, skip := separatorLine(block)
	o.Delimiter = hint
	d := sniff(block[skip:], whole, o)
	advice := "it is neither UTF-8 nor Windows-1252: save it as UTF-8, or name its encoding with --encoding" + readings(block)
	if d.delimiter == "" {
		return noTable(advice)
	}
	return fmt.Errorf("%w: its cells are delimited by %q, and %s", ErrEncoding, d.separator(), advice)
}

// guesses are the encodings that are shown, in this order: those of Central Europe, Russia, old Macintoshes and old PCs.
var guesses = [...]string{"windows-1250", "windows-1251", "macintosh", "cp850"}

// mostWord bounds the word that is shown, in bytes.
const mostWord = 30

// readings are how the first word that is not ASCII reads, where it can be read.
func readings(block []byte) string {
	at := bytes.IndexFunc(block, func(r rune) bool { return r > unicode.MaxASCII })
	if at < 0 {
		return ""
	}
	from, to := at, at
	for from > 0 && at-from < mostWord/2 && !endsWord(block[from-1]) {
		from--
	}
	for to < len(block) && to-at < mostWord/2 && !endsWord(block[to]) {
		to++
	}
	var all []string
	for _, name := range guesses {
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

// endsWord says that a byte ends a word.
func endsWord(b byte) bool { return b <= ' ' || strings.IndexByte(`,;|"'`, b) >= 0 }
