package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
	"enrich/contact"
	"enrich/ledger/sqlite"
	"enrich/pipeline"
	"enrich/reader"
)

func writeCommand(w world) *cobra.Command {
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "write [flags] FILE", Short: "Write the results from the ledger alone: no call, no key",
		Example: "  enrich write leads.csv\n  enrich write --format jsonl --out export leads.csv", Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return write(w, &s, args[0])
		},
	}
	cmd.Flags().SortFlags = false
	s.OutputFlags(cmd)
	s.GraceFlag(cmd)
	help.Group(cmd, "Output")
	s.MatchingFlags(cmd)
	help.Group(cmd, "Matching and reuse")
	s.InputFlags(cmd)
	help.Group(cmd, "Input")
	s.LoggingFlags(cmd)
	help.Group(cmd, "Logging")
	return cmd
}

// write is the second pass of run, alone.
func write(w world, s *settings.Settings, name string) error {
	j, err := newJob(w, s, name, time.Now().UTC())
	if err != nil {
		return err
	}
	defer j.close()
	first, err := j.open()
	if err != nil {
		return err
	}
	defer func() { _ = first.Close() }() // it was only read
	if err := j.targets(first.Info()); err != nil {
		return err
	}
	j.saySkipped(first.Info())
	if err := j.openLedger(j.shutdown.Interrupted, sqlite.Options{ReadOnly: true}); err != nil {
		return err
	}
	j.memory.contacts = j.ledger.Answers
	if s.Report != "" {
		key, _ := s.Key(w.lookupEnv) // a write needs none; where there is one, it must not be on the page
		j.report = &reporter{command: "write", key: key}
	}
	read, broken, err := readThrough(j, first)
	if err != nil {
		return j.interrupted(err)
	}
	j.sayFooter(first.Skipped())
	sum, bytes := first.Sum()
	written, err := j.write(0, first.Columns(), sum, read, broken)
	if err != nil {
		return j.interrupted(err)
	}
	summary := pipeline.NewSummary(written, sum, bytes)
	summary.Input.SkippedLines = first.Skipped().Count
	j.report.ended(fromWrite(&summary, written, broken), written)
	if err := j.publish(&summary); err != nil {
		return j.interrupted(err)
	}
	j.saySummary(&summary)
	return endingOf(summary.ExitCode)
}

// fromWrite completes the summary of a write pass without an ask pass, and returns how the latter would have ended.
func fromWrite(s *pipeline.Summary, written pipeline.WriteResult, broken error) (how pipeline.AskResult) {
	switch {
	case broken != nil:
		how.Stop, how.Broken = contact.StopInput, broken
		s.Stopped, s.ExitCode = &how.Stop, exitBrokenInput
	case written.Pending > 0:
		s.ExitCode = exitCapped
	case written.Failed > 0:
		s.ExitCode = exitFailedRows
	}
	s.Complete = s.Stopped == nil && written.Pending == 0
	return how
}

// readThrough reads an input to its end, for its columns, its hash and its number of rows. It returns how it broke
// off, if it did.
func readThrough(j *job, rows *reader.Reader) (read int64, broken, err error) {
	buf := make([]reader.Row, 256)
	for {
		n, err := rows.Read(buf)
		read += int64(n)
		switch {
		case j.shutdown.Interrupted.Err() != nil: // also where the signal cut a pipe
			return read, nil, context.Cause(j.shutdown.Interrupted)
		case errors.Is(err, io.EOF):
			return read, nil, nil
		case errors.Is(err, reader.ErrBroken):
			return read, err, nil
		case err != nil:
			return read, nil, err
		}
	}
}
