package main

import (
	"errors"
	"fmt"

	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/remote"
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
	j.memory.pages = format.Parquet == j.info.Format || format.Parquet == j.format
	for flag, given := range map[string]bool{"spreadsheet-safe": s.SpreadsheetSafe, "bom": s.BOM} {
		if given && j.format != format.CSV {
			return wrongFormat(flag, fmt.Sprintf("--%s is for CSV: results and failures are written as %s", flag, j.format), "")
		}
	}
	if len(s.Fields) > 0 && j.format.HasObjects() {
		return wrongFormat("fields", fmt.Sprintf("--fields is for formats with columns: results are written as %s, with the whole answer", j.format), "use --format csv")
	}
	chosen := fmt.Sprintf("results and failures are written as %s", j.format)
	for _, o := range []struct {
		flag, path  string
		format      format.Format
		why, advice string
	}{
		{"results", s.Results, j.format, chosen, "use --format, or another extension"},
		{"failures", s.Failures, j.format, chosen, "use --format, or another extension"},
		{"pending", s.Pending, j.pendingFormat, fmt.Sprintf("pending rows of %s are written as they are", j.info.Format), "use another extension"},
	} {
		if o.format.IsBinary() && o.path != "" && publish.Canonical(o.path) == "-" && j.stdoutIsTerminal() {
			return wrongFormat(o.flag, fmt.Sprintf("--%s: a terminal cannot show %s", o.flag, o.format), "name a file, or redirect standard output")
		}
		if named := format.OfPath(o.path); named != "" && named != o.format && (named.IsBinary() || o.format.IsBinary()) {
			return wrongFormat(o.flag, fmt.Sprintf("--%s=%q has the extension of %s, and %s", o.flag, o.path, named, o.why), o.advice)
		}
	}
	return nil
}

// stdoutIsTerminal reports whether standard output is one.
func (j *job) stdoutIsTerminal() bool {
	_, ok := j.world.out.Width()
	return ok
}

// wrongFormat is the error of a flag that does not fit the format of an output, or of a name that would keep every program from
// opening it: a workbook as .csv, or CSV as .xlsx.
func wrongFormat(flag, message, advice string) error {
	return problem.New(problem.Problem{Code: "invalid_value", Flag: flag, Message: message, Advice: advice})
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

// tooLargeAdvice adds advice to the error of an output that does not fit its format: to write another format, from the ledger alone.
func (j *job) tooLargeAdvice(err error) error {
	if !errors.Is(err, writer.ErrTooLarge) {
		return err
	}
	advice := "nothing was published; the answers are in the ledger: run enrich write --format csv " + remote.Quote(j.name)
	if j.paths.pending != "" && j.pendingFormat.IsBinary() {
		advice += ", with a .csv file for --pending"
	}
	return problem.Wrap(err, "output_too_large", "", advice)
}
