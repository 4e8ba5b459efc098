package reader_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"enrich/format"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// FuzzRead checks that no input panics or hangs, every row keeps its promises, and a second pass reads the same.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a;b\r\n\"x;\"\"y\";2\r\n", "sep=|\na|b\n1|2", "a, b\n1, \"2\"\n", "a,b\r1,2\r", "a,b\n\"1,2\n3,4\n", "a\n", "\xff\xfea\x00,\x00",
		"a,b\n\"x\"y,1\n2,3\n", "'a','b'\n'c\\'s','d'\n", "{\"a\":1}\n[2]\n", "J\xfcrgen,\"\n\",\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		_, rows, err := readertest.Read(t, input, readertest.AnyColumns)
		_, again, aerr := readertest.Read(t, input, readertest.AnyColumns)
		if readertest.Cells(rows) != readertest.Cells(again) || (err == nil) != (aerr == nil) {
			t.Fatalf("the second pass differs: %q %v, %q %v", readertest.Cells(rows), err, readertest.Cells(again), aerr)
		}
		if err != nil && len(rows) > 0 && !errors.Is(err, reader.ErrBroken) {
			t.Fatalf("rows, then %v", err)
		}
		line := int64(0)
		for i, row := range rows {
			if row.Number != int64(i+1) || row.Line < line {
				t.Fatalf("row %d has number %d and line %d after %d", i, row.Number, row.Line, line)
			}
			line = row.Line
			if row.Refused == nil && !utf8.ValidString(strings.Join(row.Cells, "")) {
				t.Fatalf("a row that was not refused is not text: %q", row.Cells)
			}
		}
	})
}

// FuzzRoundTrip checks that what encoding/csv writes is read as it was, cell by cell.
func FuzzRoundTrip(f *testing.F) {
	f.Add("x", "y z", "a,b", "\"q\"", true)
	f.Add("", "line\nbreak", "\r", "ünï", false)
	f.Fuzz(func(t *testing.T, a, b, c, d string, crlf bool) {
		all := strings.Join([]string{a, b, c, d}, " ")
		if !utf8.ValidString(all) || strings.ContainsAny(all, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x7f") || len(all) > 1<<16 ||
			crlf && strings.ContainsAny(all, "\r\n") {
			t.Skip()
		}
		record := []string{"1", a, b, c, d}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.UseCRLF = crlf
		_ = w.WriteAll([][]string{{"email", "first", "second", "third", "fourth"}, record, {"2", "x", "x", "x", "x"}})
		_, rows, err := readertest.Read(t, text.Bytes(), reader.Options{AnyColumns: true, Format: format.CSV, Delimiter: ",", Quote: "\"", Encoding: "utf-8"})
		if err != nil || len(rows) != 2 || rows[0].Refused != nil {
			if err == nil && strings.Contains(all, "\\\"") || err != nil && errors.Is(err, reader.ErrNoTable) {
				t.Skip() // a backslash before a quote may be an escape; control characters may be noise
			}
			t.Fatalf("%q: %d rows, %v, %q", text.String(), len(rows), err, readertest.Cells(rows))
		}
		for i, cell := range record {
			if rows[0].Cells[i] != cell && !strings.Contains(all, "\\") {
				t.Fatalf("cell %d: got %q, expected %q", i, rows[0].Cells[i], cell)
			}
		}
	})
}
