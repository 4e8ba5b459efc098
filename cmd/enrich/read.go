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

	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/format"
	"enrich/internal/jsonscan"
	"enrich/publish"
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
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&arrays, "arrays", false, "print each record as a JSON array of strings, the header first")
	help.Group(cmd, "Output")
	s.InputFlags(cmd)
	help.Group(cmd, "Input")
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
	if publish.SameOpenFile(j.openedInput(), w.out.File()) {
		return usage(errStdoutIsInput)
	}
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
	return endWith(exitCodeAfter(stop, refused, nil))
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

// placeIn names what the number of a row's place in a file counts.
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
