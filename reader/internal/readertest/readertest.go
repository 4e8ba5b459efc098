// Package readertest has what the tests of reader and its parsers share.
package readertest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"enrich/reader"
)

// AnyColumns reads inputs whose columns need not be fields.
var AnyColumns = reader.Options{AnyColumns: true}

// Open opens an input.
func Open(input []byte, o reader.Options) (*reader.Reader, error) {
	return reader.Open(bytes.NewReader(input), int64(len(input)), o)
}

// Stream returns an input that can be read only once, from its beginning to its end.
func Stream(in io.Reader) reader.Stream { return stream{in} }

type stream struct{ in io.Reader }

// ReadAt implements io.ReaderAt.
func (s stream) ReadAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }

// Reader implements reader.Stream.
func (s stream) Reader() io.Reader { return s.in }

// Read reads an input to its end. It returns copies of its rows, and the error that ended it: nil at the proper end.
func Read(t testing.TB, input []byte, o reader.Options) (*reader.Reader, []reader.Row, error) {
	t.Helper()
	r, err := Open(input, o)
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { _ = r.Close() })
	rows, err := ReadAll(r)
	return r, rows, err
}

// ReadAll returns copies of all rows of a source, and the error that ended it.
func ReadAll(s reader.Source) (all []reader.Row, err error) {
	rows := make([]reader.Row, 64)
	for {
		n, err := s.Read(rows)
		for _, row := range rows[:n] {
			all = append(all, Clone(row))
		}
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return all, err
		}
	}
}

// Clone copies a row with all that it points to, so that it outlives the next read.
func Clone(row reader.Row) reader.Row {
	row.Cells = cloneAll(row.Cells)
	row.Raw = bytes.Clone(row.Raw)
	row.Contact = row.Contact.Clone()
	if row.Refused != nil {
		refused := *row.Refused
		refused.Message = strings.Clone(refused.Message)
		refused.Extra = cloneAll(refused.Extra)
		row.Refused = &refused
	}
	return row
}

func cloneAll(cells []string) []string {
	cells = slices.Clone(cells)
	for i, cell := range cells {
		cells[i] = strings.Clone(cell)
	}
	return cells
}

// Cells joins the cells of rows by | and /, to compare them. A refused row begins with !, and its extra cells follow a +.
func Cells(rows []reader.Row) string {
	var lines []string
	for _, r := range rows {
		line := strings.Join(r.Cells, "|")
		if r.Refused != nil {
			line = "!" + line
			if len(r.Refused.Extra) > 0 {
				line += "+" + strings.Join(r.Refused.Extra, "|")
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " / ")
}

// Outline returns the address of each row or, for one that is refused, ! and the kind.
func Outline(rows []reader.Row) string {
	var all []string
	for _, r := range rows {
		if r.Refused != nil {
			all = append(all, "!"+string(r.Refused.Kind))
			continue
		}
		all = append(all, r.Contact.Email)
	}
	return strings.Join(all, " ")
}

// A FailingReader returns its text and then one error. A further read reports the end.
type FailingReader struct {
	Text []byte
	Err  error
}

// Read implements io.Reader.
func (f *FailingReader) Read(b []byte) (int, error) {
	if len(f.Text) > 0 {
		n := copy(b, f.Text)
		f.Text = f.Text[n:]
		return n, nil
	}
	err := f.Err
	f.Err = io.EOF
	return 0, err
}

// RepeatRow returns a row n times; %d in it is the row's number, from 1.
func RepeatRow(n int, row string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(row, "%d", strconv.Itoa(i+1)))
	}
	return b.String()
}

// Gzip returns a gzip archive with a member for each part.
func Gzip(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(p)) // a buffer does not fail
		_ = z.Close()
	}
	return b.Bytes()
}

// File returns a file of the test data.
func File(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Corpora returns a folder or file of the public corpora; without them it skips the test. CONTRIBUTING.md says where they
// come from: they are never committed.
func Corpora(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("TEST_ENRICH_CORPORA")
	if root == "" {
		t.Skip("TEST_ENRICH_CORPORA does not name a folder of corpora")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}
