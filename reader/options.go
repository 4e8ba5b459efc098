package reader

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"enrich/contact"
	"enrich/format"
	"enrich/reader/internal/mapping"
)

// Options fix what [Open] would find out by itself. The zero value leaves all to it.
type Options struct {
	// Format is CSV or JSONL; "": as the first block shows.
	Format format.Format
	// Delimiter stands between cells: one character, or "tab". "": detected.
	Delimiter string
	// Quote stands around cells: one character, or "none". "": detected.
	Quote string
	// Encoding is utf-8, utf-16le, utf-16be, windows-1252, latin-1 or another of one byte a character. "": detected.
	Encoding string
	// HeaderLine is the header's line, from 1. 0: detected.
	HeaderLine int
	// NoHeader says that the first line is data; columns are named "1", "2", ….
	NoHeader bool
	// Map says which column is which field (--map); what is not in it is found by name.
	Map map[contact.Field]string
	// NoSplitNames ignores columns of full names (--no-split-names).
	NoSplitNames bool
	// Cleaning, if it is not nil, collects what cleaning changed in the rows that are read.
	Cleaning *contact.Cleaning
	// Columns are those of an earlier pass over the same JSONL input; nil: collect them.
	Columns []string
	// AnyColumns says that an input without a column to ask by is no error.
	AnyColumns bool
}

// mapping returns the options that concern columns and fields.
func (o Options) mapping() mapping.Options {
	return mapping.Options{
		Map: o.Map, HeaderLine: o.HeaderLine, NoHeader: o.NoHeader, JSON: o.Format == JSONL,
		NoSplitNames: o.NoSplitNames, AnyColumns: o.AnyColumns,
	}
}

// Validate refuses nonsense, and names the flag that it came by.
func (o Options) Validate() error {
	if o.Format != "" {
		if _, err := format.Parse(string(o.Format)); err != nil {
			return fmt.Errorf("--input-format %w", err)
		}
	}
	if err := o.validateDelimiter(); err != nil {
		return err
	}
	if q := o.Quote; q != "" && q != "none" && (len(q) != 1 || strings.ContainsAny(q, "\r\n\\ ") || isLetter(q[0])) {
		return fmt.Errorf("--quote %q: expected one character such as \" or ', or none", q)
	}
	if o.Quote != "" && o.Quote == o.delimiter() {
		return fmt.Errorf("--quote %q: it is the delimiter too", o.Quote)
	}
	if o.Encoding != "" && !knownEncoding(encodingName(o.Encoding)) {
		return fmt.Errorf("--encoding %q: expected utf-8, utf-16le, utf-16be, windows-1252, latin-1 or another of %s",
			o.Encoding, strings.Join(otherEncodings(), ", "))
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

func (o Options) validateDelimiter() error {
	d := o.delimiter()
	if d == "" {
		return nil
	}
	r, size := utf8.DecodeRuneInString(d)
	if size != len(d) || r == utf8.RuneError || strings.ContainsAny(d, "\r\n\"\\\x00") || size == 1 && isLetter(d[0]) {
		return fmt.Errorf("--delimiter %q: expected one character such as , or ;, or tab", o.Delimiter)
	}
	return nil
}

// delimiter is the delimiter that was asked for, or "".
func (o Options) delimiter() string {
	switch o.Delimiter {
	case "tab", `\t`:
		return "\t"
	case "space":
		return " "
	}
	return o.Delimiter
}

func isLetter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

func knownEncoding(name string) bool {
	switch name {
	case "utf-8", "utf-16le", "utf-16be":
		return true
	}
	return charmaps()[name] != nil
}

func otherEncodings() []string {
	var names []string
	for name := range charmaps() {
		if name != "latin-1" && name != "windows-1252" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
