package reader

import "enrich/contact"

// Options fix what [Open] would find out by itself. The zero value leaves all to it.
type Options struct {
	// Format is CSV or JSONL; "": as the first block shows.
	Format Format
	// Delimiter stands between cells: one character, or "tab". "": detected.
	Delimiter string
	// Quote stands around cells: one character, or "none". "": detected.
	Quote string
	// Encoding is utf-8, utf-16le, utf-16be, windows-1252 or latin-1. "": detected.
	Encoding string
	// HeaderLine is the header's line, from 1. 0: detected.
	HeaderLine int
	// NoHeader says that the first line is data; columns are named "1", "2", ….
	NoHeader bool
	// Map says which column is which field (--map); what is not in it is found by name.
	Map map[contact.Field]string
	// Columns are those of an earlier pass over the same JSONL input; nil: collect them.
	Columns []string
	// AnyColumns says that an input without a column to ask by is no error.
	AnyColumns bool
}
