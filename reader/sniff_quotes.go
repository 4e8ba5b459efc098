package reader

import "bytes"

// needsApostrophes reports whether an apostrophe is the quote of a reading that takes it for one. It must protect
// something in a record of the usual width: one cell 'Bob' is a name with apostrophes. Only a table in which every
// cell is quoted, the header too, needs no such proof: no text looks like that.
func (r *reading) needsApostrophes() bool {
	modal := r.modal()
	return r.protected[modal] > 0 || r.bare == 0 && modal > 1 && len(r.records) > 1 && r.quoted > 0
}

// badlyQuoted reports whether quotes mean nothing in a table whose reading with quotes is r. Programs that write text
// separated by tabs often do not quote, and their cells may begin with a quote: "Bob" Smith. So if many lines are rows only
// without quotes, and hardly any is a row only with them, the quotes are text. A few cells in plain quotes prove nothing, but
// a doubled quote does.
func badlyQuoted(d dialect, r *reading, block []byte, whole bool) bool {
	if !unquotedByCustom(d.delimiter) || d.backslash || d.padded || r.doubled > 0 || bytes.IndexByte(block, d.quote) < 0 {
		return false
	}
	d.quote = 0
	without := newReading(d, block, whole)
	modal := without.modal()
	gained := without.widths[modal] - r.widths[modal]
	lost := len(without.records) - without.widths[modal]
	return modal > 1 && gained > 0 && 4*lost <= gained && r.quoted <= gained
}

// unquotedByCustom reports whether programs that write this delimiter often do not quote.
func unquotedByCustom(delimiter string) bool {
	return delimiter == "\t" || delimiter == "\x1f" || delimiter == "\x01"
}
