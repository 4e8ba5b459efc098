// Package dialect divides delimited text into records and cells, and detects how it is delimited.
//
// A [Scanner] finds the cells of one record of a known [Dialect], without copying them, and reports where the quotes of a
// malformed record go wrong. [Detect] finds the dialect of a block of text. The package works on text in memory: it reads
// no input, keeps no rows and refuses none.
package dialect

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxColumns is how many cells a record may have. It is far above what any export has, and bounds memory.
const MaxColumns = 4 << 10

// A Dialect says how cells and records are delimited.
type Dialect struct {
	// Delimiter is between two cells: one character in UTF-8, or "" if a record is one cell.
	Delimiter string
	// Padded says that a space after the delimiter belongs to the delimiter.
	Padded bool
	// Quote is around a cell; 0 if quotes have no meaning.
	Quote byte
	// Backslash says that a backslash inside quotes escapes a quote or a backslash. A doubled quote always is an escaped one.
	Backslash bool
	// CR says that a carriage return alone ends a record.
	CR bool
}

// Separator returns what is between two cells, padding included.
func (d *Dialect) Separator() string {
	if d.Padded {
		return d.Delimiter + " "
	}
	return d.Delimiter
}

// QuoteName returns the quote as a string, "" if there is none.
func (d *Dialect) QuoteName() string {
	if d.Quote == 0 {
		return ""
	}
	return string(rune(d.Quote))
}

// EscapeName returns what escapes a quote inside a quoted cell.
func (d *Dialect) EscapeName() string {
	if d.Backslash {
		return `\`
	}
	return d.QuoteName()
}

// IsBlank reports whether a line with one cell is not a record: it is empty, or has only white space that is not a delimiter.
func (d *Dialect) IsBlank(line string) bool {
	for i := range len(line) {
		if b := line[i]; b != ' ' && b != '\t' || strings.IndexByte(d.Delimiter, b) >= 0 {
			return false
		}
	}
	return true
}

// Options fix what [Detect] would find out.
type Options struct {
	// Delimiter is one character, "tab" or "space" (--delimiter); "" to detect it.
	Delimiter string
	// Quote is one character, or "none" (--quote); "" to detect it.
	Quote string
}

// Validate reports what is wrong with the options, by the name of the flag.
func (o Options) Validate() error {
	if d := o.delimiter(); d != "" {
		r, size := utf8.DecodeRuneInString(d)
		if size != len(d) || r == utf8.RuneError || strings.ContainsAny(d, "\r\n\"\\\x00") || size == 1 && isAlphanumeric(d[0]) {
			return fmt.Errorf("--delimiter %q: expected one character such as , or ;, or tab", o.Delimiter)
		}
	}
	if q := o.Quote; q != "" && q != "none" && (len(q) != 1 || strings.ContainsAny(q, "\r\n\\ ") || isAlphanumeric(q[0])) {
		return fmt.Errorf("--quote %q: expected one character such as \" or ', or none", q)
	}
	if o.Quote != "" && o.Quote == o.delimiter() {
		return fmt.Errorf("--quote %q: it is also the delimiter", o.Quote)
	}
	return nil
}

// delimiter returns the delimiter that the options fix, or "".
func (o Options) delimiter() string {
	switch o.Delimiter {
	case "tab", `\t`:
		return "\t"
	case "space":
		return " "
	}
	return o.Delimiter
}

// quote returns the quote that the options fix, or the usual one. 0 is none.
func (o Options) quote() byte {
	switch o.Quote {
	case "":
		return '"'
	case "none":
		return 0
	}
	return o.Quote[0]
}

func isAlphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || isDigit(b)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
