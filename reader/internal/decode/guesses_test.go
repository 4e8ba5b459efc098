package decode_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"enrich/reader/internal/decode"
)

// TestAGuessHasTheWord as it is in the encoding that the file has.
func TestAGuessHasTheWord(t *testing.T) {
	for _, test := range []struct {
		text     string
		encoding encoding.Encoding
		expected string
	}{
		{"email,氏名,会社\n", japanese.ShiftJIS, `"氏名" in shift-jis`},
		{"email,メール\n", japanese.ShiftJIS, `"メール" in shift-jis`},
		{"email,氏名\n", japanese.EUCJP, `"氏名" in euc-jp`},
		{"email\n姓名,x\n", simplifiedchinese.GBK, `"姓名" in gbk`},
		{"姓名", traditionalchinese.Big5, `"姓名" in big5`},
		{"이름,회사\n", korean.EUCKR, `"이름" in euc-kr`},
		{"Имя,Почта\n", charmap.Windows1251, `"Имя" in windows-1251`},
	} {
		block, err := test.encoding.NewEncoder().String(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := decode.Guesses([]byte(block)); !strings.Contains(got, test.expected) || !strings.HasPrefix(got, "; line ") {
			t.Errorf("%q: %q, expected %q", test.text, got, test.expected)
		}
		if read, err := charmap.Windows1252.NewDecoder().String(block); err == nil && !strings.ContainsRune(read, '\uFFFD') {
			if got := decode.GuessesIn(read); !strings.Contains(got, test.expected) {
				t.Errorf("%q: %q, expected %q", read, got, test.expected)
			}
		}
	}
	// A word with a letter of another script among ASCII is of no language of East Asia.
	for _, name := range []string{"shift-jis", "gbk", "big5", "euc-kr", "euc-jp"} {
		if got := decode.Guesses([]byte("\x8aimek,x")); strings.Contains(got, name) {
			t.Errorf("%q", got)
		}
	}
	if got := decode.Guesses([]byte("email\n")) + decode.GuessesIn("email"); got != "" {
		t.Errorf("%q", got)
	}
}
