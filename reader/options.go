package reader

import (
	"errors"
	"fmt"
	"strings"

	"enrich/contact"
	"enrich/format"
	"enrich/internal/columns"
	"enrich/reader/internal/decode"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/layout"
	"enrich/reader/internal/mapping"
)

// Options fix what [Open] would detect. The zero value detects everything.
type Options struct {
	// Format is the format of the input; "" to detect it.
	Format format.Format
	// Sheet is the name of a workbook's sheet, or its number from 1; "" to choose it.
	Sheet string
	// Delimiter is between the cells of a CSV: one character, or "tab"; "" to detect it.
	Delimiter string
	// Quote is around the cells of a CSV: one character, or "none"; "" to detect it.
	Quote string
	// Encoding is utf-8, utf-16le, utf-16be, windows-1252, latin-1 or another of one byte a character; "" to detect it.
	Encoding string
	// HeaderLine is the line of the header, from 1; 0 to detect it.
	HeaderLine int
	// NoHeader says that the first line is data: columns are named "1", "2", ….
	NoHeader bool
	// Map says which column is which field (--map). Other fields are found by the names of columns.
	Map map[contact.Field]string
	// NoSplitNames ignores columns of full names (--no-split-names).
	NoSplitNames bool
	// Cleaning, if it is not nil, collects what cleaning changed in the rows that are read.
	Cleaning *contact.Cleaning
	// Columns are those of an earlier pass over the same JSONL input; nil to collect them.
	Columns []string
	// AnyColumns says that an input without a column to look up by is not an error.
	AnyColumns bool
}

// Validate reports what is wrong with the options, by the name of the flag.
func (o Options) Validate() error {
	if o.Format != "" {
		if err := format.CheckInput(o.Format); err != nil {
			return fmt.Errorf("--input-format %w", err)
		}
	}
	if err := o.dialect().Validate(); err != nil {
		return err
	}
	if o.Encoding != "" && !decode.IsEncoding(o.Encoding) {
		return fmt.Errorf("--encoding %q: expected utf-8, utf-16le, utf-16be, windows-1252, latin-1 or another of %s",
			o.Encoding, strings.Join(decode.OtherEncodings(), ", "))
	}
	switch {
	case o.HeaderLine < 0:
		return fmt.Errorf("--header-line %d: lines count from 1", o.HeaderLine)
	case o.NoSplitNames && o.Map[contact.FullName] != "":
		return fmt.Errorf("--map %s=COLUMN: not allowed with --no-split-names", contact.FullName)
	case o.NoHeader && o.HeaderLine > 0:
		return errors.New("--no-header: not allowed with --header-line")
	}
	return nil
}

// dialect returns the options about delimiters and quotes.
func (o Options) dialect() dialect.Options {
	return dialect.Options{Delimiter: o.Delimiter, Quote: o.Quote}
}

// layout returns the options about the header.
func (o Options) layout() layout.Options {
	return layout.Options{HeaderLine: o.HeaderLine, NoHeader: o.NoHeader, Map: o.Map}
}

// mapping returns the options about columns and fields.
func (o Options) mapping() mapping.Options {
	return mapping.Options{
		Map: o.Map, HeaderLine: o.HeaderLine, NoHeader: o.NoHeader, JSON: o.Format.HasObjects(),
		NoSplitNames: o.NoSplitNames, AnyColumns: o.AnyColumns,
	}
}

// fits reports whether the rows of a table can be looked up by the names that lists were mapped by first. If two columns fit for a
// field, that is a table to ask about.
func (o Options) fits(header []string, samples [][]string) bool {
	return o.canMap(header, samples, true)
}

// mayFit reports whether the rows of a table can be looked up by any names.
func (o Options) mayFit(header []string, samples [][]string) bool {
	return o.canMap(header, samples, false)
}

func (o Options) canMap(header []string, samples [][]string, firstNames bool) bool {
	if header == nil {
		header = columns.Numbered(len(samples[0]))
	}
	m := o.mapping()
	m.AnyColumns, m.FirstNames = false, firstNames
	_, err := mapping.Columns(header, samples, m)
	return err == nil || errors.Is(err, mapping.ErrAmbiguous)
}
