package writer_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/format"
	"enrich/writer"
	"enrich/writer/internal/xlsx/xlsxtest"
)

// sheet reads a workbook.
func sheet(t fataler, file string) xlsxtest.Sheet {
	t.Helper()
	s, err := xlsxtest.Read([]byte(file))
	check(t, err)
	return s
}

// TestAWorkbookHasTheCellsOfCSV: the same header and the same cells, whatever the input's format.
func TestAWorkbookHasTheCellsOfCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := names().Draw(t, "columns")
		row := writer.Row{Line: 2, Cells: rapid.SliceOfN(cells(), len(columns), len(columns)).Draw(t, "cells")}
		s := writer.Source{Format: format.CSV, Columns: columns}
		failure := writer.Failure{Row: row, Kind: contact.Rejected, Status: 422, Message: "=no", Attempts: 2}
		for _, of := range []struct {
			title string
			write func(format.Format) string
		}{
			{"Results", func(f format.Format) string { return resultsOf(t, s, writer.Options{Format: f}, row) }},
			{"Failures", func(f format.Format) string { return failuresOf(t, s, f, failure) }},
			{"Pending", func(f format.Format) string { return pendingOf(t, s, f, row) }},
		} {
			got := sheet(t, of.write(format.XLSX))
			expected := records(t, of.write(format.CSV))
			got.Rows[0] = append(got.Rows[0], make([]string, len(expected[0])-len(got.Rows[0]))...) // the last names may be empty
			got.Rows[1] = append(got.Rows[1], make([]string, len(expected[1])-len(got.Rows[1]))...)
			if got.Name != of.title || !slices.EqualFunc(got.Rows, expected, slices.Equal) {
				t.Fatalf("%s %q: %q, expected %q", of.title, got.Name, got.Rows, expected)
			}
		}
	})
}

// TestAWorkbookCanBeEnrichedAgain: its rows as an input give the same bytes.
func TestAWorkbookCanBeEnrichedAgain(t *testing.T) {
	columns := []string{"email", "phone", "enrich_me"}
	row := writer.Row{Cells: []string{"a@x.example", "+1800", "=1"}}
	first := resultsOf(t, writer.Source{Format: format.CSV, Columns: columns}, writer.Options{Format: format.XLSX}, row)
	rows := sheet(t, first).Rows
	again := resultsOf(t, writer.Source{Format: format.CSV, Columns: rows[0]}, writer.Options{Format: format.XLSX}, writer.Row{Cells: rows[1]})
	if again != first {
		t.Errorf("%q became %q", rows, sheet(t, again).Rows)
	}
}

// TestObjectsInAWorkbook are cells as in CSV.
func TestObjectsInAWorkbook(t *testing.T) {
	s := writer.Source{Format: format.JSONL, Columns: []string{"email", "n", "list"}}
	row := writer.Row{Raw: []byte(`{"email":"a@x.example","list":[1,2],"n":491701234567}`)}
	if got := sheet(t, resultsOf(t, s, writer.Options{Format: format.XLSX}, row)).Rows[1][:3]; !slices.Equal(got, []string{"a@x.example", "491701234567", "[1,2]"}) {
		t.Errorf("%q", got)
	}
	if rows := sheet(t, failuresOf(t, writer.Source{Format: format.JSONL}, format.XLSX, writer.Failure{Row: writer.Row{Raw: []byte("x"), NoObject: true}, Kind: contact.Invalid})).Rows; len(rows) != 2 || rows[1][4] != `["x"]` {
		t.Errorf("%q", rows)
	}
}

// TestRowsThatDoNotFitAWorkbook are an error that says so and names the line.
func TestRowsThatDoNotFitAWorkbook(t *testing.T) {
	s := writer.Source{Format: format.CSV, Columns: make([]string, 16_384)}
	if _, err := writer.NewResults(io.Discard, s, writer.Options{Format: format.XLSX}); !errors.Is(err, writer.ErrTooLarge) {
		t.Errorf("too many columns: %v", err)
	}
	s.Columns = []string{"notes"}
	f, err := writer.NewFailures(io.Discard, s, writer.Options{Format: format.XLSX})
	check(t, err)
	err = f.Write(&writer.Failure{Row: writer.Row{Line: 7, Cells: []string{strings.Repeat("x", 40_000)}}, Kind: contact.Rejected})
	if !errors.Is(err, writer.ErrTooLarge) || !strings.Contains(err.Error(), "line 7") {
		t.Errorf("a long cell: %v", err)
	}
}
