package main

import (
	"errors"
	"fmt"

	"enrich/cmd/enrich/internal/problem"
	"enrich/format"
	"enrich/publish"
	"enrich/writer"
)

// chooseFormats sets the formats of the outputs, and refuses flags that do not fit them.
func (j *job) chooseFormats() error {
	s := j.settings
	j.format, j.pendingFormat = j.info.Format.Results(), j.pendingFormatOf(s.Pending)
	if s.Format != "" {
		j.format = format.Format(s.Format)
	}
	for flag, given := range map[string]bool{"spreadsheet-safe": s.SpreadsheetSafe, "bom": s.BOM} {
		if given && j.format != format.CSV {
			return fmt.Errorf("--%s is for CSV: results and failures are written as %s", flag, j.format)
		}
	}
	if len(s.Fields) > 0 && j.format.HasObjects() {
		return fmt.Errorf("--fields is for formats with columns: results are written as %s, with the whole answer (--format csv has columns)", j.format)
	}
	for _, o := range []struct {
		flag, path string
		format     format.Format
		why        string
	}{
		{"results", s.Results, j.format, "results and failures are written as %s (--format)"},
		{"failures", s.Failures, j.format, "results and failures are written as %s (--format)"},
		{"pending", s.Pending, j.pendingFormat, "pending rows are written unchanged, as %s"},
	} {
		if err := j.checkFormat(o.path, o.format); err != nil {
			return fmt.Errorf("--%s=%q: %w; "+o.why, o.flag, o.path, err, o.format)
		}
	}
	return nil
}

// pendingFormatOf returns the format of pending rows. Objects stay JSONL. Rows with cells are CSV, unless the file's extension is
// that of another format with cells.
func (j *job) pendingFormatOf(path string) format.Format {
	if j.info.Format.HasObjects() {
		return j.info.Format
	}
	if f := format.OfPath(path); f != "" && format.CheckOutput(f) == nil && writer.CheckPending(j.info.Format, f) == nil {
		return f
	}
	return format.CSV
}

// checkFormat returns an error if no program would open a file because its name has the extension of another format: a workbook as
// .csv, or CSV as .xlsx. A terminal cannot show a workbook, either.
func (j *job) checkFormat(path string, f format.Format) error {
	if f.IsBinary() && path != "" && publish.Canonical(path) == "-" {
		if _, isTerminal := j.world.out.Width(); isTerminal {
			return errors.New("a terminal cannot show this format: name a file, or redirect standard output")
		}
	}
	named := format.OfPath(path)
	if named == "" || named == f || !named.IsBinary() && !f.IsBinary() {
		return nil
	}
	return fmt.Errorf("the extension is that of %s", named)
}

// tooLargeAdvice adds to the error of an output that does not fit its format what helps: another format, from the ledger alone.
func (j *job) tooLargeAdvice(err error) error {
	if !errors.Is(err, writer.ErrTooLarge) {
		return err
	}
	advice := "nothing was published; the answers are in the ledger: run enrich write --format csv " + shellQuote(j.name)
	if j.paths.pending != "" && j.pendingFormat.IsBinary() {
		advice += ", with a .csv file for --pending"
	}
	return problem.Wrap(err, "output_too_large", "", advice)
}
