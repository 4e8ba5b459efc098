package delimited_test

import (
	"runtime"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// A spreadsheet exports a sheet's empty rows too, up to a million. They take no memory, at the end of the input or before another row.
func TestEmptyRowsTakeConstantMemory(t *testing.T) {
	const columns, count = 20, 200_000
	commas := strings.Repeat(",", columns-2)
	empty := strings.Repeat(","+commas+"\n", count)
	for name, c := range map[string]struct {
		tail string
		rows int
	}{"at the end": {"", 1}, "before a row": {"b@x.example,Bo" + commas + "\n", count + 2}} {
		text := []byte("email,name" + commas + "\na@x.example,Ann" + commas + "\n" + empty + c.tail)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := readertest.Open(text, reader.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		all, rows := 0, make([]reader.Row, 100)
		for err == nil {
			var n int
			n, err = r.Read(rows)
			all += n
		}
		runtime.ReadMemStats(&after)
		if all != c.rows {
			t.Errorf("%s: %d rows, expected %d: %v", name, all, c.rows, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
			t.Errorf("%s: %d MiB were allocated", name, took>>20)
		}
	}
}
