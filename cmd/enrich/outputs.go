package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"enrich/pipeline"
	"enrich/publish"
	"enrich/writer"
)

// outputFiles are the files of one run, under temporary names until the set is published.
type outputFiles struct {
	set      *publish.Set
	results  *writer.Results
	failures *writer.Failures
	pending  *writer.Pending // nil: nobody asked for it
}

// create opens the files and tells the write pass of them. columns are the input's, complete after a first pass.
func (o *outputFiles) create(j *job, w *pipeline.Write, columns []string) error {
	o.set = publish.NewSet()
	source := writer.Source{Format: j.info.Format, Columns: columns}
	options := writer.Options{Format: j.format, Fields: j.settings.Fields, SpreadsheetSafe: j.settings.SpreadsheetSafe, BOM: j.settings.BOM}
	if !source.Format.HasObjects() {
		source.Columns = j.info.Header
	}
	open := func(flag, path string) (io.Writer, error) {
		f, err := o.set.Create(j.shutdown.Deadline, path, j.world.stdout)
		if err != nil {
			return nil, fmt.Errorf("create the %s file: %w", flag, err)
		}
		return f, nil
	}
	f, err := open("results", j.paths.results)
	if err != nil {
		return err
	}
	if o.results, err = writer.NewResults(f, source, options); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if f, err = open("failures", j.paths.failures); err != nil {
		return err
	}
	if o.failures, err = writer.NewFailures(f, source, options); err != nil {
		return fmt.Errorf("write failures: %w", err)
	}
	w.Results, w.Failures = o.results, o.failures
	if j.paths.pending == "" {
		return nil
	}
	if f, err = open("pending", j.paths.pending); err != nil {
		return err
	}
	if o.pending, err = writer.NewPending(f, source, j.pendingFormat); err != nil {
		return fmt.Errorf("write pending rows: %w", err)
	}
	w.Pending = o.pending
	return nil
}

// finish writes what the encoders still have. The files get their names later, from publish.
func (o *outputFiles) finish() error {
	if err := o.results.Close(); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if err := o.failures.Close(); err != nil {
		return fmt.Errorf("write failures: %w", err)
	}
	if o.pending == nil {
		return nil
	}
	if err := o.pending.Close(); err != nil {
		return fmt.Errorf("write pending rows: %w", err)
	}
	return nil
}

// discard removes what was not published; after a publication it does nothing.
func (o *outputFiles) discard() error {
	if o.set == nil {
		return nil
	}
	return o.set.Discard()
}

// publish completes the summary and gives all files their names, the summary last; or it keeps the outputs in place.
func (j *job) publish(s *pipeline.Summary) error {
	if j.settings.NoOutputs {
		return j.completeWithoutOutputs(s)
	}
	if err := j.outputs.finish(); err != nil {
		return j.tooLargeAdvice(err)
	}
	s.Fields, s.Input.Path = j.outputs.results.Filled(), j.inputPath()
	s.StartedAt, s.FinishedAt = j.started, time.Now().UTC()
	keep, inPlace, err := j.keeps(s)
	if err != nil {
		return err
	}
	if s.Kept = keep; !keep {
		s.Files = j.files()
	}
	j.sumOutputs(s)
	if err := j.writeReport(s); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := j.writeSummary(s); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if j.input.IsCut() {
		j.sayCut(s)
	}
	if keep {
		j.sayKept(s, inPlace)
		return j.outputs.set.Keep()
	}
	// The last look before the outputs get their names: what they say must be in a ledger that lasts.
	if err := j.ledger.CheckUnchanged(j.shutdown.Deadline); err != nil {
		return err
	}
	if err := j.outputs.set.Publish(j.shutdown.Deadline); err != nil {
		return fmt.Errorf("publish the outputs: %w", err)
	}
	return nil
}

func (j *job) writeSummary(s *pipeline.Summary) error {
	f, err := j.outputs.set.Create(j.shutdown.Deadline, j.paths.summary, j.world.stdout)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

// sumOutputs lists the outputs written so far with their hashes. If those in place are kept, only what went to standard
// output, a pipe or a device was written.
func (j *job) sumOutputs(s *pipeline.Summary) {
	s.Outputs = j.outputs.set.Sums()
	if s.Kept {
		s.Outputs = j.outputs.set.DirectSums()
	}
}
