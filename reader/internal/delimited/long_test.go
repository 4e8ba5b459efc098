package delimited_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// windowSize is how long a row may be before it is read in pieces, in bytes.
const windowSize = 2 << 20

// thread returns n bytes that look like rows of three cells, like an e-mail in a cell.
func thread(n int) string {
	const line = "On Monday,joe1@x.example,wrote:\n"
	return strings.Repeat(line, n/len(line)+1)[:n]
}

const threadHead = "name,email,thread\nAnn,a@x.example,s\n"

const oneRefused = "a@x.example !invalid c@x.example"

// skipIfShort skips a test of many large cells under -short, as in make race: one goroutine reads them. TestInputThatBreaksOffInALongCell,
// TestKeptPartOfALongRowIsRefusedAgain and others still read some, beside the goroutine that hashes the input.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out sweeps over large cells")
	}
}

// A quoted cell ends at the quote that closes it, however far away that is. Its row is refused, the others are read, and the
// lines are counted.
func TestLongQuotedCellIsOneCell(t *testing.T) {
	skipIfShort(t)
	giant := thread(3 << 20)
	for name, c := range map[string]struct {
		row, want string
		o         reader.Options
	}{
		"last cell":               {"Bo,b@x.example,\"" + giant + "\"\n", oneRefused, reader.Options{}},
		"first cell":              {"\"" + giant + "\",b@x.example,s\n", oneRefused, reader.Options{}},
		"in the middle":           {"Bo,\"" + giant + "\",s\n", oneRefused, reader.Options{}},
		"all cells":               {"\"" + giant + "\",\"" + giant + "\",\"" + giant + "\"\n", oneRefused, reader.Options{}},
		"blanks behind":           {"Bo,\"" + giant + "\"  ,s\n", oneRefused, reader.Options{}},
		"CRLF":                    {"Bo,b@x.example,\"" + giant + "\"\r\n", oneRefused, reader.Options{}},
		"apostrophes":             {"Bo,b@x.example,\"" + strings.ReplaceAll(giant, "Monday", "Ann's 'day'") + "\"\n", oneRefused, reader.Options{}},
		"doubled quotes":          {"Bo,b@x.example,\"" + strings.ReplaceAll(giant, "Monday", `a ""good"" day`) + "\"\n", oneRefused, reader.Options{}},
		"only quotes":             {"Bo,b@x.example,\"" + strings.Repeat(`"`, 3<<20) + "\"\n", oneRefused, reader.Options{}},
		"other quotes":            {"Bo,b@x.example,'" + strings.ReplaceAll(giant, "Monday", `"a" day`) + "'\n", oneRefused, reader.Options{Quote: "'"}},
		"a row of a few MiB":      {"\"" + thread(900<<10) + "\",\"" + thread(900<<10) + "\",\"" + thread(900<<10) + "\"\n", "a@x.example !ragged c@x.example", reader.Options{}},
		"too few cells":           {"Bo,\"" + giant + "\"\n", "a@x.example !ragged c@x.example", reader.Options{}},
		"too many cells":          {"Bo,b@x.example,\"" + giant + "\",x,y\n", "a@x.example !ragged c@x.example", reader.Options{}},
		"two in a row":            {"Bo,b@x.example,\"" + giant + "\"\nDi,d@x.example,\"" + giant + "\"\n", "a@x.example !invalid !invalid c@x.example", reader.Options{}},
		"a bad quote behind":      {"Bo,\"" + giant + "\",\"x\"y\n", "a@x.example !ragged c@x.example", reader.Options{}},
		"a malformed row before":  {"Bo,\"b\"x,s\nDi,d@x.example,\"" + giant + "\"\n", "a@x.example !ragged !invalid c@x.example", reader.Options{}},
		"another, then malformed": {"Bo,b@x.example,\"" + giant + "\"\nDi,\"d\"x,s\n", "a@x.example !invalid !ragged c@x.example", reader.Options{}},
		"bare cells behind long":  {"\"" + thread(windowSize-3) + "\"," + strings.Repeat("x", 5000) + ",s\n", oneRefused, reader.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			text := threadHead + c.row + "Cy,c@x.example,s\n"
			for _, pack := range []bool{false, true} {
				input := []byte(text)
				if pack {
					input = readertest.Gzip(string(input))
				}
				_, rows, err := readertest.Read(t, input, c.o)
				if got := readertest.Outline(rows); err != nil || got != c.want {
					t.Fatalf("%.200q, %v", got, err)
				}
				if last, want := rows[len(rows)-1].Line, int64(strings.Count(text, "\n")); last != want {
					t.Errorf("the last row is in line %d, not %d", last, want)
				}
			}
		})
	}
}

// The rows are the same wherever the window ends.
func TestWindowEndDecidesNothing(t *testing.T) {
	skipIfShort(t)
	for _, end := range []string{"\"\n", "\"\r\n", "\",\n", "\"", "\"\"\"\n", "\"\"x\"\n", "\" \n", "\",x\n"} {
		for d := -2; d <= 2; d++ {
			for _, before := range []string{"Bo,b@x.example,\"", "Bo,\"", "\""} {
				n := windowSize - len(before) + d
				text := threadHead + before + thread(n) + end
				if strings.HasSuffix(end, "\n") {
					text += "Cy,c@x.example,s\n"
				}
				_, rows, err := readertest.Read(t, []byte(text), reader.Options{})
				got := readertest.Outline(rows)
				refused := strings.Count(got, "!")
				if err != nil || refused != 1 || len(rows) != 2+strings.Count(end, "\n") {
					t.Fatalf("%q at %d, %q: %.100q, %v", end, d, before, got, err)
				}
			}
		}
	}
}

// Backslashes escape quotes in a long cell as in a short one, and carriage returns alone are line ends.
func TestLongCellsOfOtherDialects(t *testing.T) {
	escaped := strings.ReplaceAll(thread(3<<20), "Monday", `a \"good\" day`)
	samples := strings.Repeat("Di,d@x.example,\"say \\\"hi\\\", 1\"\n", 5)
	_, rows, err := readertest.Read(t, []byte(threadHead+samples+"Bo,b@x.example,\""+escaped+"\"\nCy,c@x.example,s\n"), reader.Options{})
	if got, want := readertest.Outline(rows), "a@x.example"+strings.Repeat(" d@x.example", 5)+" !invalid c@x.example"; err != nil || got != want {
		t.Errorf("backslashes: %.200q, %v", got, err)
	}
	text := threadHead + "Bo,b@x.example,\"" + thread(3<<20) + "\"\nCy,c@x.example,s\n"
	_, rows, err = readertest.Read(t, []byte(strings.ReplaceAll(text, "\n", "\r")), reader.Options{})
	if got := readertest.Outline(rows); err != nil || got != oneRefused || rows[2].Line != int64(strings.Count(text, "\n")) {
		t.Errorf("carriage returns: %.200q, %v", got, err)
	}
	_, rows, err = readertest.Read(t, []byte(strings.ReplaceAll(text, ",", "§")), reader.Options{Delimiter: "§"})
	if got := readertest.Outline(rows); err != nil || got != oneRefused {
		t.Errorf("a delimiter of two bytes: %.200q, %v", got, err)
	}
	wide := []byte(strings.ReplaceAll(text, "Ann", "J\xf6rg"))
	if _, rows, err = readertest.Read(t, wide, reader.Options{}); err != nil || readertest.Outline(rows) != oneRefused {
		t.Errorf("windows-1252: %.200q, %v", readertest.Outline(rows), err)
	}
}

// A quote that closes improperly, or never, follows the rules for short cells: lines that are certainly rows are rows.
func TestLongCellWithMisplacedQuote(t *testing.T) {
	skipIfShort(t)
	const line = "Bo,b@x.example,s\n"
	many := strings.Repeat(line, 3<<20/len(line))
	for name, c := range map[string]struct {
		row     string
		refused int
		rows    int
		broken  bool
	}{
		"closes improperly": {"Di,d@x.example,\"inch\n" + many + "Ed,e@x.example,5\" pipe\n", 1, 3<<20/len(line) + 4, false},
		"never closes":      {"Di,d@x.example,\"inch\n" + many, 1, 3<<20/len(line) + 3, false},
		"no rows, no quote": {"Di,d@x.example,\"" + strings.Repeat("no row\n", 1<<19), 0, 1, true},
		"no rows, bad one":  {"Di,d@x.example,\"" + strings.Repeat("no row\n", 1<<19) + "\"x\n", 0, 1, true},
	} {
		_, rows, err := readertest.Read(t, []byte(threadHead+c.row+map[bool]string{false: "Cy,c@x.example,s\n"}[c.broken]), reader.Options{})
		got := strings.Count(readertest.Outline(rows), "!")
		if got != c.refused || len(rows) != c.rows || errors.Is(err, reader.ErrBroken) != c.broken {
			t.Errorf("%s: %d rows, expected %d, %d of them refused: %v", name, len(rows), c.rows, got, err)
		}
	}
}

// If an input breaks off within a long cell, the row is cut, and its lines are not rows.
func TestInputThatBreaksOffInALongCell(t *testing.T) {
	whole := readertest.Gzip(threadHead + "Bo,b@x.example,\"" + thread(9<<20) + "\"\nCy,c@x.example,s\n")
	_, rows, err := readertest.Read(t, whole[:len(whole)/2], reader.Options{})
	if !errors.Is(err, reader.ErrBroken) || readertest.Outline(rows) != "a@x.example" {
		t.Errorf("%.100q, %v", readertest.Outline(rows), err)
	}
}

// A cell of the header that is too long is an error.
func TestLongHeaderCell(t *testing.T) {
	_, _, err := readertest.Read(t, []byte("name,email,\""+thread(3<<20)+"\"\nAnn,a@x.example,s\n"), reader.Options{})
	if !errors.Is(err, reader.ErrHeader) {
		t.Error(err)
	}
}

// What is kept of a long row is refused again.
func TestKeptPartOfALongRowIsRefusedAgain(t *testing.T) {
	for _, giant := range []string{thread(3 << 20), strings.Repeat(`""`, 3<<19), strings.Repeat("é", 3<<19)} {
		_, rows, err := readertest.Read(t, []byte(threadHead+"Bo,b@x.example,\""+giant+"\"\nCy,c@x.example,s\n"), reader.Options{})
		if err != nil || len(rows) != 3 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		kept := rows[1].Cells
		if kept[0] != "Bo" || kept[1] != "b@x.example" || len(kept[2]) > 1<<20+4 || !strings.HasPrefix(strings.ReplaceAll(giant, `""`, `"`), kept[2]) {
			t.Errorf("kept %q, %q and %d bytes", kept[0], kept[1], len(kept[2]))
		}
		again := fmt.Sprintf("%s,enrich_error_kind\n%s,%s,\"%s\",\n", "name,email,thread", kept[0], kept[1], strings.ReplaceAll(kept[2], `"`, `""`))
		if _, rows, err = readertest.Read(t, []byte(again), reader.Options{}); err != nil || readertest.Outline(rows) != "!invalid" {
			t.Errorf("fed again: %.100q, %v", readertest.Outline(rows), err)
		}
	}
}

// virtual is a file whose content is made while it is read.
type virtual struct {
	head, tail string
	middle     int64
}

func (v *virtual) ReadAt(b []byte, at int64) (n int, err error) {
	const line = "On Monday,joe1@x.example,wrote:\n"
	for n < len(b) {
		switch i := at - int64(len(v.head)); {
		case i < 0:
			k := copy(b[n:], v.head[at:])
			n, at = n+k, at+int64(k)
		case i < v.middle:
			k := copy(b[n:], line[i%int64(len(line)):])
			k = int(min(int64(k), v.middle-i))
			n, at = n+k, at+int64(k)
		case i-v.middle < int64(len(v.tail)):
			k := copy(b[n:], v.tail[i-v.middle:])
			n, at = n+k, at+int64(k)
		default:
			return n, io.EOF
		}
	}
	return n, nil
}

// A cell of 300 MiB takes no more memory than one of 3.
func TestLongCellTakesConstantMemory(t *testing.T) {
	skipIfShort(t)
	in := &virtual{head: threadHead + "Bo,b@x.example,\"", middle: 300 << 20, tail: "\"\nCy,c@x.example,s\n"}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := reader.Open(in, int64(len(in.head)+len(in.tail))+in.middle, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readertest.ReadAll(r)
	runtime.ReadMemStats(&after)
	if err != nil || readertest.Outline(rows) != oneRefused {
		t.Errorf("%.100q, %v", readertest.Outline(rows), err)
	}
	if all := after.TotalAlloc - before.TotalAlloc; all > 32<<20 {
		t.Errorf("%d MiB were allocated", all>>20)
	}
	if _, n := r.Sum(); n != int64(len(in.head)+len(in.tail))+in.middle {
		t.Errorf("%d bytes are in the sum", n)
	}
}
