package writer_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/format"
	"enrich/internal/debian"
	"enrich/internal/libreoffice"
	"enrich/writer"
	"enrich/writer/internal/xlsx/xlsxtest"
)

// spreadsheetCells are what spreadsheets like to change.
var spreadsheetCells = []string{
	"+18005551234", "007", "491701234567", "0.10", "1e5", "50%", "1/2", "3-4", "2026-03-01", "01.02.03", "12:30", "TRUE", "#N/A", "=1+1", "+1", "-5", "@SUM(A1)", "'quoted", "=cmd|' /C calc'!A0",
	" leading", "trailing ", "two  spaces", "\ttab", "line\nbreak", "carriage\rreturn", "both\r\n", `"quotes"`, "a;b,c", "<b>&amp;</b>", "_x0041_", "_x005F_", "\x01\x1f", "\ufffe",
	"Zoë Łukasz", "北京", "\U0001f600", strings.Repeat("long ", 6000), "last",
}

// officeFile writes a workbook of results with the cells, one a row, and returns its path.
func officeFile(t *testing.T) string {
	t.Helper()
	s := writer.Source{Format: format.CSV, Columns: []string{"=cell", "email", "empty"}}
	var rows []writer.Row
	for _, cell := range spreadsheetCells {
		rows = append(rows, writer.Row{Cells: []string{cell, "a@x.example", ""}})
	}
	path := filepath.Join(t.TempDir(), "l.results.xlsx")
	check(t, os.WriteFile(path, []byte(resultsOf(t, s, writer.Options{Format: format.XLSX, Fields: []string{"title", "mobile_phone"}}, rows...)), 0o600))
	return path
}

// officeHeader is the header of officeFile.
var officeHeader = []string{"=cell", "email", "empty", "enrich_status", "enrich_at", "enrich_credit", "enrich_message", "enrich_title", "enrich_mobile_phone"}

// officeRow is the row of officeFile with a cell.
func officeRow(cell string) []string {
	return []string{cell, "a@x.example", "", "matched", "2026-03-01T11:30:05Z", "true", "note", "CTO", ""}
}

// TestLibreOfficeReadsWorkbooks: each cell as it was, as text and not as a formula, and the filter.
func TestLibreOfficeReadsWorkbooks(t *testing.T) {
	path := officeFile(t)
	csv := libreoffice.Read(t, libreoffice.Convert(t, libreoffice.Conversion{Out: libreoffice.CSV}, path), path, "csv")
	got := records(t, string(csv))
	if len(got) != len(spreadsheetCells)+1 || !slices.Equal(got[0], officeHeader) {
		t.Fatalf("%d rows, header %q", len(got), got[0])
	}
	for i, cell := range spreadsheetCells {
		expected := officeRow(strings.ReplaceAll(cell, "\r\n", "\n")) // encoding/csv reads it so
		if !slices.Equal(got[i+1], expected) {
			t.Errorf("%.80q became %.200q", cell, got[i+1])
		}
	}
	saved := libreoffice.Read(t, libreoffice.Convert(t, libreoffice.Conversion{Out: libreoffice.XLSX}, path), path, "xlsx")
	sheet, err := xlsxtest.Part(saved, "xl/worksheets/sheet1.xml")
	check(t, err)
	styles, err := xlsxtest.Part(saved, "xl/styles.xml")
	check(t, err)
	if !strings.Contains(sheet, `<autoFilter ref="A1:I39">`) || strings.Contains(sheet, "<f") {
		t.Errorf("no filter, or a formula: %s", sheet)
	}
	for _, c := range regexp.MustCompile(`<c [^>]*>`).FindAllString(sheet, -1) {
		if !strings.HasSuffix(c, ` t="s">`) && !strings.HasSuffix(c, "/>") {
			t.Errorf("%s is not text", c)
		}
	}
	if strings.Count(styles, `formatCode="@"`) != 1 {
		t.Errorf("no cell is formatted as text: %s", styles)
	}
}

// pythonRead prints what openpyxl reads: the sheet, and each cell with its type and format.
const pythonRead = `
import json, openpyxl, sys
book = openpyxl.load_workbook(sys.argv[1])
sheet = book.worksheets[0]
json.dump({
    "Sheets": book.sheetnames, "Freeze": sheet.freeze_panes, "Filter": sheet.auto_filter.ref, "Titles": sheet.print_title_rows,
    "Bold": [c.font.b for c in sheet[1]], "Widths": [sheet.column_dimensions[c].width for c in "ABC"],
    "Kinds": sorted({c.data_type + c.number_format for row in sheet.rows for c in row if c.value is not None}),
    "Rows": [[c.value or "" for c in row] for row in sheet.rows],
}, sys.stdout)
`

// TestPythonReadsWorkbooks: openpyxl, the reader of pandas, sees the frozen header, the filter, and text.
func TestPythonReadsWorkbooks(t *testing.T) {
	python := debian.Python(t, "python3-openpyxl", "openpyxl")
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", pythonRead, officeFile(t))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(t, err)
	var got struct {
		Sheets, Kinds          []string
		Freeze, Filter, Titles string
		Bold                   []bool
		Widths                 []float64
		Rows                   [][]string
	}
	check(t, json.Unmarshal(out, &got))
	if !slices.Equal(got.Sheets, []string{"Results"}) || got.Freeze != "A2" || got.Filter != "A1:I39" || strings.Trim(got.Titles, "$") != "1:$1" ||
		slices.Contains(got.Bold, false) || !slices.Equal(got.Widths, []float64{50, 13, 9}) || !slices.Equal(got.Kinds, []string{"s@"}) {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(got.Rows[0], officeHeader) {
		t.Errorf("header %q", got.Rows[0])
	}
	for i, cell := range spreadsheetCells {
		if strings.Contains(cell, "_x") || strings.ContainsAny(cell, "\x01\ufffe") {
			continue // openpyxl does not know these escapes
		}
		if !slices.Equal(got.Rows[i+1], officeRow(cell)) {
			t.Errorf("%.80q became %.200q", cell, got.Rows[i+1])
		}
	}
}

// TestLibreOfficeReadsFailures, pending rows, and a workbook without rows.
func TestLibreOfficeReadsFailures(t *testing.T) {
	s := writer.Source{Format: format.CSV, Columns: []string{"email", "zip"}}
	row := writer.Row{Cells: []string{"a@x.example", "007"}}
	files := map[string]string{
		"l.failures.xlsx": failuresOf(t, s, format.XLSX, writer.Failure{Row: row, Kind: contact.Rejected, Status: 422, Message: "=no"}),
		"l.pending.xlsx":  pendingOf(t, s, format.XLSX, row),
		"l.none.xlsx":     pendingOf(t, s, format.XLSX),
	}
	var paths []string
	dir := t.TempDir()
	for name, file := range files {
		paths = append(paths, filepath.Join(dir, name))
		check(t, os.WriteFile(paths[len(paths)-1], []byte(file), 0o600))
	}
	out := libreoffice.Convert(t, libreoffice.Conversion{Out: libreoffice.CSV}, paths...)
	for name, expected := range map[string]string{
		"l.failures": "email,zip,enrich_error_kind,enrich_error_status,enrich_error_message,enrich_error_attempts,enrich_error_extra\na@x.example,007,rejected,422,=no,0,\n",
		"l.pending":  "email,zip\na@x.example,007\n", "l.none": "email,zip\n",
	} {
		if got := string(libreoffice.Read(t, out, name+".xlsx", "csv")); got != expected {
			t.Errorf("%s: %q, expected %q", name, got, expected)
		}
	}
}
