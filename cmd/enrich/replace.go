package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"enrich/pipeline"
)

// A bad run does not replace good outputs. The rules are those of DESIGN.md, "Publishing": without --replace, outputs of
// another input are refused before any call, and outputs that have more answered rows are kept.

// published finds the outputs in place: by the summary that this run would replace, else by the one beside the results
// with the usual name, if it names the results file that this run would replace. nil: there are none.
func (j *job) published() (*publishedSet, error) {
	p, err := readPublished(j.paths.summary)
	if p != nil || err != nil {
		return p, err
	}
	usual := j.outputPath("summary.json")
	if usual == j.paths.summary {
		return nil, nil
	}
	if p, err = readPublished(usual); err != nil || p == nil || !p.names(j.paths.results) {
		return nil, nil // this run does not replace that summary
	}
	return p, nil
}

// refuseOthers returns an error if the outputs in place are those of another input.
func (j *job) refuseOthers() error {
	if j.settings.replace {
		return nil
	}
	flag := "out"
	if j.settings.summary != "" {
		flag = "summary"
	}
	p, err := j.published()
	if err != nil {
		return usage(fmt.Errorf("--%s: the summary in place cannot be read: %w; move it away, or use --replace", flag, err))
	}
	if p == nil {
		return nil
	}
	other, err := j.isOther(p)
	if err != nil || !other {
		return err
	}
	return usage(fmt.Errorf("--%s: %q and its results are of another input (%s): name another directory with --out, or use --replace",
		flag, p.path, bounded(p.summary.Input.Path)))
}

// isOther reports whether outputs are of another input: another path and other bytes. Whatever comes through a pipe is taken
// for the same input, because its bytes are not known before the first call.
func (j *job) isOther(p *publishedSet) (bool, error) {
	path, before := j.inputPath(), p.summary.Input
	if before.Path == "" || before.Path == "-" || path == "-" || before.Path == path || j.input.File == nil {
		return false, nil
	}
	info, err := j.input.File.Stat()
	if err != nil {
		return false, err
	}
	if there, err := os.Stat(p.inFolder(before.Path)); err == nil && os.SameFile(there, info) {
		return false, nil
	}
	if info.Size() != before.Bytes {
		return true, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, contextReader{j.patience.ctx, j.source()}); err != nil {
		if sig := j.patience.signal(); sig != nil {
			return false, interruption{sig}
		}
		return false, fmt.Errorf("read %s: %w", j.input.Name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)) != before.SHA256, nil
}

// A contextReader ends with the context's error when that is done.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// inputPath is the input's path relative to the folder of the summary, or "-" for standard input and devices.
func (j *job) inputPath() string {
	if j.input.Unnamed {
		return "-"
	}
	return relativeTo(j.summaryDir(), j.name)
}

// summaryDir is the folder of the summary; a summary that is no file has the working directory.
func (j *job) summaryDir() string {
	place := placeOf(j.paths.summary)
	if info, err := os.Stat(place); place == "-" || err == nil && !info.Mode().IsRegular() {
		return "."
	}
	return filepath.Dir(place)
}

// keeps reports whether the outputs in place are kept instead of this run's, and why. inPlace is their number of answered
// rows, or -1 if no summary says it.
func (j *job) keeps(s *pipeline.Summary) (keep bool, inPlace int64, err error) {
	if j.settings.replace {
		return false, 0, nil
	}
	p, err := j.published()
	if err != nil {
		return false, 0, fmt.Errorf("the summary in place cannot be read: %w", err)
	}
	answered := s.Rows.Matched + s.Rows.NoMatch
	stopped := answered == 0 && (s.ExitCode == exitRefused || s.ExitCode == exitAPIDown)
	if p == nil {
		return stopped && j.keepsResults(), -1, nil
	}
	if !p.hasResults() || p.publishedBefore(j.ledger.Removed()) {
		return false, 0, nil
	}
	return stopped || p.summary.Input.SHA256 == s.Input.SHA256 && p.answered > answered, p.answered, nil
}

// keepsResults reports whether a results file is in place that no summary tells of, such as with --summary -. An empty file
// is nothing to keep: it may have been made to reserve the name.
func (j *job) keepsResults() bool {
	if placeOf(j.paths.results) == "-" {
		return false
	}
	info, err := os.Stat(j.paths.results)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0 && info.ModTime().After(j.ledger.Removed())
}
