// Duckdb runs SQL statements with DuckDB, for the tests of Parquet: a second reader and writer, which shares no code with ours.
//
// It reads one statement a line from standard input, and prints each row of their results as a JSON array of texts and nulls on
// standard output, then an empty line. A statement that fails prints its error as a JSON string instead. Times are in UTC.
//
// It is a module of its own, so that the program needs neither DuckDB nor cgo.
package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1) // settings are those of a connection
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		w := bufio.NewWriter(out)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		if err := statement(db, line, enc); err != nil {
			if err := enc.Encode(err.Error()); err != nil {
				return err
			}
		}
		_ = w.WriteByte('\n') // Flush says whether it failed
		if err := w.Flush(); err != nil {
			return err
		}
	}
}

// statement prints the rows of one statement.
func statement(db *sql.DB, text string, enc *json.Encoder) error {
	rows, err := db.Query(text)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		texts := make([]any, len(columns))
		for i, v := range values {
			if v.Valid {
				texts[i] = v.String
			}
		}
		if err := enc.Encode(texts); err != nil {
			return err
		}
	}
	return rows.Err()
}
