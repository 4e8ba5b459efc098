package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/format"
	"enrich/internal/jsonscan"
	"enrich/internal/phrase"
	"enrich/reader"
)

func readCommand(w world) *cobra.Command {
	s := settings.Defaults()
	arrays := false
	cmd := &cobra.Command{
		Use: "read [flags] FILE", Short: "Show how a file is read, and its rows: no call, no key",
		Example: "  enrich read leads.csv\n  enrich read --arrays leads.csv | head -n 1", Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withInput(cmd, args, func(name string) error { return read(w, &s, name, arrays) })
		},
	}
	s.InputFlags(cmd)
	help.Group(cmd, "Input")
	cmd.Flags().BoolVar(&arrays, "arrays", false, "print each record as a JSON array of strings, the header first")
	s.LoggingFlags(cmd)
	help.Group(cmd, "Logging")
	s.ConfigFlag(cmd)
	help.Group(cmd, "Settings")
	return cmd
}

func read(w world, s *settings.Settings, name string, arrays bool) error {
	s.NoLedger = true
	s.Grace = 0 // there is nothing to finish after a signal
	j, err := newJob(w, s, name, time.Now().UTC())
	if err != nil {
		return err
	}
	defer j.close()
	w.out.Until(j.shutdown.Interrupted)
	j.reading.AnyColumns, j.reading.Cleaning = true, &contact.Cleaning{}
	rows, err := j.open()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // it was only read
	j.sayReading(rows.Info())
	out := bufio.NewWriterSize(w.stdout, 64<<10)
	refused, err := j.printRows(out, rows, arrays)
	j.sayFooter(rows.Skipped())
	if ferr := out.Flush(); err == nil && ferr != nil {
		err = fmt.Errorf("write standard output: %w", ferr)
	}
	j.sayCleaning()
	sig := j.shutdown.Signal()
	var stop contact.Stop
	switch {
	case err != nil && sig != nil:
		return shutdown.Interruption{Signal: sig}
	case errors.Is(err, reader.ErrBroken):
		j.sayBroken(err)
		stop = contact.StopInput
	case err != nil:
		return err
	}
	return endWith(exitCode(stop, refused, nil))
}

// printRows prints every row, and says which were refused.
func (j *job) printRows(out io.Writer, rows *reader.Reader, arrays bool) (refused int64, err error) {
	print := printer(out, rows.Info(), arrays)
	if arrays && !rows.Info().Format.HasObjects() && !j.settings.NoHeader {
		if err := encode(out, rows.Info().Header); err != nil {
			return 0, err
		}
	}
	buf := make([]reader.Row, 256)
	for {
		n, err := rows.Read(buf)
		for i := range buf[:n] {
			row := &buf[i]
			if row.Refused != nil {
				refused++
				j.printer.Warn(fmt.Sprintf("%s %d: %s: %s", placeIn(rows.Info().Format), row.Line, row.Refused.Kind, withoutLine(row.Refused.Message, row.Line)),
					"event", "refused", "line", row.Line, "kind", row.Refused.Kind)
			}
			if perr := print(row); perr != nil {
				return refused, fmt.Errorf("write standard output: %w", perr)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return refused, nil
		case err != nil:
			return refused, err
		case j.shutdown.Signal() != nil:
			return refused, shutdown.Interruption{Signal: j.shutdown.Signal()}
		}
	}
}

// placeIn is what the numbers of the places in a file count.
func placeIn(f format.Format) string {
	if f == format.XLSX || f == format.Parquet {
		return "row"
	}
	return "line"
}

// encode writes one JSON value as a line, without escaping what only a web page needs escaped.
func encode(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printer prints a row that can be read; a refused one is only reported.
func printer(out io.Writer, info reader.Info, arrays bool) func(*reader.Row) error {
	var line []byte
	objects := info.Format.HasObjects()
	return func(row *reader.Row) error {
		switch {
		case arrays && row.Refused == nil:
			return encode(out, row.Cells)
		case row.Refused != nil:
			return nil
		case objects:
			line = append(appendLine(line[:0], row.Raw), '\n')
		default:
			line = appendObject(line[:0], info.Columns, row.Cells)
		}
		_, err := out.Write(line)
		return err
	}
}

// appendLine appends JSON without its line breaks, which can only be between two tokens.
func appendLine(b, raw []byte) []byte {
	for _, c := range raw {
		if c != '\n' && c != '\r' {
			b = append(b, c)
		}
	}
	return b
}

// appendObject writes cells by column, in column order, which a map would not keep.
func appendObject(b []byte, columns, cells []string) []byte {
	b = append(b, '{')
	for i, c := range columns {
		if i >= len(cells) {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsonscan.AppendString(b, c), ':')
		b = jsonscan.AppendString(b, cells[i])
	}
	return append(b, '}', '\n')
}

// withoutLine returns a refusal's message without the line that it names.
func withoutLine(message string, line int64) string {
	message = strings.TrimPrefix(strings.TrimPrefix(message, fmt.Sprintf("line %d: ", line)), fmt.Sprintf("row %d: ", line))
	return strings.TrimPrefix(message, fmt.Sprintf("line %d has ", line))
}

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
	v.Info(console.Name(j.input.Name)+": "+what+packed(i.Compression), "event", "reading", "info", i)
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
	if len(i.Mapping) == 0 {
		v.Info("  no column matches a field: use --map FIELD=COLUMN")
	}
	j.saySkipped(i)
}

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

// saySkipped reports the lines above the header, which are not read as rows.
func (j *job) saySkipped(i reader.Info) {
	j.sayWorkbook(i.Workbook)
	switch above := i.Above; above.Count {
	case 0:
	case 1:
		j.printer.Info(fmt.Sprintf("skipped 1 line above the header, line %d", above.First), "event", "skipped", "above_header", above)
	default:
		j.printer.Info(fmt.Sprintf("skipped %d lines above the header, lines %d to %d", above.Count, above.First, above.Last), "event", "skipped", "above_header", above)
	}
}

// onlyIfNeeded says when a full name is used.
func onlyIfNeeded(f contact.Field) string {
	if f == contact.FullName {
		return ", split for rows that cannot be sent without it"
	}
	return ""
}

func packed(compression string) string {
	if compression == "" || compression == "none" {
		return ""
	}
	return ", " + compression
}
