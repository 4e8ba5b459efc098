package phrase_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"enrich/internal/phrase"
)

func TestCountsAgreeWithTheirNouns(t *testing.T) {
	for want, got := range map[string]string{
		"0 rows": phrase.Count(0, "row"), "1 row": phrase.Count(1, "row"), "2 rows": phrase.Count(int64(2), "row"),
		"were": phrase.Plural(0, "was", "were"), "was": phrase.Plural(1, "was", "were"),
	} {
		if got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}

func TestTextIsShortenedByCharacters(t *testing.T) {
	for _, tt := range []struct {
		text          string
		most          int
		short, quoted string
	}{
		{"", 3, "", `""`},
		{"abc", 3, "abc", `"abc"`},
		{"abcd", 3, "abc…", `"abc…"`},
		{"żółw", 3, "żół…", `"żół…"`},
		{"a\x1b[31m", 10, "a\x1b[31m", `"a\x1b[31m"`},
		{"a\xffb", 2, "a\xff…", `"a\xff…"`},
		{"abc", 0, "…", `"…"`},
	} {
		if got := phrase.Shorten(tt.text, tt.most); got != tt.short {
			t.Errorf("Shorten(%q, %d) = %q, expected %q", tt.text, tt.most, got, tt.short)
		}
		if got := phrase.Quote(tt.text, tt.most); got != tt.quoted {
			t.Errorf("Quote(%q, %d) = %s, expected %s", tt.text, tt.most, got, tt.quoted)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s, most := rapid.String().Draw(t, "text"), rapid.IntRange(-1, 20).Draw(t, "most")
		if got := phrase.Cut(s, most); !strings.HasPrefix(s, got) || utf8.RuneCountInString(got) != min(max(most, 0), utf8.RuneCountInString(s)) {
			t.Errorf("Cut(%q, %d) = %q", s, most, got)
		}
	})
}

func TestTheNearestNameIsFound(t *testing.T) {
	names := []string{"email", "first_name", "last_name", "mail"}
	for _, tt := range []struct {
		word string
		most int
		want string
	}{
		{"emial", 2, "email"},
		{"emial", 1, ""},
		{"email", 0, "email"},
		{"lirst_name", 3, "first_name"},
		{"xmail", 1, "email"}, // as near as "mail", and before it
		{"", 3, ""},
		{"ﬁrst_name", 3, "first_name"},
	} {
		got := ""
		if i := phrase.Nearest(tt.word, names, tt.most); i >= 0 {
			got = names[i]
		}
		if got != tt.want {
			t.Errorf("nearest to %q within %d: %q, expected %q", tt.word, tt.most, got, tt.want)
		}
	}
}

func TestOr(t *testing.T) {
	for expected, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := phrase.Or(words); got != expected {
			t.Errorf("%q: %q, expected %q", words, got, expected)
		}
	}
}
