package contact

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// slowNormal is the rule as it is written down, without the way round it for ASCII.
func slowNormal(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ReplaceAll(s, "\x00", " "), unicode.IsSpace), " ")
	return norm.NFC.String(strings.ToLower(cases.Fold().String(norm.NFC.String(s))))
}

func TestTheFastPathForASCIIGivesTheSameResult(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("aZ@.\x00\x01\t\n\v\f\r\x1c\x1f \x7fäß\u00a0\u2003é\u0301ǅ")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := letters.Draw(t, "s")
		if got, want := Normal(s), slowNormal(s); got != want {
			t.Fatalf("%q: got %q, expected %q", s, got, want)
		}
	})
}
