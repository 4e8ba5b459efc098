package reader_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// Rows of a stream are returned as soon as they are there: nobody waits for the end of a pipe.
func TestRowsOfAStreamDoNotWaitForTheEnd(t *testing.T) {
	in, out := io.Pipe()
	first := "email,notes\n" + strings.Repeat("a@x.example,"+strings.Repeat("n", 100)+"\n", 2000)
	go func() { _, _ = io.WriteString(out, first) }() // ends when in is closed
	defer func() { _ = in.Close() }()
	r, err := reader.Open(readertest.Stream(in), 0, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	rows := make([]reader.Row, 256)
	for read := 0; read < 2000; {
		n, err := r.Read(rows)
		if err != nil || n == 0 {
			t.Fatalf("after %d rows: %d, %v", read, n, err)
		}
		read += n
	}
}

// A file is read up to its size, and Sum covers what was read.
func TestFileIsReadUpToItsSize(t *testing.T) {
	const text = "email\na@x.example\nb@x.example\n"
	size := int64(len("email\na@x.example\n"))
	r, err := reader.Open(strings.NewReader(text), size, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readertest.ReadAll(r)
	if got := readertest.Outline(rows); got != "a@x.example" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if _, n := r.Sum(); n != size || r.BytesRead() != size {
		t.Errorf("the sum covers %d bytes of %d", n, size)
	}
}

// The information about CSV is in one member, whose JSON has its place among the others.
func TestInfoOfCSV(t *testing.T) {
	r, err := readertest.Open([]byte("email;name\n\"a@x.example\";Ann\n"), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	expected := reader.Dialect{Delimiter: ";", Quote: `"`, Escape: `"`, LineEnd: "LF"}
	if got := r.Info().Dialect; got != expected {
		t.Errorf("dialect %+v, expected %+v", got, expected)
	}
	if got := fmt.Sprint(r.Info().Columns, r.Columns(), r.Info().HeaderLine, r.Skipped().Count); got != "[email name] [email name] 1 0" {
		t.Error(got)
	}
}
