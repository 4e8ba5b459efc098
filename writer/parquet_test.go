package writer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/format"
	"enrich/internal/duckdb"
	"enrich/writer"
)

// saved writes a file for DuckDB and returns its path.
func saved(t *testing.T, name, file string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// leads are rows with cells that need care, and their columns.
func leads() (columns []string, rows []writer.Row) {
	columns = []string{"email", "Phone", "notes"}
	for i, cells := range [][]string{
		{"a@x.example", "+18005551234", "Zürich 東京 🎈"},
		{"b@x.example", "00123", "line\nbreak, \"quotes\" and ; more"},
		{"c@x.example", "", " "},
		{"d@x.example", "NULL", "null"},
		{"", "", ""},
		{"e@x.example", "=1+1", strings.Repeat("long ", 100_000)},
	} {
		rows = append(rows, writer.Row{Line: int64(i + 1), Cells: cells})
	}
	return columns, rows
}

// TestParquetHasTheValuesOfCSV: DuckDB reads the same values in both formats, an empty cell as a null. Only enrich_at and
// enrich_credit are not text.
func TestParquetHasTheValuesOfCSV(t *testing.T) {
	columns, rows := leads()
	s := writer.Source{Format: format.CSV, Columns: columns}
	var failures []writer.Failure
	for _, row := range rows {
		failures = append(failures, writer.Failure{Row: row, Kind: contact.Rejected, Status: 422, Message: "no, \"never\"", Attempts: 1})
	}
	failures[1].Cells, failures[1].Kind, failures[1].Status = failures[1].Cells[:2], contact.Ragged, 0
	for name, write := range map[string]func(f format.Format) string{
		"results":  func(f format.Format) string { return resultsOf(t, s, writer.Options{Format: f}, rows...) },
		"failures": func(f format.Format) string { return failuresOf(t, s, f, failures...) },
		"pending":  func(f format.Format) string { return pendingOf(t, s, f, rows...) },
		"nothing":  func(f format.Format) string { return resultsOf(t, s, writer.Options{Format: f}) },
	} {
		csv, parquet := saved(t, "a.csv", write(format.CSV)), saved(t, "a.parquet", write(format.Parquet))
		replace := ""
		if name == "results" || name == "nothing" {
			replace = "REPLACE (strftime(enrich_at, '%Y-%m-%dT%H:%M:%SZ') AS enrich_at, enrich_credit::VARCHAR AS enrich_credit)"
		}
		got := duckdb.Query(t,
			fmt.Sprintf("CREATE TABLE c AS SELECT * FROM read_csv('%s', all_varchar=true, header=true, delim=',', quote='\"', max_line_size=4000000)", csv),
			fmt.Sprintf("CREATE TABLE p AS SELECT * %s FROM '%s'", replace, parquet),
			"SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM (FROM c EXCEPT ALL FROM p)), (SELECT count(*) FROM (FROM p EXCEPT ALL FROM c)), (SELECT list(column_name) FROM (DESCRIBE c)) = (SELECT list(column_name) FROM (DESCRIBE p))")
		expected := fmt.Sprint([][]string{{fmt.Sprint(len(rows)), "0", "0", "true"}})
		if name == "nothing" {
			expected = "[[0 0 0 true]]"
		}
		if fmt.Sprint(got) != expected {
			t.Errorf("%s: rows, those only in CSV, only in Parquet, same columns: %v, expected %s", name, got, expected)
		}
		types := duckdb.Query(t, fmt.Sprintf("SELECT column_name, column_type FROM (DESCRIBE FROM '%s') WHERE column_type <> 'VARCHAR'", parquet))
		if expected := "[[enrich_at TIMESTAMP WITH TIME ZONE] [enrich_credit BOOLEAN]]"; replace != "" && fmt.Sprint(types) != expected || replace == "" && len(types) > 0 {
			t.Errorf("%s: the other types are %v", name, types)
		}
	}
}

// TestRowGroupsAreBounded in rows and in bytes, and every page is packed with zstd.
func TestRowGroupsAreBounded(t *testing.T) {
	s := writer.Source{Format: format.CSV, Columns: []string{"email", "n"}}
	var long []writer.Row
	x := uint64(1)
	for range 60 { // text that does not pack well
		var b strings.Builder
		for range 20_000 {
			x = x*6364136223846793005 + 1442695040888963407
			fmt.Fprintf(&b, "%016x", x)
		}
		long = append(long, writer.Row{Cells: []string{"a@x.example", b.String()}})
	}
	short := slices.Repeat([]writer.Row{{Cells: []string{"a@x.example", ""}}}, 250_000)
	for name, test := range map[string]struct {
		rows   []writer.Row
		groups string
	}{"bytes": {long, "60 true"}, "rows": {short, "250000 true"}} {
		file := pendingOf(t, s, format.Parquet, test.rows...)
		path := saved(t, "a.parquet", file)
		got := duckdb.Query(t, fmt.Sprintf(`SELECT (SELECT count(*) FROM '%[1]s'), max(row_group_num_rows) <= 122880 AND max(row_group_compressed_bytes) <= 6000000 AND count(DISTINCT row_group_id) >= 3
			AND bool_and(compression = 'ZSTD') FROM parquet_metadata('%[1]s')`, path))
		if fmt.Sprint(got) != "[["+test.groups+"]]" {
			t.Errorf("%s: %v", name, got)
		}
		if again := pendingOf(t, s, format.Parquet, test.rows...); again != file {
			t.Errorf("%s: a second file has other bytes", name)
		}
	}
}

// TestNamesAndBytesInParquet: repeated names are told apart, and what is not UTF-8 is replaced, because DuckDB would read no row.
func TestNamesAndBytesInParquet(t *testing.T) {
	s := writer.Source{Format: format.CSV, Columns: []string{"email", "email", "", "caf\xe9", "enrich_status"}}
	row := writer.Row{Cells: []string{"a@x.example", "b@x.example", "c", "\xff!", "old"}}
	path := saved(t, "a.parquet", failuresOf(t, s, format.Parquet, writer.Failure{Row: row, Kind: contact.Invalid}))
	got := duckdb.Query(t, fmt.Sprintf("SELECT email, email_2, \"caf\uFFFD\", enrich_error_kind FROM '%s'", path))
	if expected := "[[a@x.example b@x.example \uFFFD! invalid]]"; fmt.Sprint(got) != expected {
		t.Errorf("%v, expected %s", got, expected)
	}
}

// TestManyColumnsInParquet: as many as an input may have.
func TestManyColumnsInParquet(t *testing.T) {
	s, row := writer.Source{Format: format.CSV}, writer.Row{}
	for i := range 4096 {
		s.Columns, row.Cells = append(s.Columns, fmt.Sprintf("c%d", i)), append(row.Cells, fmt.Sprint(i))
	}
	path := saved(t, "a.parquet", resultsOf(t, s, writer.Options{Format: format.Parquet}, slices.Repeat([]writer.Row{row}, 300)...))
	if got := duckdb.Query(t, fmt.Sprintf("SELECT count(*), min(c4095), max(c17), sum(enrich_credit::INTEGER)::VARCHAR FROM '%s'", path)); fmt.Sprint(got) != "[[300 4095 17 300]]" {
		t.Error(got)
	}
}
