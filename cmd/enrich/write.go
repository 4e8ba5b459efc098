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
	"enrich/pipeline"
	"enrich/reader"
)

func writeCommand(w world) *cobra.Command {
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "write [flags] FILE", Short: "Write the results from the ledger alone: no call, no key",
		Example: "  enrich write leads.csv\n  enrich write --format xlsx --fields title,mobile_phone leads.csv\n  enrich write --format jsonl --out export leads.csv", Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withInput(cmd, args, func(name string) error { return write(w, &s, name) })
		},
	}
	cmd.Flags().SortFlags = false
	s.OutputFlags(cmd)
	s.GraceFlag(cmd)
	help.Group(cmd, "Output")
	passFlags(cmd, &s)
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
	if err := j.chooseOutputs(first.Info()); err != nil {
		return err
	}
	j.saySkipped(first.Info())
	if err := j.openLedger(j.shutdown.Interrupted, storeOptions{readOnly: true}); err != nil {
		return err
	}
	j.sayNoLedger()
	j.memory.contacts = j.ledger.Answers
	if s.Report != "" {
		key, _ := s.Key(w.lookupEnv) // write needs no key; if one is set, keep it off the page
		j.report = &reporter{command: "write", key: key}
	}
	read, broken, err := readThrough(j, first)
	if err != nil {
		return j.interrupted(err)
	}
	j.sayFooter(first.Skipped())
	if broken != nil {
		j.sayBroken(broken)
	}
	sum, bytes := first.Sum()
	_ = first.Close() // it was only read; the second pass needs the memory and the temporary space
	written, err := j.write(0, first.Columns(), sum, read, broken)
	if err != nil {
		return j.interrupted(err)
	}
	summary := pipeline.NewSummary(written, sum, bytes)
	summary.Input.SkippedLines = first.Skipped().Count
	j.report.setResults(j.completeWriteSummary(&summary, broken), written)
	if err := j.publish(&summary); err != nil {
		return j.interrupted(err)
	}
	j.saySummary(&summary)
	return endWith(summary.ExitCode)
}

// completeWriteSummary completes the summary of a write pass without an ask pass, and returns how an ask pass would have ended. Pending
// rows count as left by a cap, because the ledger does not say why they were not sent.
func (j *job) completeWriteSummary(s *pipeline.Summary, broken error) (how pipeline.AskResult) {
	if broken != nil {
		how.Stop, how.ReadErr = contact.StopInput, broken
	}
	j.conclude(s, how.Stop)
	if how.Stop == "" && s.Rows.Pending > 0 {
		s.ExitCode = exitCapped
	}
	return how
}

// readThrough reads an input to its end, for its columns, its hash and its number of rows. broken is the error by which the input ended
// early, if it did.
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
