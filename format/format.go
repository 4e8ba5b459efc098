// Package format is the one list of the file formats that enrich reads and writes.
//
// A new format is a constant here, a parser in reader and an encoder in writer. This package contains no parsing.
package format

import (
	"fmt"
	"slices"
	"strings"
)

// A Format names a file format as --input-format, --format and the summary do.
type Format string

// The formats.
const (
	// CSV is delimited text. As an input any dialect, as an output UTF-8, comma, LF.
	CSV Format = "csv"
	// JSONL is JSON objects. As an input one a line, concatenated or in one array, as an output one a line.
	JSONL Format = "jsonl"
)

// All returns the formats in the order in which they are shown.
func All() []Format { return []Format{CSV, JSONL} }

// Names returns the names of all formats.
func Names() []string {
	var names []string
	for _, f := range All() {
		names = append(names, string(f))
	}
	return names
}

// Parse returns the format with a name. The error lists the names of all formats.
func Parse(name string) (Format, error) {
	if f := Format(name); slices.Contains(All(), f) {
		return f, nil
	}
	names := Names()
	last := len(names) - 1
	return "", fmt.Errorf("%q: expected %s or %s", name, strings.Join(names[:last], ", "), names[last])
}

// Ext returns the extension of the format's files, with the dot.
func (f Format) Ext() string { return "." + string(f) }
