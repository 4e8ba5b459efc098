package dialect_test

import (
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// The quote, the escape and the padding of a file are detected by what they do.
func TestQuotesThatProtectNothingAreText(t *testing.T) {
	const head = "email,name,city\n"
	plain := readertest.RepeatRow(900, "%d@x.com,Ann,Rome\n")
	quoted := func(n int) string { return readertest.RepeatRow(n, "\"%d@x.com\",\"Acme, Inc.\",\"Rome\"\n") }
	for name, c := range map[string]struct {
		input, dialect string // delimiter, quote, escape
		row            int    // which row to look at, from 0
		want           string
	}{
		// apostrophes
		"one cell in apostrophes":               {head + plain + "b@x.com,'Bob',Rome\n", `, " "`, 900, "b@x.com|'Bob'|Rome"},
		"the first cell in apostrophes":         {head + "b@x.com,'Bob',Rome\n" + plain, `, " "`, 0, "b@x.com|'Bob'|Rome"},
		"a column in apostrophes":               {head + readertest.RepeatRow(9, "%d@x.com,'Bob',Rome\n"), `, " "`, 8, "9@x.com|'Bob'|Rome"},
		"apostrophes around another delimiter":  {head + readertest.RepeatRow(9, "%d@x.com,'Bob; Ann',Rome\n"), `, " "`, 8, "9@x.com|'Bob; Ann'|Rome"},
		"apostrophes between tabs":              {"email\tname\n" + readertest.RepeatRow(9, "%d@x.com\t'Bob, Jr.'\n"), "\t \" \"", 8, "9@x.com|'Bob, Jr.'"},
		"apostrophes that protect a delimiter":  {head + plain + "b@x.com,'Bob, Jr.',Rome\n", `, ' '`, 900, "b@x.com|Bob, Jr.|Rome"},
		"apostrophes that protect a line end":   {head + readertest.RepeatRow(9, "%d@x.com,'Bob\nJr.',Rome\n"), `, ' '`, 8, "9@x.com|Bob\nJr.|Rome"},
		"apostrophes that protect one another":  {head + readertest.RepeatRow(9, "%d@x.com,'Bob''s',Rome\n"), `, ' '`, 8, "9@x.com|Bob's|Rome"},
		"apostrophes around every cell":         {"'email','name'\n" + readertest.RepeatRow(9, "'%d@x.com','Bob'\n"), `, ' '`, 8, "9@x.com|Bob"},
		"an apostrophe that begins a name":      {head + plain + "b@x.com,'t Hart,'s Hertogenbosch\n", `, " "`, 900, "b@x.com|'t Hart|'s Hertogenbosch"},
		"apostrophes in a file of double ones":  {head + readertest.RepeatRow(9, "%d@x.com,\"Bob, Jr.\",'Rome'\n"), `, " "`, 8, "9@x.com|Bob, Jr.|'Rome'"},
		"apostrophes that tear one row of many": {head + plain + "b@x.com,'Bob,Rome'\n", `, " "`, 900, "b@x.com|'Bob|Rome'"},

		// tabs without quotes
		"quotes that begin cells between tabs":  {"email\tname\n" + readertest.RepeatRow(9, "%d@x.com\tAnn\n") + "b@x.com\t\"Bob\" Smith\n", "\t  ", 9, "b@x.com|\"Bob\" Smith"},
		"a quote that never closes":             {"email\tname\tcity\n" + readertest.RepeatRow(9, "%d@x.com\t\"Bob\tRome\n"), "\t  ", 8, "9@x.com|\"Bob|Rome"},
		"quotes that swallow a line":            {"email\tname\tcity\n1@x.com\t\"Bob\tRome\n2@x.com\tAnn\"\tParis\n" + readertest.RepeatRow(9, "%d@x.com\tAnn\tRome\n"), "\t  ", 1, "2@x.com|Ann\"|Paris"},
		"inches between tabs":                   {"sku\tsize\n" + readertest.RepeatRow(9, "A%d\t5\" pipe\n") + "B\t\"5\" pipe\n", "\t  ", 9, "B|\"5\" pipe"},
		"quotes that protect a tab":             {"email\tname\n" + readertest.RepeatRow(9, "%d@x.com\tAnn\n") + "b@x.com\t\"Bob\tSmith\"\n", "\t \" \"", 9, "b@x.com|Bob\tSmith"},
		"quotes around every cell between tabs": {"\"email\"\t\"name\"\n" + readertest.RepeatRow(9, "\"%d@x.com\"\t\"Ann\"\n") + "\"b@x.com\"\t\"Bob\" S\n", "\t \" \"", 0, "1@x.com|Ann"},
		"doubled quotes between tabs":           {"sku\tsize\n" + readertest.RepeatRow(9, "A%d\t\"5\"\" pipe\"\n"), "\t \" \"", 8, "A9|5\" pipe"},

		// the padded delimiter
		"a comma and a space in quotes":       {"\"email\",\"company\",\"city\"\n" + quoted(9) + "\"b@x.com\",\"Acme\", Zed\n", `, " "`, 9, "b@x.com|Acme| Zed"},
		"the same in every row":               {"\"email\",\"company\",\"city\"\n" + quoted(9), `, " "`, 8, "9@x.com|Acme, Inc.|Rome"},
		"the same between semicolons":         {"\"a\";\"b\"\n" + readertest.RepeatRow(9, "\"%d\";\"x; y\"\n") + "\"9\"; Zed\n", `; " "`, 9, "9| Zed"},
		"the same in apostrophes":             {"'a','b'\n" + readertest.RepeatRow(9, "'%d','x, y'\n") + "'9', Zed\n", `, ' '`, 9, "9| Zed"},
		"padded, with text in quotes":         {"email, company\n" + readertest.RepeatRow(9, "%d@x.com, \"Acme,Inc.\"\n"), `,  " "`, 8, "9@x.com|Acme,Inc."},
		"padded, every cell in quotes":        {"\"email\", \"company\"\n" + readertest.RepeatRow(9, "\"%d@x.com\", \"Acme\"\n"), `,  " "`, 8, "9@x.com|Acme"},
		"a space in one bare cell of a table": {head + readertest.RepeatRow(99, "%d@x.com,Ann,Rome\n") + "b@x.com, Bob,Rome\n", `, " "`, 99, "b@x.com| Bob|Rome"},

		// backslashes
		"escaped quotes beside a delimiter":        {"email,note\n" + readertest.RepeatRow(9, "%d@x.com,\"say \\\"hi\\\", 1\"\n"), `, " \`, 8, `9@x.com|say "hi", 1`},
		"one row with escaped quotes":              {"email,note\n1@x.com,\"say \\\"hi\\\", 1\"\n", `, " \`, 0, `1@x.com|say "hi", 1`},
		"escaped quotes between semicolons":        {"email;note\n" + readertest.RepeatRow(9, "%d@x.com;\"say \\\"hi\\\"; 1\"\n"), `; " \`, 8, `9@x.com|say "hi"; 1`},
		"escaped quotes and a line end":            {"email,note\n" + readertest.RepeatRow(9, "%d@x.com,\"say \\\"hi\\\",\n1\"\n"), `, " \`, 8, "9@x.com|say \"hi\",\n1"},
		"escaped apostrophes":                      {"email,note\n" + readertest.RepeatRow(9, "%d@x.com,'it\\'s, 1'\n"), `, ' \`, 8, `9@x.com|it's, 1`},
		"JSON in a cell":                           {"id,data\n" + readertest.RepeatRow(9, "%d,\"{\\\"a\\\": 1, \\\"b\\\": [2,3]}\"\n"), `, " \`, 8, `9|{"a": 1, "b": [2,3]}`},
		"an escaped backslash at the end":          {"path,note\n" + readertest.RepeatRow(9, "\"C:\\\\dir\\\\\",\"a \\\"b\\\"\"\n"), `, " \`, 8, `C:\dir\|a "b"`},
		"a path that ends in a backslash":          {"path,note\n\"C:\\dir\\\",x\n", `, " "`, 0, `C:\dir\|x`},
		"many paths":                               {"path,note\n" + readertest.RepeatRow(9, "\"C:\\dir%d\\\",x\n"), `, " "`, 8, `C:\dir9\|x`},
		"paths in every cell":                      {"\"from\",\"to\"\n" + readertest.RepeatRow(9, "\"C:\\a\\\",\"D:\\b\\\"\n"), `, " "`, 8, `C:\a\|D:\b\`},
		"a path at the end of a row":               {"n,path\n" + readertest.RepeatRow(9, "%d,\"C:\\dir\\\"\n"), `, " "`, 8, `9|C:\dir\`},
		"doubled quotes behind a backslash":        {"n,data\n" + readertest.RepeatRow(9, "%d,\"{\"\"a\"\": \"\"b\\\"\"c\"\"}\"\n"), `, " "`, 8, `9|{"a": "b\"c"}`},
		"backslashes that are not escapes in text": {"path,note\n" + readertest.RepeatRow(9, "C:\\dir%d,\\N\n"), `, " "`, 8, `C:\dir9|\N`},
	} {
		t.Run(name, func(t *testing.T) {
			r, rows, err := readertest.Read(t, []byte(c.input), reader.Options{AnyColumns: true})
			if err != nil {
				t.Fatal(err)
			}
			i := r.Info()
			if got := i.Delimiter + " " + i.Quote + " " + i.Escape; got != c.dialect {
				t.Errorf("dialect %q, expected %q", got, c.dialect)
			}
			if c.row >= len(rows) || rows[c.row].Refused != nil || strings.Join(rows[c.row].Cells, "|") != c.want {
				t.Errorf("got %s, expected row %d to be %q", readertest.Cells(rows[max(len(rows)-3, 0):]), c.row, c.want)
			}
		})
	}
}
