package workbook_test

import (
	"testing"

	"go.uber.org/goleak"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type part = readertest.Part

// table reads a workbook and returns its header and rows, and how the reading ended.
func table(t *testing.T, book []byte, o reader.Options) (*reader.Reader, string, error) {
	t.Helper()
	o.AnyColumns = true
	r, rows, err := readertest.Read(t, book, o)
	if r == nil {
		return nil, "", err
	}
	text := readertest.Cells(append([]reader.Row{{Cells: r.Info().Header}}, rows...))
	return r, text, err
}

// expectTable compares the header and the rows of a workbook.
func expectTable(t *testing.T, name string, book []byte, o reader.Options, expected string) *reader.Reader {
	t.Helper()
	r, got, err := table(t, book, o)
	if err != nil || got != expected {
		t.Errorf("%s: %s, %v; expected %s", name, got, err, expected)
	}
	return r
}

// one returns a workbook with one sheet.
func one(sheet string, more ...part) []byte {
	return readertest.Workbook(append([]part{{"Leads", sheet}}, more...)...)
}
