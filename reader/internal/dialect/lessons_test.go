package dialect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/reader/internal/readertest"
)

// Each file in testdata/lessons shows a quirk of real exports; the .want file beside it says how it must be read. With
// TEST_ENRICH_UPDATE set, the test writes these files: look at what changed.
func TestLessons(t *testing.T) {
	files, _ := filepath.Glob("testdata/lessons/*.csv")
	if len(files) == 0 {
		t.Fatal("no lessons")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := describe(t, text)
		wanted := strings.TrimSuffix(name, ".csv") + ".want"
		if os.Getenv("TEST_ENRICH_UPDATE") != "" {
			if err := os.WriteFile(wanted, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(wanted)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is read as\n%sexpected\n%s", name, got, want)
		}
	}
}

// describe says how an input is read, in lines.
func describe(t *testing.T, text []byte) string {
	var b strings.Builder
	r, rows, err := readertest.Read(t, text, readertest.AnyColumns)
	if err != nil {
		return fmt.Sprintf("error: %v\n", err)
	}
	i := r.Info()
	fmt.Fprintf(&b, "%s, delimiter %q, quote %q, escape %q, line ends %s\n", i.Encoding, i.Delimiter, i.Quote, i.Escape, i.LineEnd)
	fmt.Fprintf(&b, "%d: %q\n", i.HeaderLine, i.Header)
	for _, row := range rows {
		fmt.Fprintf(&b, "%d: %q\n", row.Line, row.Cells)
		if row.Refused != nil {
			fmt.Fprintf(&b, "   %s, %s, beyond %q\n", row.Refused.Kind, row.Refused.Message, row.Refused.Extra)
		}
	}
	return b.String()
}
