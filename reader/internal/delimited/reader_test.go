package delimited_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

func TestOrdinaryTables(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"comma":                  {"a,b\n1,2\n3,4\n", "1|2 / 3|4"},
		"semicolon":              {"a;b\n1;2\n3;4\n", "1|2 / 3|4"},
		"tab":                    {"a\tb\n1\t2\n3\t4\n", "1|2 / 3|4"},
		"pipe":                   {"a|b|c\nx|y|z\nu|v|w\n", "x|y|z / u|v|w"},
		"no line end":            {"a,b\n1,2", "1|2"},
		"CRLF":                   {"a,b\r\n1,2\r\n3,\r\n", "1|2 / 3|"},
		"CR":                     {"a,b\r1,2\r3,\r", "1|2 / 3|"},
		"quotes":                 {"a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", `x, y|say "hi"`},
		"CRLF in a cell stays":   {"a,b\r\n\"x\r\ny\",2\r\n", "x\r\ny|2"},
		"return in a cell stays": {"a,b\n\"x\ry\",z\rw\n", "x\ry|z\rw"},
		"blank lines":            {"a,b\n\n1,2\n  \n3,4\n\n", "1|2 / 3|4"},
		"sep line":               {"sep=;\r\na;b\r\n1,5;2\r\n", "1,5|2"},
		"BOM":                    {"\ufeffa,b\n1,2\n", "1|2"},
		"one column":             {"name\nAnn\nBen\n", "Ann / Ben"},
		"padded":                 {"a, b, c\n1, \"x, y\", 3\n", "1|x, y|3"},
		"header alone":           {"a,b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, rows, err := readertest.Read(t, []byte(c.input), readertest.AnyColumns)
			if err != nil {
				t.Fatal(err)
			}
			if got := readertest.Cells(rows); got != c.want {
				t.Errorf("got %q, expected %q (%+v)", got, c.want, r.Info())
			}
		})
	}
}

func TestRaggedRowMessageHasBothCounts(t *testing.T) {
	_, rows, err := readertest.Read(t, []byte("a,b,c\n1,2,3\n4,5\n6,7,8,9,10\n11,12,13\n"), readertest.AnyColumns)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := readertest.Cells(rows), "1|2|3 / !4|5 / !6|7|8+9|10 / 11|12|13"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
	if got, want := rows[2].Refused.Message, "line 4 has 5 columns; expected 3"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestLineEndsWithinCellsCount(t *testing.T) {
	for _, input := range []string{"a,b\n\"x\ny\n\",2\n\n3,4\n", "a,b\r\n\"x\r\ny\r\n\",2\r\n\r\n3,4\r\n", "a,b\r\"x\ry\r\",2\r\r3,4\r"} {
		_, rows, err := readertest.Read(t, []byte(input), readertest.AnyColumns)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q: %d rows, %v", input, len(rows), err)
		}
		if rows[0].Line != 2 || rows[1].Line != 6 || rows[1].Number != 2 {
			t.Errorf("%q: lines %d and %d, expected 2 and 6", input, rows[0].Line, rows[1].Line)
		}
	}
}

func TestSumCoversTheWholeInput(t *testing.T) {
	input := []byte("a,b\n1,2\n" + strings.Repeat("x", 3<<20) + "\n5,6\n")
	r, rows, err := readertest.Read(t, input, readertest.AnyColumns)
	if !errors.Is(err, reader.ErrBroken) || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if sum, n := r.Sum(); sum != sha256.Sum256(input) || n != int64(len(input)) || r.BytesRead() != n {
		t.Errorf("the sum is that of %d bytes of %d", n, len(input))
	}
}

// An input that ends early before its first line end is not blamed on the header.
func TestInputThatBreaksOffInItsFirstLine(t *testing.T) {
	long := make([]byte, 64<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(long)
	packed := readertest.Gzip("email," + hex.EncodeToString(long) + "\na@x.example,Ann\n")
	for name, input := range map[string][]byte{
		"half a character": []byte("\xff\xfee\x00m\x00a\x00i\x00l\x00x"),
		"gzip":             packed[:len(packed)/2],
		"in a quoted cell": readertest.Gzip("\"email," + hex.EncodeToString(long))[:len(packed)/2],
	} {
		for _, o := range []reader.Options{{}, {NoHeader: true}, {HeaderLine: 1}} {
			if _, _, err := readertest.Read(t, input, o); !errors.Is(err, reader.ErrBroken) || errors.Is(err, reader.ErrHeader) {
				t.Errorf("%s, %+v: %v", name, o, err)
			}
		}
	}
}
