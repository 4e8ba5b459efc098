// Package format is the one table of the file formats that enrich reads and writes.
//
// A new format is a constant and a line of the table here, a parser in reader and an encoder in writer. This package contains
// no parsing.
package format

import (
	"fmt"
	"path/filepath"
	"strings"

	"enrich/internal/phrase"
)

// A Format names a file format as --input-format, --format and the summary do.
type Format string

// The formats.
const (
	// CSV is delimited text. As an input any dialect, as an output UTF-8, comma, LF.
	CSV Format = "csv"
	// JSONL is JSON objects. As an input one a line, concatenated or in one array, as an output one a line.
	JSONL Format = "jsonl"
	// XLSX is workbooks of Excel. As an output one sheet of text cells.
	XLSX Format = "xlsx"
	// Parquet is columns of typed values.
	Parquet Format = "parquet"
)

// properties say what can be done with a format, and what its rows are.
type properties struct {
	format        Format
	input, output bool
	delimited     bool   // text with delimiters, quotes and line endings
	objects       bool   // rows are JSON objects; those of other formats are cells under a header
	binary        bool   // files are not text
	results       Format // format of the results if none is chosen; "" means the same
}

// table is the list of all formats, in the order in which they are shown.
func table() []properties {
	return []properties{
		{format: CSV, input: true, output: true, delimited: true},
		{format: JSONL, input: true, output: true, objects: true},
		{format: XLSX, input: true, output: true, binary: true, results: CSV},
		{format: Parquet, input: true, output: true, binary: true},
	}
}

func (f Format) properties() properties {
	for _, p := range table() {
		if p.format == f {
			return p
		}
	}
	return properties{}
}

// Inputs returns the formats that can be read.
func Inputs() []Format { return list(func(p properties) bool { return p.input }) }

// Outputs returns the formats that can be written.
func Outputs() []Format { return list(func(p properties) bool { return p.output }) }

func list(include func(properties) bool) (formats []Format) {
	for _, p := range table() {
		if include(p) {
			formats = append(formats, p.format)
		}
	}
	return formats
}

// Names returns the names of formats.
func Names(formats []Format) []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return names
}

// CheckInput returns an error, which lists the possible names, if a format cannot be read.
func CheckInput(f Format) error { return check(f, f.properties().input, Inputs()) }

// CheckOutput returns an error, which lists the possible names, if a format cannot be written.
func CheckOutput(f Format) error { return check(f, f.properties().output, Outputs()) }

func check(f Format, possible bool, expected []Format) error {
	if possible {
		return nil
	}
	return fmt.Errorf("%q: expected %s", string(f), phrase.Or(Names(expected)))
}

// IsDelimited reports whether files of the format are text with delimiters, quotes and line endings.
func (f Format) IsDelimited() bool { return f.properties().delimited }

// HasObjects reports whether the rows of the format are JSON objects. Those of other formats are cells under a header.
func (f Format) HasObjects() bool { return f.properties().objects }

// IsBinary reports whether files of the format are not text, so that a terminal cannot show them.
func (f Format) IsBinary() bool { return f.properties().binary }

// Results returns the format of the results of an input of format f, if the user chooses none.
func (f Format) Results() Format {
	if r := f.properties().results; r != "" {
		return r
	}
	return f
}

// OfPath returns the format whose extension a path has, in upper or lower case; "" if there is none.
func OfPath(path string) Format {
	ext := strings.ToLower(filepath.Ext(path))
	for _, p := range table() {
		if p.format.Ext() == ext {
			return p.format
		}
	}
	return ""
}

// Ext returns the extension of the format's files, with the dot.
func (f Format) Ext() string { return "." + string(f) }
