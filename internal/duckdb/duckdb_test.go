package duckdb_test

import (
	"fmt"
	"testing"

	"enrich/internal/duckdb"
)

// Statements share a database, texts come as they are, and an error does not end the others.
func TestRun(t *testing.T) {
	results := duckdb.Run(t, "CREATE TABLE t AS SELECT 'a\"\u00e4<' AS x, NULL AS y", "SELECT nothing", "FROM t")
	if results[1].Err == nil || results[2].Err != nil {
		t.Fatalf("%v, %v", results[1].Err, results[2].Err)
	}
	if row := results[2].Rows[0]; *row[0] != "a\"\u00e4<" || row[1] != nil {
		t.Errorf("%v", row)
	}
	if got := fmt.Sprint(duckdb.Query(t, "SELECT NULL, TIMESTAMPTZ '2026-01-02 03:04:05+01'::VARCHAR")); got != "[[NULL 2026-01-02 02:04:05+00]]" {
		t.Error(got)
	}
}
