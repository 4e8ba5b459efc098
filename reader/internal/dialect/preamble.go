package dialect

import "bytes"

// SeparatorLine returns the delimiter that a first line "sep=;" tells spreadsheets, and how many bytes that line takes.
func SeparatorLine(block []byte) (delimiter string, size int) {
	i := bytes.IndexAny(block, "\r\n")
	if i < 0 || i > 8 || !bytes.HasPrefix(bytes.ToLower(block), []byte("sep=")) {
		return "", 0
	}
	size = i + 1
	if bytes.HasPrefix(block[i:], []byte("\r\n")) {
		size++
	}
	return string(block[4:i]), size
}

// LineEnd names the line ends of a block.
func LineEnd(block []byte) string {
	lf, cr, both := bytes.Count(block, []byte{'\n'}), bytes.Count(block, []byte{'\r'}), bytes.Count(block, []byte("\r\n"))
	switch {
	case both > 0 && lf == both && cr == both:
		return "CRLF"
	case lf > 0 && cr == 0:
		return "LF"
	case cr > 0 && lf == 0:
		return "CR"
	case lf == 0:
		return "none"
	}
	return "mixed"
}

// TooManyColumns looks at the first line of a block whose dialect d has no delimiter. If a delimiter divides the line into
// more than MaxColumns cells, it returns that delimiter and how many blank lines are before the line. Such a line has no
// dialect, and would be read as one cell.
func TooManyColumns(block []byte, whole bool, d Dialect, o Options) (delimiter string, blankLines int) {
	if o.Delimiter != "" {
		return "", 0
	}
	line, rest, more := bytes.Cut(block, []byte{'\n'})
	for len(bytes.Trim(line, " \t\r")) == 0 && more {
		blankLines++
		line, rest, more = bytes.Cut(rest, []byte{'\n'})
	}
	if !more && !whole || len(bytes.Trim(line, " \t\r")) == 0 || d.Delimiter != "" && bytes.Contains(line, []byte(d.Delimiter)) {
		return "", 0
	}
	for _, known := range knownDelimiters() {
		if known.weight == 1 && bytes.Count(line, []byte(known.delimiter)) >= MaxColumns {
			return known.delimiter, blankLines
		}
	}
	return "", 0
}
