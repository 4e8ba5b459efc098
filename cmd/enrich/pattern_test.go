package main

import "testing"

// What differs from row to row is left out of a message, and nothing else.
func TestMessagesThatDifferByRowHaveOnePattern(t *testing.T) {
	for given, want := range map[string]string{
		"":                                     "",
		"the API is down":                      "the API is down",
		`line 12: 9 cells where there are 10`:  `9 cells where there are 10`,
		`line of text: kept`:                   `line of text: kept`,
		`"a\"b" is no address`:                 `"…" is no address`,
		`"open`:                                `"open`,
		`"`:                                    `"`,
		`"open\`:                               `"open\`,
		`status 503, request 1234567 at 10:00`: `status 503, request … at 10:00`,
		"größer als 12345":                     "größer als …",
	} {
		if got := pattern(withoutLine(given)); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}
