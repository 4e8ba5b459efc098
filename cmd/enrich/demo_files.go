package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"enrich/cmd/enrich/internal/console"
	"enrich/samples"
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
			return usage(fmt.Errorf("./%s is not of an earlier demo: move it away, or run the demo elsewhere", demoDir))
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
	// The marker comes first: what a demo that was killed leaves behind is known as ours.
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

// show prints some columns of a file's first rows.
func (d *demo) show(name string, rows int, columns ...string) error {
	f, err := os.Open(filepath.Join(demoDir, name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1 // a ragged row stays ragged in the failures
	all, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for _, row := range all[1:min(len(all), 1+rows)] {
		var cells []string
		for _, c := range columns {
			i := slices.Index(all[0], c)
			if i < 0 || i >= len(row) {
				return fmt.Errorf("read %s: a row has no %q", name, c)
			}
			cells = append(cells, row[i])
		}
		d.note("  %s", console.Plain(console.Truncate(strings.Join(cells, " | "), 110)))
	}
	return nil
}
