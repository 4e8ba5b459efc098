package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gocarina/gocsv"

	"enrich/cmd/enrich/internal/console"
	"enrich/internal/phrase"
	"enrich/samples"
	"enrich/writer"
)

const (
	demoDir = "enrich-demo"
	// demoMarker is the file by which a directory is known to be a demo's: only such a one is ever cleared.
	demoMarker = ".made-by-enrich-demo"
	// demoRevoked is the directory for the outputs of the run whose key is revoked.
	demoRevoked = "revoked"
)

// clearDemo makes the directory, with the samples in it. A former demo's is removed; any other is left alone.
func clearDemo() error {
	entries, err := os.ReadDir(demoDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return usage(fmt.Errorf("./%s is in the way: %w", demoDir, err))
	case len(entries) > 0:
		if info, err := os.Lstat(filepath.Join(demoDir, demoMarker)); err != nil || !info.Mode().IsRegular() {
			return usage(fmt.Errorf("./%s was not made by an earlier demo: move it away, or run the demo elsewhere", demoDir))
		}
		if err := os.RemoveAll(demoDir); err != nil {
			return fmt.Errorf("clear ./%s: %w", demoDir, err)
		}
	}
	return makeDemo()
}

func makeDemo() error {
	if err := os.MkdirAll(demoDir, 0o700); err != nil {
		return fmt.Errorf("make ./%s: %w", demoDir, err)
	}
	// The marker comes first: what a demo that was killed leaves behind can be cleared by the next one.
	if err := os.WriteFile(filepath.Join(demoDir, demoMarker), nil, 0o600); err != nil {
		return fmt.Errorf("make ./%s: %w", demoDir, err)
	}
	if err := os.Mkdir(filepath.Join(demoDir, demoRevoked), 0o700); err != nil {
		return fmt.Errorf("make ./%s: %w", demoDir, err)
	}
	for _, name := range []string{samples.CRMExport, samples.Leads} {
		text, err := fs.ReadFile(samples.Files(), name)
		if err == nil {
			err = os.WriteFile(filepath.Join(demoDir, name), text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("copy a sample to ./%s: %w", demoDir, err)
		}
	}
	return nil
}

// A demoResult and a demoFailure are rows of the demo's outputs.
type (
	demoResult struct {
		ID string `csv:"Record ID"`
		writer.ResultRecord
	}
	demoFailure struct {
		ID string `csv:"Record ID"`
		writer.FailureRecord
	}
)

// cells returns what the demo shows of a row.
func (r demoResult) cells() []string {
	return []string{r.ID, r.Status, r.Title, r.CompanyName, strconv.FormatBool(r.Credit)}
}

func (r demoFailure) cells() []string { return []string{r.ID, string(r.Kind), r.Message} }

// showRows prints the first rows of one of the demo's outputs.
func showRows[T interface{ cells() []string }](d *demo, name string, most int) error {
	f, err := os.Open(filepath.Join(demoDir, name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	var rows []T
	if err := gocsv.UnmarshalFile(f, &rows); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for _, row := range rows[:min(len(rows), most)] {
		d.note("  %s", console.Plain(phrase.Shorten(strings.Join(row.cells(), " | "), demoLine)))
	}
	return nil
}
