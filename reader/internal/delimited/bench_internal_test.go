package delimited

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"testing"

	"enrich/reader/internal/dialect"
	"enrich/reader/internal/source"
)

func benchTable() []byte {
	var b bytes.Buffer
	b.WriteString("a,b,c,d,e,f,g,h\n")
	for i := range 100000 {
		fmt.Fprintf(&b, "%d,Ann%d,Smith,ann.smith%d@northwind%d.example,\"Northwind Traders, Inc.\",https://www.northwind.example/about,Lead,\"Met at the fair; said \"\"call me\"\"\"\n",
			1000+i, i%97, i, i%1000)
	}
	return b.Bytes()
}

// BenchmarkRows is the parser alone; BenchmarkStandardRows the standard library's: the same table, the same run.
func BenchmarkRows(b *testing.B) {
	input := benchTable()
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	rows := make([]source.Row, 256)
	for b.Loop() {
		w := source.NewWindow(bytes.NewReader(input), source.BlockSize)
		w.Block()
		r, err := Open(w, Options{Dialect: dialect.Options{Delimiter: ","}})
		for err == nil {
			_, err = r.Read(rows)
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardRows(b *testing.B) {
	input := benchTable()
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(input))
		r.ReuseRecord = true
		var err error
		for err == nil {
			_, err = r.Read()
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}
