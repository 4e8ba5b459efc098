package reader

import "strings"

// Bounds of what is read as a CSV. They are far above what any export holds, and keep memory bounded whatever comes.
const (
	// maxCell is how long a cell may be, in bytes; a row with a longer one is refused.
	maxCell = 1 << 20
	// maxRecord is how much of a row is in memory at once, in bytes; a longer row is refused.
	maxRecord = 2 << 20
	// maxColumns is how many cells a row may have.
	maxColumns = 4 << 10
)

// A dialect is how cells and rows are told apart.
type dialect struct {
	// delimiter stands between two cells, a character in UTF-8; "": there is one cell a row.
	delimiter string
	// padded says that a space after a delimiter belongs to it.
	padded bool
	// quote stands around a cell; 0: quotes mean nothing.
	quote byte
	// backslash says that a backslash escapes a quote inside quotes, or a backslash. A doubled quote always is one.
	backslash bool
	// cr says that a carriage return alone ends a row.
	cr bool
}

// separator is the delimiter as it is shown.
func (d *dialect) separator() string {
	if d.padded {
		return d.delimiter + " "
	}
	return d.delimiter
}

func (d *dialect) quoteName() string {
	if d.quote == 0 {
		return ""
	}
	return string(rune(d.quote))
}

func (d *dialect) escapeName() string {
	if d.backslash {
		return `\`
	}
	return d.quoteName()
}

// blank says whether a line without a cell is no row: it is empty, or holds only white space that is no delimiter.
func (d *dialect) blank(line string) bool {
	for i := range len(line) {
		if b := line[i]; b != ' ' && b != '\t' || strings.IndexByte(d.delimiter, b) >= 0 {
			return false
		}
	}
	return true
}
