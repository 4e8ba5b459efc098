package reader_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/reader/internal/readertest"
)

// TestPollock reads Pollock's polluted files and compares them with its clean ones. It writes what is read to
// TEST_ENRICH_CORPORA/pollock-out as well, for Pollock's own scoring (pollock/metrics.py).
func TestPollock(t *testing.T) {
	dir := readertest.Corpora(t, "Pollock/polluted_files")
	out := filepath.Join(filepath.Dir(filepath.Dir(dir)), "pollock-out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file in it: %v", err)
	}
	silent, missing, unread := 0, 0, 0
	for _, name := range files {
		base := filepath.Base(name)
		records, refused, err := pollock(t, name)
		if werr := os.WriteFile(filepath.Join(out, base+"_converted.csv"), converted(t, records, err), 0o644); werr != nil {
			t.Fatal(werr)
		}
		if err != nil {
			unread++
			t.Logf("%s: %v", base, err)
			continue
		}
		clean, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(input(t, filepath.Join(dir, "clean", base)), []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatalf("%s, which should be clean: %v", base, err)
		}
		if len(clean) == 0 || len(records) == 0 { // an empty file
			continue
		}
		wrong, lost := differ(records[1:], clean[1:])
		if strings.HasPrefix(base, "row_") { // one row was unread, and is refused as it should be
			lost -= min(lost, refused, 1)
		}
		if wrong+lost > 0 {
			t.Logf("%s: %d rows silently wrong, %d good rows missing", base, wrong, lost)
		}
		silent, missing = silent+wrong, missing+lost
	}
	t.Logf("%d files: %d rows silently wrong, %d good rows missing, %d files refused", len(files), silent, missing, unread)
	if silent > 82 || missing > 89 || unread > 27 {
		t.Error("worse than it was")
	}
}

// pollock returns what is read of a file: its header and the rows that are not refused.
func pollock(t *testing.T, name string) (records [][]string, refused int, err error) {
	t.Helper()
	text := input(t, name)
	r, rows, err := readertest.Read(t, text, readertest.AnyColumns)
	switch {
	case r == nil && len(text) == 0:
		return nil, 0, nil
	case r == nil:
		return nil, 0, err
	}
	if r.Info().HeaderLine > 0 {
		records = append(records, r.Info().Header)
	}
	for _, row := range rows {
		if row.Refused == nil {
			records = append(records, row.Cells)
		} else {
			refused++
		}
	}
	return records, refused, nil
}

// converted returns a file in the format that Pollock expects.
func converted(t *testing.T, records [][]string, err error) []byte {
	t.Helper()
	if err != nil {
		return []byte("Application Error\n")
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// differ counts the records that are only in one of two lists.
func differ(got, want [][]string) (more, less int) {
	count := map[string]int{}
	for _, r := range got {
		count[strings.ToLower(strings.Join(r, "\x00"))]++
	}
	for _, r := range want {
		count[strings.ToLower(strings.Join(r, "\x00"))]--
	}
	for _, n := range count {
		more, less = more+max(n, 0), less+max(-n, 0)
	}
	return more, less
}
