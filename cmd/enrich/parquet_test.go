package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"enrich/client/fakeapi"
	"enrich/internal/duckdb"
)

// parquet has DuckDB write a file of a stage.
func (s *stage) parquet(name, query string) {
	s.t.Helper()
	duckdb.Query(s.t, fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 1000000)", query, s.path(name)))
}

// TestParquetWithoutRows is read as a CSV that has only a header: an export may be empty, and so is the failures file of a good run. Its
// outputs have no rows, and the columns that they always have.
func TestParquetWithoutRows(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.parquet("none.parquet", "SELECT 'a@x.example' AS email, 1 AS n WHERE false")
	s.run(exitOK, "run", "none.parquet")
	if sum := s.summary("none.summary.json"); sum.Rows.Read != 0 || !sum.Complete {
		t.Errorf("%+v", sum)
	}
	s.run(exitOK, "run", "none.failures.parquet")
	for _, name := range []string{"none.results.parquet", "none.failures.results.parquet"} {
		got := duckdb.Query(t, fmt.Sprintf("SELECT count(*), (SELECT string_agg(type, ' ') FROM parquet_schema('%[1]s') WHERE name IN ('email', 'n', 'enrich_at')) FROM '%[1]s'", s.path(name)))
		if expected := "[[0 BYTE_ARRAY BYTE_ARRAY INT64]]"; fmt.Sprint(got) != expected {
			t.Errorf("%s: %v, expected %s", name, got, expected)
		}
	}
	s.parquet("other.parquet", "SELECT 1 AS n WHERE false")
	s.run(exitUsage, "run", "other.parquet").says("no column")
}

// TestParquet: a Parquet file is run, also from standard input, and its outputs are Parquet with the same bytes in every run. They can
// be enriched again, and their enrich_ columns are replaced.
func TestParquet(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 0.5})
	s.parquet("l.parquet", "SELECT * FROM (VALUES ('a@x.example', [1, 2], DATE '2026-01-02'), ('b@x.example', NULL, NULL), ('not an address', [], NULL)) t(email, numbers, day)")
	s.run(exitFailedRows, "run", "l.parquet")
	results, failures := s.read("l.results.parquet"), s.read("l.failures.parquet")
	s.run(exitFailedRows, "run", "l.parquet")
	s.calls(2)
	if s.read("l.results.parquet") != results || s.read("l.failures.parquet") != failures {
		t.Error("a second run wrote other bytes")
	}
	got := duckdb.Query(t, fmt.Sprintf("SELECT email, numbers, day, typeof(numbers), enrich_status IS NULL FROM '%s' ORDER BY email", s.path("l.results.parquet")))
	if expected := "[[a@x.example [1, 2] 2026-01-02 VARCHAR false] [b@x.example NULL NULL VARCHAR false]]"; fmt.Sprint(got) != expected {
		t.Errorf("%v, expected %s", got, expected)
	}
	c := s.command("run", "--pending", "rest.parquet", "-")
	c.Stdin = bytes.NewReader([]byte(s.read("l.parquet")))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitFailedRows)
	if s.read("stdin.results.parquet") != results || s.read("rest.parquet") == "" {
		t.Error("standard input gives other results")
	}
	s.run(0, "run", "--out", ".", "l.results.parquet")
	if again := s.read("l.results.results.parquet"); again != results {
		t.Errorf("enriched again, the results have %d bytes instead of %d", len(again), len(results))
	}
	s.calls(2)
	s.run(2, "run", "--bom", "l.parquet").says("--bom is for CSV")
	s.run(2, "run", "--spreadsheet-safe", "l.parquet").says("--spreadsheet-safe is for CSV")
}

// TestParquetThatCannotBeRead is refused before any call, or ends early after the rows that are good.
func TestParquetThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.parquet("l.parquet", "SELECT 'p' || i || '@x.example' AS email FROM range(5000) t(i)")
	whole := s.read("l.parquet")
	s.write("cut.parquet", whole[:len(whole)/2])
	s.run(2, "run", "cut.parquet").says("damaged or truncated")
	s.write("secret.parquet", "PARE"+whole[4:])
	s.run(2, "run", "secret.parquet").says("encrypted")
	s.write("l.csv", "email\na@x.example\n")
	s.run(2, "run", "--input-format", "parquet", "l.csv").says("does not begin with PAR1")
	s.calls(0)
	duckdb.Query(t, fmt.Sprintf("COPY (SELECT 'p' || i || '@x.example' AS email, md5(i::VARCHAR) AS h FROM range(200) t(i)) TO '%s' (FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1)", s.path("b.parquet")))
	damaged := []byte(s.read("b.parquet"))
	at := bytes.Index(damaged, []byte("p150@x.example"))
	copy(damaged[at-4:], "\xff\xff\xff\x7f") // its length
	s.write("b.parquet", string(damaged))
	s.run(8, "run", "b.parquet").says("row 151")
	s.calls(150)
	if sum := s.summary("b.summary.json"); sum.Rows.Read != 150 || sum.Rows.Matched+sum.Rows.NoMatch != 150 {
		t.Errorf("%+v", sum.Rows)
	}
	if !strings.HasPrefix(s.read("b.results.parquet"), "PAR1") {
		t.Error("the results are not Parquet")
	}
}
