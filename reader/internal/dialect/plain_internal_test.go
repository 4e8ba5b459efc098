package dialect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// dialects are those that the fast path is compared in, and some that have none.
var dialects = []Dialect{
	{Delimiter: ",", Quote: '"'},
	{Delimiter: ";", Quote: '"'},
	{Delimiter: "\t", Quote: '"'},
	{Delimiter: ",", Quote: '\''},
	{Delimiter: ","},
	{Quote: '"'},
	{Delimiter: ",", Quote: '"', CR: true},
	{Delimiter: ";", Quote: '"', Backslash: true},
	{Delimiter: ",", Quote: '"', Padded: true},
	{Delimiter: "\u00a7", Quote: '"'},
}

// The fast path finds the same cells as Record, wherever the text ends and whatever is before it and after the record.
func TestPlainCellsAreFoundAsOthersAre(t *testing.T) {
	const texts = 2000
	pieces := []string{"", "", "a", "Ann", "12345678", "Northwind Traders", "\u00e4\u00f6", "\xff", ",", ";", "\t", ":", " ", "-", "\"", "\"\"", "\"a\"", "'", "\\", "\r", "\r\n", "\n", "\x00"}
	for _, d := range dialects {
		random := rand.New(rand.NewPCG(1, uint64(len(d.Delimiter))))
		for range texts {
			var b strings.Builder
			for range 1 + random.IntN(24) {
				b.WriteString(pieces[random.IntN(len(pieces))])
			}
			for n := range b.Len() + 1 {
				comparePlain(t, d, b.String()[:n], random.IntN(n+1))
			}
		}
	}
}

// FuzzPlain compares the fast path with Record.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"1,Ann,\n", "\"a\",\"b\"\"\",\"c\nd\"\r\nnext,row\n", "a;b;c\nlonger than eight bytes", "\"a\" ,b\n        ", "a\"b,c\"d\n        ", "\"a\r\n\n\n,\",\"\"\"\"\n        "} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, from uint8) {
		for _, d := range dialects {
			comparePlain(t, d, text, min(int(from), len(text)))
		}
	})
}

// comparePlain compares the record that begins at an index of a text with the one that Record finds there.
func comparePlain(t *testing.T, d Dialect, text string, from int) {
	t.Helper()
	s, slow := NewScanner(d), NewScanner(d)
	size, f := slow.Record([]byte(text)[from:], false)
	for width := max(len(slow.Spans)-1, 0); width < len(slow.Spans)+2; width++ {
		cells := make([]string, width)
		next := s.Plain(text, from, cells)
		if next < 0 {
			continue
		}
		if f != NoFault || next != from+size || width != len(slow.Spans) || s.Lines != slow.Lines || slow.Odd != 0 {
			t.Fatalf("%+v, %.100q: %d bytes, %d lines, %.100q; expected %d, %d, %.100v, fault %d", d, text[from:], next-from, s.Lines, cells, size, slow.Lines, slow.Spans, f)
		}
		var escaped []int
		for i, cell := range slow.Spans {
			if cells[i] != text[from+cell.From:from+cell.To] {
				t.Fatalf("%+v, %.100q: cell %d is %q, expected %v", d, text[from:], i, cells[i], cell)
			}
			if cell.Escaped {
				escaped = append(escaped, i)
			}
		}
		if !slices.Equal(s.Escaped, escaped) {
			t.Fatalf("%+v, %.100q: escaped are %v, expected %v", d, text[from:], s.Escaped, escaped)
		}
	}
}

// The fast path is taken where it should be: a test of equal results would not notice if it never were.
func TestUsualRowsArePlain(t *testing.T) {
	for _, row := range []string{
		"1,ann@x.example,Ann Lee,\n", "1;ann@x.example;Ann Lee;\r\n", "1\tann@x.example\tAnn Lee\t\r\n", ",,,\n", ";;;\r\n",
		"1,\"ann@x.example\",\"Lee, Ann\",\n", "\"1\";\"ann@x.example\";;\"\"\r\n", "1\tann@x.example\tAnn Lee\t\"met at the fair\"\n",
		"1,\"said \"\"call me\"\"\",\"a\nb\r\nc\n\",\"\"\"\"\n", "1,\u00c4nne,\u0141,\"\xff\"\n",
	} {
		s := NewScanner(Dialect{Delimiter: string(row[strings.IndexAny(row, ",;\t")]), Quote: '"'})
		if next := s.Plain("before\n"+row+"the next row", len("before\n"), make([]string, 4)); next != len("before\n"+row) {
			t.Errorf("%q: ends at %d", row, next)
		}
	}
}
