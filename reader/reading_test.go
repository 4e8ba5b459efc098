package reader_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"enrich/reader"
)

// read reads an input to its end: its rows, copied, and the error that ended it, nil at a proper end.
func read(t testing.TB, input []byte, o reader.Options) (*reader.Reader, []reader.Row, error) {
	t.Helper()
	r, err := reader.Open(bytes.NewReader(input), o)
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { _ = r.Close() })
	rows, err := readAll(r)
	return r, rows, err
}

func readAll(r *reader.Reader) (all []reader.Row, err error) {
	rows := make([]reader.Row, 64)
	for {
		n, err := r.Read(rows)
		for _, row := range rows[:n] {
			all = append(all, reader.Kept(row))
		}
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return all, err
		}
	}
}

// cells are those of the sound rows, joined by | and /, which is easy to compare.
func cells(rows []reader.Row) string {
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
