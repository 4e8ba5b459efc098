package layout_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

const (
	report       = "email,name,city\na@x.example,Ann,Rome\nb@x.example,Ben,Oslo\n"
	footerOf3    = "Grand Totals (5 records)\nConfidential Information - Do Not Distribute\n\"Copyright (c) 2024 salesforce.com, inc. All rights reserved.\"\n"
	reportRows   = "a@x.example b@x.example"
	oneMoreGood  = "c@x.example,Cy,Bern\n"
	reportPadded = "Grand Totals (5 records),,\nConfidential,,\nCopyright 2024,,\n"
)

// Only a footer is skipped: in the last block, after a blank line, one filled cell a line, at most ten lines, at least three
// columns, and nothing in it that could be sent. Everything else is rows.
func TestFooterIsSkipped(t *testing.T) {
	for name, c := range map[string]struct {
		input, want string
		skipped     reader.Lines
	}{
		"footer":                          {report + "\n" + footerOf3, reportRows, reader.Lines{Count: 3, First: 5, Last: 7}},
		"padded footer":                   {report + "\n" + reportPadded, reportRows, reader.Lines{Count: 3, First: 5, Last: 7}},
		"footer, no line end":             {report + "\n" + strings.TrimSuffix(footerOf3, "\n"), reportRows, reader.Lines{Count: 3, First: 5, Last: 7}},
		"blank lines after":               {report + "\n\n" + footerOf3 + "\n \n", reportRows, reader.Lines{Count: 3, First: 6, Last: 8}},
		"CRLF":                            {strings.ReplaceAll(report+"\n"+footerOf3, "\n", "\r\n"), reportRows, reader.Lines{Count: 3, First: 5, Last: 7}},
		"a footer of two lines a cell":    {report + "\n\"Grand\nTotals\"\nx\n", reportRows, reader.Lines{Count: 2, First: 5, Last: 7}},
		"delimiters only":                 {report + ",,\n,,\n", reportRows, reader.Lines{Count: 2, First: 4, Last: 5}},
		"one row of delimiters":           {report + ",,\n", reportRows, reader.Lines{Count: 1, First: 4, Last: 4}},
		"quoted empty cells":              {report + "\"\",\"\",\"\"\n , ,\n", reportRows, reader.Lines{Count: 2, First: 4, Last: 5}},
		"many rows of delimiters":         {report + strings.Repeat(",,\n", 5000), reportRows, reader.Lines{Count: 5000, First: 4, Last: 5003}},
		"delimiters before a footer":      {report + ",,\n" + reportPadded + ",,\n", reportRows, reader.Lines{Count: 5, First: 4, Last: 8}},
		"ten lines":                       {report + "\n" + strings.Repeat("note\n", 10), reportRows, reader.Lines{Count: 10, First: 5, Last: 14}},
		"footer of an empty report":       {"email,name,city\n\n" + footerOf3, "", reader.Lines{Count: 3, First: 3, Last: 5}},
		"eleven lines":                    {report + "\n" + strings.Repeat("note\n", 11), reportRows + strings.Repeat(" !ragged", 11), reader.Lines{}},
		"no blank line":                   {report + "Grand Totals\n", reportRows + " !ragged", reader.Lines{}},
		"two columns":                     {"email,name\na@x.example,Ann\nb@x.example,Ben\n\nTotals\n", reportRows + " !ragged", reader.Lines{}},
		"delimiters in two columns":       {"email,name\na@x.example,Ann\nb@x.example,Ben\n,\n", reportRows + " ", reader.Lines{}},
		"two filled cells":                {report + "\nTotals,5\n", reportRows + " !ragged", reader.Lines{}},
		"one line of two filled cells":    {report + "\nTotals\nsum,5\nCopyright\n", reportRows + strings.Repeat(" !ragged", 3), reader.Lines{}},
		"an address":                      {report + "\nc@x.example,,\n", reportRows + " c@x.example", reader.Lines{}},
		"an address alone":                {report + "\nc@x.example\n", reportRows + " !ragged", reader.Lines{}},
		"a URL":                           {report + "\nsee https://x.example/a\n", reportRows + " !ragged", reader.Lines{}},
		"a host":                          {report + "\nx.example\n", reportRows + " !ragged", reader.Lines{}},
		"a page":                          {report + "\nsee linkedin.com/in/ann\n", reportRows + " !ragged", reader.Lines{}},
		"www":                             {report + "\nask www.x at home\n", reportRows + " !ragged", reader.Lines{}},
		"one of two has an address":       {report + "\nTotals\nmail c@x.example\n", reportRows + " !ragged !ragged", reader.Lines{}},
		"not at the end":                  {report + "\n" + footerOf3 + "\n" + oneMoreGood, reportRows + " !ragged !ragged !ragged c@x.example", reader.Lines{}},
		"delimiters inside":               {report + ",,\n,,\n" + oneMoreGood, reportRows + "   c@x.example", reader.Lines{}},
		"only the last block":             {report + "\nsection\n\n" + footerOf3, reportRows + " !ragged", reader.Lines{Count: 3, First: 7, Last: 9}},
		"a malformed row before":          {report + "\n\"x\"y,1,2\n", reportRows + " !ragged", reader.Lines{}},
		"a failures file":                 {"email,name,enrich_error_kind\n,Ann,invalid\n,,invalid\n", " ", reader.Lines{}},
		"a footer after a malformed line": {report + "\"x\"y,1,2\n\nTotals\n", reportRows + " !ragged !ragged", reader.Lines{}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				var in io.Reader = strings.NewReader(c.input)
				if bytewise && len(c.input) < 1000 {
					in = iotest.OneByteReader(in)
				}
				r, err := reader.Open(readertest.Stream(in), 0, reader.Options{Delimiter: ","})
				if err != nil {
					t.Fatal(err)
				}
				rows, err := readertest.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				if got := readertest.Outline(rows); got != c.want {
					t.Errorf("rows %q, expected %q", got, c.want)
				}
				if got := r.Skipped(); got != c.skipped {
					t.Errorf("skipped %+v, expected %+v", got, c.skipped)
				}
			}
		})
	}
}

// Rows that were held back come in order, with their numbers, lines and cells, in reads of any size.
func TestHeldBackRowsAreWhole(t *testing.T) {
	input := report + "\none\ntwo, ,\n,,\n,,\n\n,,\nthree\n\n" + oneMoreGood + ",,\n\n" + oneMoreGood
	var want string
	for _, size := range []int{1, 2, 3, 100} {
		r, err := readertest.Open([]byte(input), reader.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		buf := make([]reader.Row, size)
		for err == nil {
			var n int
			n, err = r.Read(buf)
			for _, row := range buf[:n] {
				fmt.Fprintf(&got, "%d:%d:%s ", row.Number, row.Line, strings.Join(row.Cells, "|"))
			}
		}
		if want == "" {
			want = "1:2:a@x.example|Ann|Rome 2:3:b@x.example|Ben|Oslo 3:5:one 4:6:two| | 5:7:|| 6:8:|| 7:10:|| 8:11:three 9:13:c@x.example|Cy|Bern 10:14:|| 11:16:c@x.example|Cy|Bern "
		}
		if got.String() != want {
			t.Errorf("%d at once:\n%s\nexpected\n%s", size, &got, want)
		}
	}
}

// What looks like a footer is rows if the input ended early after it: nobody knows whether it is the end.
func TestBrokenInputHasNoFooter(t *testing.T) {
	text := strings.Repeat(report, 1) + strings.Repeat("d@x.example,Di,Bonn\n", 20_000) + "\n" + footerOf3 + "\n"
	r, err := reader.Open(readertest.Stream(&readertest.FailingReader{Text: []byte(text), Err: io.ErrUnexpectedEOF}), 0, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readertest.ReadAll(r)
	if n := strings.Count(readertest.Outline(rows), "!ragged"); n != 3 || r.Skipped().Count != 0 || err == nil {
		t.Errorf("%d refused, %+v, %v", n, r.Skipped(), err)
	}
}
