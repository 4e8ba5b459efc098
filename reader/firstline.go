package reader

import "bytes"

// tooWideHeader refuses a first line with more than maxColumns cells, if no delimiter was found: a line like that has no
// dialect, and would be read as one cell.
func tooWideHeader(block []byte, line int64, whole bool, d dialect, o Options) error {
	if o.Delimiter != "" {
		return nil
	}
	for {
		first, rest, more := bytes.Cut(block, []byte{'\n'})
		if !more && !whole {
			return nil // it does not end here
		}
		if len(bytes.Trim(first, " \t\r\n")) > 0 {
			block = first
			break
		}
		if !more {
			return nil
		}
		block = rest
		line++
	}
	if d.delimiter != "" && bytes.Contains(block, []byte(d.delimiter)) {
		return nil
	}
	for _, l := range delimiters() {
		if l.weight == 1 && bytes.Count(block, []byte(l.delimiter)) >= maxColumns {
			return spoiledHeader(line, "%s, divided by %q", tooWide.words(), l.delimiter)
		}
	}
	return nil
}

// divided finds the delimiter of a first record whose quotes no other reading leaves in place. A header alone gives too
// little to score: its cells can all have doubled quotes in them.
func divided(block []byte, whole bool, d dialect, o Options) dialect {
	if o.Delimiter != "" || d.delimiter != "" {
		return d
	}
	if _, f := newScanner(d).record(block, whole); f != afterQuote {
		return d
	}
	for _, l := range delimiters() {
		tried := d
		tried.delimiter = l.delimiter
		s := newScanner(tried)
		if _, f := s.record(block, whole); l.weight == 1 && f == sound && len(s.spans) > 1 {
			return tried
		}
	}
	return d
}
