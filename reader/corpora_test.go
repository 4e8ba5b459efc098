package reader_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpora is the folder into which public corpora were fetched; they are never committed. Without it these tests are
// skipped.
func corpora(t *testing.T, name string) string {
	root := os.Getenv("ENRICH_CORPORA")
	if root == "" {
		t.Skip("ENRICH_CORPORA names no folder of corpora")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skip(err)
	}
	return dir
}

// TestPollockOutputs writes what is read of each of Pollock's files to ENRICH_CORPORA/pollock-out, for its own scoring.
func TestPollockOutputs(t *testing.T) {
	dir := corpora(t, "Pollock/polluted_files")
	out := filepath.Join(os.Getenv("ENRICH_CORPORA"), "pollock-out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		r, rows, err := read(t, text, anyColumns)
		switch {
		case err != nil && r == nil && len(text) == 0:
		case err != nil && r == nil:
			b.WriteString("Application Error\n")
			t.Logf("%s: %v", filepath.Base(name), err)
		default:
			if r.Info().HeaderLine > 0 {
				_ = w.Write(r.Info().Header)
			}
			for _, row := range rows {
				if row.Refused == nil {
					_ = w.Write(row.Cells)
				}
			}
			w.Flush()
		}
		if err := os.WriteFile(filepath.Join(out, filepath.Base(name)+"_converted.csv"), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
