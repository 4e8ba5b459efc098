package report

import "testing"

// TestMessagesThatDifferByRowHaveOnePattern: only what differs from row to row is left out.
func TestMessagesThatDifferByRowHaveOnePattern(t *testing.T) {
	for given, expected := range map[string]string{
		"":                                     "",
		"the API is down":                      "the API is down",
		`line 12 has 9 columns; expected 10`:   `9 columns; expected 10`,
		`line 12: not a JSON object`:           `not a JSON object`,
		`line of text: kept`:                   `line of text: kept`,
		`"a\"b" is not an address`:             `"…" is not an address`,
		`"open`:                                `"open`,
		`"`:                                    `"`,
		`"open\`:                               `"open\`,
		`status 503, request 1234567 at 10:00`: `status 503, request … at 10:00`,
		"größer als 12345":                     "größer als …",
	} {
		if got := pattern(withoutLine(given)); got != expected {
			t.Errorf("%q becomes %q, expected %q", given, got, expected)
		}
	}
}
