package reader_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"enrich/format"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// A header with too many columns is refused, whatever divides them, as with --delimiter.
func TestTooManyColumnsAreRefused(t *testing.T) {
	for _, delimiter := range []string{",", ";", "\t", "|"} {
		names := make([]string, 5000)
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		header := strings.Join(names, delimiter) + "\n"
		for name, input := range map[string]string{
			"alone": header, "with a row": header + strings.Repeat("1"+delimiter, 4999) + "1\n", "behind a blank line": "\n" + header,
		} {
			for _, o := range []reader.Options{readertest.AnyColumns, {AnyColumns: true, Delimiter: delimiter}} {
				_, _, err := readertest.Read(t, []byte(input), o)
				if !errors.Is(err, reader.ErrHeader) || !strings.Contains(err.Error(), "more than 4096 columns") {
					t.Errorf("%q %s, %+v: %v", delimiter, name, o, err)
				}
			}
		}
	}
	if _, rows, err := readertest.Read(t, []byte("note\n\""+strings.Repeat("so, ", 5000)+"\"\n"), readertest.AnyColumns); err != nil || len(rows) != 1 {
		t.Errorf("one column with many commas: %d rows, %v", len(rows), err)
	}
}

// Zero bytes in a text do not make it UTF-16, nor do a few other letters in UTF-16 make it a text with zero bytes.
func TestZeroBytesAreNotUTF16(t *testing.T) {
	for name, input := range map[string]string{
		"one":         "a,b\n\x00,1\n",
		"in a name":   "email,name\na@x.example,A\x00nn\n",
		"two":         "email,name\na@x.example,Ann\x00\nb@x.example,\x00\n",
		"with UTF-8":  "email,name\na@x.example,Jörg\x00\n",
		"with 1252":   "email,name\na@x.example,J\xf6rg\x00\nb@x.example,Ann\n",
		"with CJK":    "公司,名字\n阿里巴巴集团,李雷\x00\n",
		"as NULL":     "email,name\na@x.example,\x00\nb@x.example,Bo\n",
		"odd offsets": "abc,b\n1\x00,2\n1\x003,2\n",
	} {
		r, rows, err := readertest.Read(t, []byte(input), readertest.AnyColumns)
		if err != nil || len(rows) == 0 || strings.HasPrefix(r.Info().Encoding, "utf-16") {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
			continue
		}
		if !strings.Contains(readertest.Cells(rows), "\x00") {
			t.Errorf("%s: the zero byte is gone: %q", name, readertest.Cells(rows))
		}
	}
	for name, text := range map[string]string{
		"ASCII": "email,name\na@x.example,Ann\n", "Latin": "email,name\na@x.example,Jörg Łukasz\n", "one CJK name": "email,name\nb@x.example,李\n",
		"CJK": "公司,名字\n" + strings.Repeat("阿里巴巴集团控股有限公司,李雷\n", 20), "Greek": "email,name\na@x.example,Αντώνης Παπαδόπουλος\n",
	} {
		for _, big := range []bool{false, true} {
			var b []byte
			for _, unit := range utf16.Encode([]rune(text)) {
				if big {
					b = append(b, byte(unit>>8), byte(unit))
				} else {
					b = append(b, byte(unit), byte(unit>>8))
				}
			}
			r, rows, err := readertest.Read(t, b, readertest.AnyColumns)
			if err != nil || len(rows) == 0 || r.Info().Encoding != map[bool]string{false: "utf-16le", true: "utf-16be"}[big] {
				t.Errorf("%s, big endian %v: %v", name, big, err)
			}
		}
	}
}

// JSON lines are JSON whatever is wrong with the first one.
func TestABrokenFirstLineIsStillJSON(t *testing.T) {
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	objects := strings.ReplaceAll(deep, "[", `{"a":`)
	objects = strings.ReplaceAll(strings.Replace(objects, "]", "1}", 1), "]", "}")
	const good = "{\"email\":\"b@x.example\",\"name\":\"x, y\"}\n"
	for name, first := range map[string]string{
		"deep array": `{"email":"a@x.example","x":` + deep + "}\n", "deep object": `{"email":"a@x.example","x":` + objects + "}\n",
		"deep, not closed": `{"email":"a@x.example","x":` + strings.Repeat("[", 600) + "\n", "comma at the end": "{\"email\":\"a@x.example\",}\n",
		"no colon": "{\"email\" \"a@x.example\"}\n", "bad number": "{\"email\":\"a@x.example\",\"n\":01}\n",
	} {
		for n := 1; n <= 3; n++ {
			r, rows, err := readertest.Read(t, []byte(first+strings.Repeat(good, n)), reader.Options{})
			if err != nil || r.Info().Format != format.JSONL || readertest.Outline(rows) != "!invalid"+strings.Repeat(" b@x.example", n) {
				t.Errorf("%s, then %d: %q, %v", name, n, readertest.Outline(rows), err)
			}
		}
	}
	if r, _, err := readertest.Read(t, []byte("{\"a\" b},c\n{1},2\n"), readertest.AnyColumns); err != nil || r.Info().Format != format.CSV {
		t.Errorf("a CSV that begins with a brace: %v", err)
	}
}

// A header alone is a table of no rows, whatever its quotes have in them.
func TestAHeaderAloneWithDoubledQuotes(t *testing.T) {
	for input, want := range map[string]string{
		"email,\"the \"\"best\"\" name\"\n":          `email|the "best" name`,
		"email,\"a, \"\"b\"\"\"\n":                   `email|a, "b"`,
		"\"email\",\"\"\"name\"\"\"\n":               `email|"name"`,
		"\"e \"\"mail\"\"\",\"na \"\"me\"\"\"":       `e "mail"|na "me"`,
		"\"e \"\"mail\"\"\"\t\"na \"\"me\"\"\"\n":    `e "mail"|na "me"`,
		"\"e \"\"mail\"\"\";\"na \"\"me\"\"\"":       `e "mail"|na "me"`,
		"\"e-mail \"\"work\"\"\"\n":                  `e-mail "work"`,
		"\"a \"\"x\"\" (1)\",\"b, \"\"y\"\"\",c\r\n": `a "x" (1)|b, "y"|c`,
		"\"a \"\"x\"\"\"\t\"b\"\n":                   `a "x"|b`,
		"email,\"\"\"\"\n":                           `email|"`,
	} {
		r, rows, err := readertest.Read(t, []byte(input), readertest.AnyColumns)
		if err != nil || len(rows) != 0 || strings.Join(r.Info().Header, "|") != want {
			t.Errorf("%q: %v", input, err)
			if err == nil {
				t.Errorf("%q, %d rows", r.Info().Header, len(rows))
			}
		}
	}
}

// The message counts the rows, not the header.
func TestTheMessageOfAHeaderThatNoRowFits(t *testing.T) {
	for input, says := range map[string]string{
		"email,a,b,c\n1,2,3\n1,2,3\n":                  "the header has 4 names, but every row has 3",
		"email,a,b,c\n1,2,3\n1,2,3\n1,2\n":             "the header has 4 names, and no row has as many: most have 3",
		"email,a,b,c\n1,2,3\n1,2,3,4,5\n1,2,3,4,5,6\n": "no row has as many: most have ",
	} {
		_, _, err := readertest.Read(t, []byte(input), reader.Options{Delimiter: ","})
		if !errors.Is(err, reader.ErrHeader) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "most have 4") {
			t.Errorf("%q: %v", input, err)
		}
	}
}
