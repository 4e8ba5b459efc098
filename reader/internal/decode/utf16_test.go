package decode_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"enrich/reader/internal/readertest"
)

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
