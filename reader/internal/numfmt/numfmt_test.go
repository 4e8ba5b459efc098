package numfmt_test

import (
	"testing"

	"enrich/reader/internal/numfmt"
)

func text(f *numfmt.Format, stored string) string {
	return string(f.Append(nil, []byte(stored), false))
}

// General numbers are written in full, with the digits that a spreadsheet has.
func TestGeneral(t *testing.T) {
	for stored, expected := range map[string]string{
		"491701234567": "491701234567", "4.91701234567E11": "491701234567", "4.91701234567e+11": "491701234567",
		"0.1": "0.1", "0.10000000000000001": "0.1", "0.1000000000000000055": "0.1", "0.30000000000000004": "0.3", "1.1499999999999999": "1.15",
		"-0.5": "-0.5", "5.0": "5", "1.50": "1.5", "0": "0", "-0": "0", "007": "7", "+5": "5", ".5": "0.5", "5.": "5",
		"1E3": "1000", "1.5E-5": "0.000015", "123456789012345678": "123456789012345678", "1234567890123456789012": "1234567890123456789012",
		"1234567.1234567891": "1234567.12345679", "12345678901234.567": "12345678901234.6", "999999999999999.9": "1000000000000000",
		"1E20": "100000000000000000000", "1.5E300": "1.5E+300", "1E-30": "1E-30", "2.5E-10": "0.00000000025",
		"-1.5E+300": "-1.5E+300", "abc": "abc", "NaN": "NaN", "INF": "INF", "": "", "1e999": "1e999", "0x10": "0x10",
	} {
		if got := text(nil, stored); got != expected {
			t.Errorf("%s is %q, expected %q", stored, got, expected)
		}
	}
}

// Each format gives what people mean.
func TestFormats(t *testing.T) {
	for _, test := range []struct{ code, stored, expected string }{
		// numbers in full: what is shown may be cut
		{"0", "491701234567", "491701234567"},
		{"0.00E+00", "491701234567", "491701234567"},
		{"##0.0E+0", "491701234567", "491701234567"},
		{"0.00", "12.5", "12.5"},
		{"0.00", "0.10000000000000001", "0.1"},
		{"#,##0", "1234567.891", "1234567.891"},
		{`#,##0.00\ "€"`, "1234.5", "1234.5"},
		{`"$"#,##0.00_);[Red]\("$"#,##0.00\)`, "-1234.5", "-1234.5"},
		{`[$€-407]\ 0`, "5", "5"},
		{`_-* #,##0.00\ _€_-;\-* #,##0.00\ _€_-;_-* "-"??\ _€_-;_-@_-`, "0", "0"},
		{"0_);(0)", "-5", "-5"},
		{"# ?/?", "0.5", "0.5"},
		{"0;-0;;@", "0", "0"},
		{";;;", "5", "5"},
		{"0", "1.2345678901234501E+16", "12345678901234500"},
		// digits that are arranged
		{"00000", "1234", "01234"},
		{"00000", "123456", "123456"},
		{"00000", "-5", "-00005"},
		{"00000", "12.5", "12.5"},
		{"00", "0", "00"},
		{"000-00-0000", "12345678", "012-34-5678"},
		{`000\-00\-0000`, "123456789", "123-45-6789"},
		{"(###) ###-####", "4155550132", "(415) 555-0132"},
		{"[<=9999999]###-####;(###) ###-####", "5550132", "555-0132"},
		{"[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "4155550132", "(415) 555-0132"},
		{"+0", "491701234567", "+491701234567"},
		{`"+"#`, "491701234567", "+491701234567"},
		{`"+"General`, "491701234567", "+491701234567"},
		{"+00 000 0000000", "491701234567", "+49 170 1234567"},
		{`"ID-"0000`, "42", "ID-0042"},
		{`00000\-0000`, "1.0", "00000-0001"},
		{`0" days"`, "5", "5 days"},
		{"????-??", "123", "   1-23"},
		// words
		{`"Yes";"Yes";"No"`, "1", "Yes"},
		{`"Yes";"Yes";"No"`, "0", "No"},
		{`"TRUE";"TRUE";"FALSE"`, "-1", "TRUE"},
		{`[=1]"Yes";[=0]"No";General`, "0", "No"},
		{`[=1]"Yes";[=0]"No";General`, "7", "7"},
		// percentages
		{"0%", "0.125", "13%"},
		{"0%", "0.145", "15%"},
		{"0%", "0.5", "50%"},
		{"0.00%", "0.125", "12.50%"},
		{"0.0#%", "0.125", "12.5%"},
		{"0%", "-0.25", "-25%"},
		{"0%", "-0.0001", "0%"},
		{"0%;(0%)", "-0.25", "(25%)"},
		{`0.0\ %`, "0.125", "12.5 %"},
		{"0%", "0.995", "100%"},
		{"0%", "0", "0%"},
		{"0%", "12", "1200%"},
		{"0.0%", "0.0004", "0.0%"},
		{"0.0%", "0.0005", "0.1%"},
		// text
		{"@", "491701234567", "491701234567"},
		{"General", "0.10000000000000001", "0.1"},
		{"GENERAL", "5", "5"},
		{`General" kg"`, "2.5", "2.5 kg"},
		// odd codes
		{`"unclosed`, "5", "unclosed"},
		{`[unclosed`, "5", "5"},
		{`\`, "5", "5"},
		{`_`, "5", "5"},
		{"", "5", "5"},
		{"[>x]0", "5", "5"},
		{"0%", "abc", "abc"},
	} {
		if got := text(numfmt.Parse(test.code), test.stored); got != test.expected {
			t.Errorf("%s as %s is %q, expected %q", test.stored, test.code, got, test.expected)
		}
	}
}

// Dates and times are ISO 8601, as precise as their format.
func TestDates(t *testing.T) {
	for _, test := range []struct{ code, stored, expected string }{
		{"yyyy-mm-dd", "45356", "2024-03-05"},
		{"mm-dd-yy", "45356.75", "2024-03-05"},
		{"mmm-yy", "45352", "2024-03-01"},
		{"[$-F800]dddd, mmmm dd, yyyy", "45356", "2024-03-05"},
		{`[$-409]d\-mmm\-yyyy;@`, "45356", "2024-03-05"},
		{`dd"."mm"."yyyy`, "45356", "2024-03-05"},
		{`yyyy"年"m"月"d"日"`, "45356", "2024-03-05"},
		{"[$-411]ggge\"年\"", "45356", "2024-03-05"},
		{"aaaa", "45356", "2024-03-05"},
		{"[$-804]AAA", "45356", "2024-03-05"},
		{`yyyy"年"m"月"d"日"(aaa)`, "45356", "2024-03-05"},
		{"aaa hh:mm", "45356.5", "2024-03-05T12:00:00"},
		{"aa", "45356", "aa"},
		{"0a", "7", "7a"},
		{"d.m.yyyy h:mm", "45356.5729166667", "2024-03-05T13:45:00"},
		{"m/d/yy h:mm", "45356", "2024-03-05T00:00:00"},
		{"yyyy-mm-dd hh:mm:ss.000", "45356.572916736113", "2024-03-05T13:45:00.006"},
		{"yyyy-mm-dd hh:mm:ss", "45356.9999999", "2024-03-06T00:00:00"},
		{"yyyy-mm-dd", "45356.9999", "2024-03-05"},
		{"yyyy-mm-dd", "45355.9999999999", "2024-03-05"},
		{"hh:mm", "0.573032407407408", "13:45:10"},
		{"h:mm:ss AM/PM", "0.573032407407408", "13:45:10"},
		{"h:mm", "45356.25", "06:00:00"},
		{"mm:ss", "0.00381944444444444", "00:05:30"},
		{"mm:ss.0", "0.003824074", "00:05:30.4"},
		{"[h]:mm:ss", "1.5", "36:00:00"},
		{"[hh]:mm", "0.25", "06:00:00"},
		{"[mm]:ss", "0.0625", "01:30:00"},
		{"[h]:mm", "-0.25", "-06:00:00"},
		{"[h]:mm:ss", "100", "2400:00:00"},
		{"[h]:mm:ss", "1E+300", "1E+300"},
		{"m/d/yy h:mm", "0.5", "12:00:00"},
		{"hh:mm", "0", "00:00:00"},
		{"yyyy-mm-dd", "0", "0"},
		{"yyyy-mm-dd", "-1", "-1"},
		{"yyyy-mm-dd", "2958465", "9999-12-31"},
		{"yyyy-mm-dd", "2958466", "2958466"},
		{"yyyy-mm-dd", "1", "1900-01-01"},
		{"yyyy-mm-dd", "59", "1900-02-28"},
		{"yyyy-mm-dd", "60", "1900-02-29"},
		{"yyyy-mm-dd", "61", "1900-03-01"},
		{"[<1]hh:mm;yyyy-mm-dd", "0.5", "12:00:00"},
		{"[<1]hh:mm;yyyy-mm-dd", "45356", "2024-03-05"},
		{"[Red]yyyy-mm-dd", "45356", "2024-03-05"},
		{"上午/下午h:mm", "0.5", "12:00:00"},
	} {
		if got := text(numfmt.Parse(test.code), test.stored); got != test.expected {
			t.Errorf("%s as %s is %q, expected %q", test.stored, test.code, got, test.expected)
		}
	}
	for stored, expected := range map[string]string{"0": "1904-01-01", "1": "1904-01-02", "43894": "2024-03-05", "60": "1904-03-01", "-1": "-1"} {
		if got := string(numfmt.Parse("yyyy-mm-dd").Append(nil, []byte(stored), true)); got != expected {
			t.Errorf("in the 1904 system, %s is %q, expected %q", stored, got, expected)
		}
	}
}

// The formats that have a number and no code.
// A date that is stored as text is as precise as its format, as if it were stored as a number.
func TestISO(t *testing.T) {
	for _, test := range []struct{ code, stored, expected string }{
		{"yyyy-mm-dd", "2024-03-05T00:00:00.000Z", "2024-03-05"},
		{"yyyy-mm-dd", "2024-03-05T23:59:59.999", "2024-03-05"},
		{"d/m/yy", "2024-03-05", "2024-03-05"},
		{"d/m/yy h:mm", "2024-03-05", "2024-03-05T00:00:00"},
		{"d/m/yy h:mm", "2024-03-05T13:45:10", "2024-03-05T13:45:10"},
		{"d/m/yy h:mm:ss.000", "2024-03-05T13:45:10.250", "2024-03-05T13:45:10.250"},
		{"h:mm", "13:45:10", "13:45:10"},
		{"h:mm", "1899-12-30T13:45:10", "1899-12-30T13:45:10"},
		{"yyyy-mm-dd", "13:45:10", "13:45:10"},
		{"yyyy-mm-dd", "1900-03-01", "1900-03-01"},
		{"yyyy-mm-dd", "1850-03-01T00:00:00", "1850-03-01T00:00:00"},
		{"yyyy-mm-dd", "9999-12-31T00:00:00", "9999-12-31"},
		{"yyyy-mm-dd", "2024-03-05T00:00:00+02:00", "2024-03-05T00:00:00+02:00"},
		{"General", "2024-03-05T00:00:00", "2024-03-05T00:00:00"},
		{"0.00", "2024-03-05T00:00:00", "2024-03-05T00:00:00"},
		{"yyyy-mm-dd", "tomorrow", "tomorrow"},
		{"yyyy-mm-dd", "", ""},
	} {
		if got := string(numfmt.Parse(test.code).AppendISO([]byte("x"), []byte(test.stored))); got != "x"+test.expected {
			t.Errorf("%q in the format %s: %q, expected %q", test.stored, test.code, got[1:], test.expected)
		}
	}
}

func TestBuiltin(t *testing.T) {
	for id, expected := range map[int]string{
		0: "45356.5", 1: "45356.5", 2: "45356.5", 4: "45356.5", 9: "4535650%", 10: "4535650.00%", 11: "45356.5", 14: "2024-03-05", 17: "2024-03-05",
		18: "12:00:00", 22: "2024-03-05T12:00:00", 27: "2024-03-05", 32: "12:00:00", 34: "2024-03-05", 37: "45356.5", 44: "45356.5", 45: "12:00:00",
		46: "1088556:00:00", 47: "12:00:00.0", 49: "45356.5", 57: "2024-03-05", 77: "2024-03-05T12:00:00", 200: "45356.5", -1: "45356.5",
	} {
		if got := text(numfmt.Builtin(id), "45356.5"); got != expected {
			t.Errorf("format %d gives %q, expected %q", id, got, expected)
		}
	}
}

// Text is appended: what is there stays.
func TestAppend(t *testing.T) {
	for _, code := range []string{"", "0%", "yyyy-mm-dd", "00000", "[h]:mm", `"Yes"`} {
		f := numfmt.Parse(code)
		want := "x" + string(f.Append(nil, []byte("12.25"), false))
		if got := string(f.Append([]byte("x"), []byte("12.25"), false)); got != want {
			t.Errorf("%s: %q, expected %q", code, got, want)
		}
	}
}

// Any code and any number give some text that is bounded, and the same one again.
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{"0.00%", "[h]:mm:ss.000", "yyyy-mm-dd hh:mm", `[<=9999999]###-####;(###) ###-####`, `"x"0\-0;;@`, "# ?/?", "[$€-407]0"} {
		f.Add(seed, "45356.75", 45356.75)
	}
	f.Fuzz(func(t *testing.T, code, stored string, v float64) {
		format := numfmt.Parse(code)
		for _, s := range []string{stored, text(nil, stored)} {
			got := text(format, s)
			if len(got) > len(code)+len(s)+400 {
				t.Errorf("%d bytes for %q as %q", len(got), s, code)
			}
			if again := text(numfmt.Parse(code), s); again != got {
				t.Errorf("%q, then %q", got, again)
			}
		}
		if general := text(nil, stored); text(nil, general) != general && len(general) <= 15 {
			t.Errorf("%q is %q, and that is %q", stored, general, text(nil, general))
		}
	})
}
