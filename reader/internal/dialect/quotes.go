package dialect

import "bytes"

// A quote or an escape belongs to a dialect only if it does something. An apostrophe that protects no delimiter, line end
// or quote is text.

// needsApostrophes reports whether an apostrophe is the quote, in a sample that takes it for one. It must protect
// something in a record of the usual width: one cell 'Bob' is a name with apostrophes. Only a table in which every
// cell is quoted, the header too, needs no such proof: no text looks like that.
func (r *sample) needsApostrophes() bool {
	modal := r.modalWidth()
	return r.protected[modal] > 0 || r.bare == 0 && modal > 1 && len(r.records) > 1 && r.quoted > 0
}

// quotesAreText reports whether quotes have no meaning in a table whose sample with quotes is r. Programs that write text
// separated by tabs often do not quote, and their cells may begin with a quote: "Bob" Smith. So if many lines are rows only
// without quotes, and hardly any is a row only with them, the quotes are text. A few cells in plain quotes prove nothing,
// but a doubled quote does.
func quotesAreText(d Dialect, r *sample, block []byte, whole bool) bool {
	if !oftenUnquoted(d.Delimiter) || d.Backslash || d.Padded || r.doubled > 0 || bytes.IndexByte(block, d.Quote) < 0 {
		return false
	}
	d.Quote = 0
	without := newSample(d, block, whole)
	modal := without.modalWidth()
	gained := without.widths[modal] - r.widths[modal]
	lost := len(without.records) - without.widths[modal]
	return modal > 1 && gained > 0 && 4*lost <= gained && r.quoted <= gained
}

// oftenUnquoted reports whether programs that write this delimiter often do not quote.
func oftenUnquoted(delimiter string) bool {
	return delimiter == "\t" || delimiter == "\x1f" || delimiter == "\x01"
}

// backslashesEscape reports whether a backslash escapes a quote.
func backslashesEscape(d Dialect, block []byte, whole bool) bool {
	if d.Quote == 0 || !bytes.Contains(block, []byte{'\\', d.Quote}) {
		return false
	}
	without := newSample(d, block, whole)
	d.Backslash = true
	return newSample(d, block, whole).betterThan(without)
}

// betterThan reports whether a sample with backslashes as escapes is better than the same without: at most half as many
// records are faulty or, if none was, the score is higher.
func (r *sample) betterThan(without *sample) bool {
	return r.faulty*2 <= without.faulty && without.faulty > 0 || r.faulty == without.faulty && r.score() > without.score()
}
