package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/format"
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

// complete writes what the encoders still have. The files get their names later, from publish.
func (o *outputFiles) complete() error {
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

// outputPath is where an output goes that no flag names: --out, or the directory of the input as it was typed. That is not
// cleaned, because the parent of a linked directory is another.
func (j *job) outputPath(what string) string {
	name := j.input.Stem + "." + what
	if j.settings.Out != "" {
		return filepath.Join(j.settings.Out, name)
	}
	if j.input.Unnamed {
		return name
	}
	dir, _ := filepath.Split(j.name)
	return dir + name
}

// outError returns the error of a directory for the outputs that cannot be used. If --out looks like a file, the advice is
// the flag that names one.
func (j *job) outError(err error) error {
	out := j.settings.Out
	info, statErr := os.Stat(out)
	if out == "-" || statErr == nil && !info.IsDir() || statErr != nil && slices.Contains(format.Names(format.Outputs()), strings.TrimPrefix(filepath.Ext(out), ".")) {
		err = fmt.Errorf("%q is not a directory", out)
		return problem.Wrap(err, "output_directory", "out", "to name the results file, use --results "+console.Name(out))
	}
	return problem.Wrap(err, "output_directory", "out", "")
}

// protectedFiles are those that this command reads or writes besides its input and outputs: the ledger as an output would
// throw away what was paid for.
func (j *job) protectedFiles() []publish.Protected {
	var files []publish.Protected
	if ledger := j.place.File; ledger != "" {
		files = append(files, publish.Protected{Path: ledger, What: "the ledger"})
		for _, suffix := range [...]string{"-wal", "-shm", "-journal", ".lock", ".lock.pid"} { // beside the file that a link leads to
			files = append(files, publish.Protected{Path: publish.Canonical(ledger) + suffix, What: "a part of the ledger"})
		}
	}
	if f := j.settings.APIKeyFile; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the file with the API key"})
	}
	if f := j.settings.CAFile; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the file with the certificates"})
	}
	if f := j.settings.Config; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the config file"})
	}
	return files
}
