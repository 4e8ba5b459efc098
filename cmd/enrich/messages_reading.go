package main

import (
	"fmt"
	"strings"

	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/reader"
)

// Messages about how an input is read: its format and columns, what is skipped, and what is cleaned.

// sayReading tells how the file is read.
func (j *job) sayReading(i reader.Info) {
	v := j.printer
	what := string(i.Format)
	if i.Encoding != "" {
		what += ", " + i.Encoding
	}
	if i.Workbook != nil {
		what += ", " + sheetOf(i)
	}
	v.Info(console.Name(j.input.Name)+": "+what+compressionText(i), "event", "reading", "info", i)
	if i.Format.IsDelimited() {
		header := "no header"
		if i.HeaderLine > 0 {
			header = fmt.Sprintf("header on line %d", i.HeaderLine)
		}
		v.Info(fmt.Sprintf("  delimiter %q, quote %q, line endings %s, %s", i.Delimiter, i.Quote, i.LineEnd, header))
	}
	for _, f := range contact.InputFields() {
		if column, ok := i.Mapping[f]; ok {
			v.Info(fmt.Sprintf("  %-14s from %q%s", f, column, onlyIfNeeded(f)))
		}
	}
	for _, f := range contact.InputFields() {
		if column, ok := i.Spare[f]; ok {
			v.Info(fmt.Sprintf("  %-14s from %q, only for rows that cannot be sent without it; --map %s=COLUMN uses it for all rows, and sends answered ones again", f, column, f))
		}
	}
	if len(i.Mapping) == 0 {
		v.Info("  no column matches a field: use --map FIELD=COLUMN")
	}
	j.saySkipped(i)
}

// onlyIfNeeded says when a full name is used.
func onlyIfNeeded(f contact.Field) string {
	if f == contact.FullName {
		return ", split for rows that cannot be sent without it"
	}
	return ""
}

// compressionText names the compression of an input, after what the input is; "" if it is not compressed.
func compressionText(i reader.Info) string {
	if !isCompressed(i) {
		return ""
	}
	return ", " + i.Compression
}

// isCompressed reports whether an input is compressed.
func isCompressed(i reader.Info) bool { return i.Compression != "" && i.Compression != "none" }

// sheetOf says which sheet of a workbook is read, and where its header is.
func sheetOf(i reader.Info) string {
	text := "sheet " + console.Name(i.Sheet)
	if i.Sheets > 1 {
		text += fmt.Sprintf(" (of %d)", i.Sheets)
	}
	if i.HeaderLine > 0 {
		text += fmt.Sprintf(", header in row %d", i.HeaderLine)
	}
	return text
}

// saySkipped reports the lines above the header, which are not read as rows; in a sheet, its rows.
func (j *job) saySkipped(i reader.Info) {
	j.sayWorkbook(i.Workbook)
	above, place := i.Above, placeIn(i.Format)
	if above.Count == 0 {
		return
	}
	j.printer.Info(fmt.Sprintf("skipped %s above the header, %s", console.Count(above.Count, place), placesText(above, place)), "event", "skipped", "above_header", above)
}

// placesText says which lines, or rows of a sheet: "line 3", "rows 21 to 23".
func placesText(l reader.Lines, place string) string {
	if l.Last > l.First {
		return fmt.Sprintf("%ss %d to %d", place, l.First, l.Last)
	}
	return fmt.Sprintf("%s %d", place, l.First)
}

// sayWorkbook reports what people do not see in a workbook and should know before its rows are sent.
func (j *job) sayWorkbook(w *reader.Workbook) {
	if w == nil {
		return
	}
	if n := w.HiddenRows; n > 0 {
		j.printer.Warn(fmt.Sprintf("sheet %s: %s %s hidden, and read like the others; to leave them out, copy the visible rows into a new workbook",
			console.Name(w.Sheet), console.Count(n, "row"), phrase.Plural(n, "is", "are")), "event", "hidden_rows", "rows", n)
	}
	if n := w.FormulasWithoutValue; n > 0 {
		j.printer.Warn(fmt.Sprintf("sheet %s: %s %s no saved value, and %s empty; open the workbook in a spreadsheet program and save it",
			console.Name(w.Sheet), console.Count(n, "formula"), phrase.Plural(n, "has", "have"), phrase.Plural(n, "its cell is", "their cells are")), "event", "formulas_without_value", "cells", n)
	}
}

// sayFooter reports the lines at the end of the input that are not rows.
func (j *job) sayFooter(s reader.Lines) {
	if s.Count == 0 {
		return
	}
	place := placeIn(j.info.Format)
	j.printer.Info(fmt.Sprintf("skipped %s, %s", console.Count(s.Count, "footer "+place), placesText(s, place)), "event", "footer", "lines", s.Count, "first", s.First, "last", s.Last)
}

// sayCleaning tells what was cleaned in the rows that were read.
func (j *job) sayCleaning() {
	for _, k := range j.reading.Cleaning.Kinds() {
		j.printer.Info(fmt.Sprintf("  %d %s", k.Cells, cleanedText(k)), "event", "cleaning", "kind", k.Kind, "cells", k.Cells, "examples", k.Examples)
	}
}

// cleanedText says what cleaning did to some cells, with examples: "3 placeholders sent as empty: "#N/A", "-"".
func cleanedText(k contact.Cleaned) string {
	one, more := cleanedKind(k.Kind)
	what := more
	if k.Cells == 1 {
		what = one
	}
	examples := make([]string, len(k.Examples))
	for i, e := range k.Examples {
		examples[i] = exampleText(k.Kind, e)
	}
	return what + ": " + strings.Join(examples, "; ")
}

// cleanedKind says what cleaning did to one cell, and to more.
func cleanedKind(kind string) (one, more string) {
	switch kind {
	case "trimmed":
		return "cell sent without spaces or invisible characters", "cells sent without spaces or invisible characters"
	case "emptied":
		return "placeholder sent as empty", "placeholders sent as empty"
	case "address":
		return "address taken out of a cell", "addresses taken out of a cell"
	case "host":
		return "domain taken from a web site", "domains taken from web sites"
	case "page":
		return "page on a network not sent as a domain", "pages on a network not sent as a domain"
	}
	return "full name split (--no-split-names)", "full names split (--no-split-names)"
}

// exampleText shows a cell and what is sent for it; invisible characters are escaped.
func exampleText(kind string, e contact.Example) string {
	const limit = 40
	cell := console.Quote(e.Cell, limit)
	switch kind {
	case "emptied", "page":
		return cell
	case "name":
		return fmt.Sprintf("%s as %s and %s", cell, console.Quote(e.Sent[0], limit), console.Quote(e.Sent[1], limit))
	}
	return fmt.Sprintf("%s as %s", cell, console.Quote(e.Sent[0], limit))
}
