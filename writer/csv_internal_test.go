package writer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// parse reads CSV of commas, LF and doubled quotes, and nothing else, byte for byte. (encoding/csv drops a carriage
// return before a line feed, also inside quotes.)
func parse(t interface{ Fatalf(string, ...any) }, s string) [][]string {
	var records [][]string
	var record []string
	for s != "" {
		var cell string
		if s[0] == '"' {
			s = s[1:]
			for {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					t.Fatalf("a quote is not closed before %q", s)
				}
				cell, s = cell+s[:i], s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				cell, s = cell+`"`, s[1:]
			}
		} else {
			i := strings.IndexAny(s, ",\n")
			cell, s = s[:i], s[i:]
		}
		record = append(record, cell)
		if s[0] == '\n' {
			records, record = append(records, record), nil
		}
		s = s[1:]
	}
	return records
}

// encoded returns one record as it is written.
func encoded(cells []string) string {
	var b bytes.Buffer
	e := &csvEncoder{out: bufio.NewWriter(&b)}
	_ = e.writeRecord(cells, nil) // a buffer never fails
	_ = e.close()
	return b.String()
}

// oddCells draws cells that CSV readers often misread.
func oddCells() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "\r", "\r\n", "\n", `"`, `""`, ",", `\.`, `\`, " a", "a ", "\ta", "a\u00a0", "\u2003a", "\uFEFF", "\uFEFFa", "'", "#", "=1+1", "\x00", "\xff", "ä", "a\"b", "a\r", "\\\""}),
		rapid.String(),
		rapid.StringOfN(rapid.RuneFrom([]rune("ab ,\"\r\n\\")), 0, 12, -1),
	)
}

func TestCellsSurviveByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.SliceOfN(oddCells(), 1, 5), 1, 5).Draw(t, "records")
		var b []byte
		for _, record := range records {
			b = append(b, encoded(record)...)
		}
		if got := parse(t, string(b)); !slices.EqualFunc(got, records, slices.Equal) {
			t.Fatalf("%q was written as %q and read as %q", records, b, got)
		}
		r := csv.NewReader(bytes.NewReader(b))
		r.FieldsPerRecord = -1
		got, err := r.ReadAll()
		same := func(x, y string) bool { return x == strings.ReplaceAll(y, "\r\n", "\n") }
		if err != nil || !slices.EqualFunc(got, records, func(x, y []string) bool { return slices.EqualFunc(x, y, same) }) {
			t.Fatalf("%q was written as %q, which encoding/csv reads as %q, %v", records, b, got, err)
		}
	})
}

// TestQuotesAreThoseOfEncodingCSV: whatever encoding/csv quotes is quoted; only in the documented cases is more.
func TestQuotesAreThoseOfEncodingCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := oddCells().Draw(t, "cell")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write([]string{cell, "x"})
		w.Flush()
		theirs, ours := b.String(), encoded([]string{cell, "x"})
		trimmed := strings.TrimSpace(cell) != cell || strings.HasPrefix(cell, "\uFEFF")
		if ours != theirs && (!trimmed || strings.HasPrefix(theirs, `"`)) {
			t.Fatalf("%q is %q, encoding/csv writes %q", cell, ours, theirs)
		}
	})
}

func TestOneEmptyCellIsNotABlankLine(t *testing.T) {
	if got := encoded([]string{""}); got != "\"\"\n" {
		t.Errorf("got %q", got)
	}
}
