package dialect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The fast path of Record finds the same cells as the slow one, in every beginning of a record, and whatever is after it.
func TestPlainCellsAreFoundAsOthersAre(t *testing.T) {
	const texts = 3000
	pieces := []string{"", "", "a", "Ann", "12345678", "Northwind Traders", "\u00e4\u00f6", "\xff", ",", ";", "\t", ":", " ", "-", "\"", "\"\"", "'", "\\", "\r", "\r\n", "\n", "\x00"}
	for _, d := range []Dialect{
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
	} {
		fast, slow := NewScanner(d), NewScanner(d)
		slow.lows = 0
		random := rand.New(rand.NewPCG(1, uint64(len(d.Delimiter))))
		for range texts {
			var b strings.Builder
			for range 1 + random.IntN(24) {
				b.WriteString(pieces[random.IntN(len(pieces))])
			}
			whole := []byte(b.String())
			for n := range len(whole) + 1 {
				compareRecords(t, fast, slow, whole[:n], n%2 == 0)
			}
		}
	}
}

// The fast path stops at the most columns that a record may have, as the slow one does.
func TestPlainCellsAreBounded(t *testing.T) {
	fast, slow := NewScanner(Dialect{Delimiter: ",", Quote: '"'}), NewScanner(Dialect{Delimiter: ",", Quote: '"'})
	slow.lows = 0
	fast.Spans = make([]Span, 0, 2*MaxColumns) // room does not bound it
	for n := MaxColumns - 3; n < MaxColumns+3; n++ {
		for _, cell := range []string{"", "a", "\"a\""} {
			for _, end := range []string{"\n", "\r\n", "", "a rest that is longer than eight bytes\n"} {
				compareRecords(t, fast, slow, []byte(strings.Repeat(cell+",", n)+cell+end+"next,row\n"), true)
			}
		}
	}
}

func compareRecords(t *testing.T, fast, slow *Scanner, text []byte, atEOF bool) {
	t.Helper()
	size, f := fast.Record(text, atEOF)
	expected, expectedFault := slow.Record(text, atEOF)
	if size != expected || f != expectedFault || !slices.Equal(fast.Spans, slow.Spans) || fast.Lines != slow.Lines || fast.Odd != slow.Odd {
		t.Fatalf("%+v, %.100q: %d bytes, fault %d, cells %.100v; expected %d, %d, %.100v", fast.Dialect, text, size, f, fast.Spans, expected, expectedFault, slow.Spans)
	}
}

// The fast path is taken where it should be: a test of equal results would not notice if it never were.
func TestUsualRowsArePlain(t *testing.T) {
	for _, row := range []string{
		"1,ann@x.example,Ann Lee,\n", "1;ann@x.example;Ann Lee;\r\n", "1\tann@x.example\tAnn Lee\t\r\n",
		"1,\"ann@x.example\",\"Lee, Ann\",\n", "\"1\";\"ann@x.example\";;\"\"\r\n", "1\tann@x.example\tAnn Lee\t\"met at the fair\"\n",
	} {
		s := NewScanner(Dialect{Delimiter: strings.Trim(row, "1an@x.emplAL\" \r\n")[:1], Quote: '"'})
		text := []byte(row + "the next row")
		s.Record(text, false) // makes room for its cells
		s.Spans = s.Spans[:0]
		if at, ended := s.plain(text, 0); at != len(row) || !ended || len(s.Spans) != 4 {
			t.Errorf("%q: %d bytes, ended %v, cells %v", row, at, ended, s.Spans)
		}
	}
}
