package writer

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"enrich/internal/jsonscan"
)

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		`""`:                   "",
		`"a\"b\\c\/d"`:         `a"b\c/d`,
		`"\b\f\n\r\t"`:         "\b\f\n\r\t",
		`"\u00e4\u0041"`:       "äA",
		`"\ud83d\ude00"`:       "😀",
		`"\ud83dA"`:            "\uFFFDA",
		`"\ud83d\u0041"`:       "\uFFFDA",
		`"\ude00\ud83d"`:       "\uFFFD\uFFFD",
		`"\ud83d\ud83d\ude00"`: "\uFFFD😀",
		"\"\xff\\n\"":          "\xff\n",
	} {
		if got := unquote(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\"\\\x00\x1f\u2028\xff😀/<>&")
	f.Fuzz(func(t *testing.T, s string) {
		quoted := string(jsonscan.AppendString(nil, s))
		var theirs string
		if err := json.Unmarshal([]byte(quoted), &theirs); err != nil {
			t.Fatalf("%q is written as %s: %v", s, quoted, err)
		}
		want := strings.ToValidUTF8(s, "\uFFFD")
		if utf8.ValidString(s) && (theirs != s || unquote(quoted) != s) || len([]rune(theirs)) < len([]rune(want)) {
			t.Errorf("%q is written as %s", s, quoted)
		}
	})
}

func FuzzUnquote(f *testing.F) {
	f.Add(`"\ud83d\ude00\ud83d\u00e4\n\"x"`)
	f.Add(`"\u12"`)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
			return
		}
		got := unquote(s) // whatever it is, it does not panic
		var want string
		if utf8.ValidString(s) && json.Unmarshal([]byte(s), &want) == nil && got != want {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	})
}
