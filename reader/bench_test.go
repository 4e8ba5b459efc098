package reader_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// leads is a lead list of n rows, as a CRM exports it.
func leads(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Record ID,First Name,Last Name,E-Mail Address,Company Name,Website URL,Lifecycle Stage,Notes\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,Ann%d,Smith,ann.smith%d@northwind%d.example,\"Northwind Traders, Inc.\",https://www.northwind.example/about,Lead,\"Met at the fair; said \"\"call me\"\"\"\n",
			1000+i, i%97, i, i%1000)
	}
	return b.Bytes()
}

// BenchmarkReader is the whole reader: hashing, encoding, dialect, rows, contacts. Compare it with BenchmarkEncodingCSV of
// the same run: go test -bench . -run none ./reader
func BenchmarkReader(b *testing.B) { benchmarkReader(b, leads(100000)) }

// BenchmarkParser is the reader where no column is a field, so that there are no contacts to make.
func BenchmarkParser(b *testing.B) {
	_, rows, _ := bytes.Cut(leads(100000), []byte{'\n'})
	benchmarkReader(b, append([]byte("a,b,c,d,e,f,g,h\n"), rows...))
}

func benchmarkReader(b *testing.B, input []byte) {
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	rows := make([]reader.Row, 256)
	for b.Loop() {
		r, err := readertest.Open(input, reader.Options{AnyColumns: true})
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = r.Read(rows)
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingCSV(b *testing.B) {
	input := leads(100000)
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
