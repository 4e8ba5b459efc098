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

func TestReason(t *testing.T) {
	for message, expected := range map[string][2]string{
		`line 7: "a\"b" is wrong, request 12345`:   {`"a\"b" is wrong, request 12345`, `"…" is wrong, request …`},
		"line 12 has 3 columns; expected 2":        {"3 columns; expected 2", "3 columns; expected 2"},
		"row 12345: not a number":                  {"not a number", "not a number"},
		"line breaks are not allowed, row 7: none": {"line breaks are not allowed, row 7: none", "line breaks are not allowed, row 7: none"},
	} {
		if text, common := Reason(message); text != expected[0] || common != expected[1] {
			t.Errorf("%s: %q, %q", message, text, common)
		}
	}
}
