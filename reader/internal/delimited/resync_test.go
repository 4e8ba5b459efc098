package delimited_test

import (
	"errors"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

func TestMalformedRowsAreRefusedAndTheNextAreGood(t *testing.T) {
	const good = "4|5|6"
	for name, c := range map[string]struct{ input, want, says string }{
		"text after a closing quote":                       {"a,b,c\n1,\"x\"y,3\n4,5,6\n", "!1|\"x\"y|3 / " + good, "line 2: text after the closing quote of column 2"},
		"a quote that never closes":                        {"a,b,c\n1,\"x,3\n4,5,6\n", "!1|\"x|3 / " + good, "line 2: the quote opened in column 2 is never closed"},
		"over several lines":                               {"a,b,c\n1,\"x\ny\" z\nw,3\n4,5,6\n", "!1|\"x\ny\" z\nw|3 / " + good, "line 2"},
		"after a whole cell with lines like rows":          {"a,b,c\n\"x\n1,2,3\n\",\"y\"z,w\n4,5,6\n", "!x\n1,2,3\n|\"y\"z|w / " + good, "line 2: text after the closing quote of column 2"},
		"an open quote after such a cell":                  {"a,b,c\n\"x\n1,2,3\n\",\"y,w\n4,5,6\n", "!x\n1,2,3\n|\"y|w / " + good, "line 2: the quote opened in column 2 is never closed"},
		"crossing quotes":                                  {"a,b,c\n1,x\"y,z\"w\n4,5,6\n", "!1|x\"y|z\"w / " + good, "a quote opens inside one column"},
		"the header again":                                 {"a,b,c\na,b,c\n4,5,6\n", "!a|b|c / " + good, "line 2: the header is repeated here"},
		"the header again, with a byte order mark":         {"a,b,c\n\ufeffa,b,c\n4,5,6\n", "!\ufeffa|b|c / " + good, "line 2: the header is repeated here"},
		"the header again, with a mark and quotes":         {"\ufeff\"a\",\"b\",\"c\"\n\ufeff\"a\",\"b\",\"c\"\n4,5,6\n", "!\ufeff\"a\"|b|c / " + good, "line 2: the header is repeated here"},
		"fewer cells":                                      {"a,b,c\n1,2\n4,5,6\n", "!1|2 / " + good, "line 2 has 2 columns; expected 3"},
		"a row after a malformed one that may be its rest": {"a,b,c\n1,\"x\"y,z\nend\",8,9\n4,5,6\n7,8,9\n", "!1|\"x\"y|z / !end\"|8|9 / " + good + " / 7|8|9", "line 2"},
		"an inch mark is not a quote":                      {"a,b,c\n1,5\" pipe,say \"hi\"\n4,5,6\n", "1|5\" pipe|say \"hi\" / " + good, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows, err := readertest.Read(t, []byte(c.input), reader.Options{AnyColumns: true, Delimiter: ","})
			if err != nil {
				t.Fatal(err)
			}
			if got := readertest.Cells(rows); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if c.says != "" && !strings.Contains(rows[0].Refused.Message, c.says) {
				t.Errorf("says %q, expected %q", rows[0].Refused.Message, c.says)
			}
			if rows[len(rows)-1].Line != int64(strings.Count(strings.TrimSuffix(c.input, "\n"), "\n")+1) {
				t.Errorf("the last row is in line %d", rows[len(rows)-1].Line)
			}
		})
	}
}

// If no row follows an open quote, the input may be cut off in the cell: the rows before it are good, its row is refused with all its
// text, and the input has ended early. If rows follow, it has not.
func TestAQuoteThatNeverClosesEndsTheInput(t *testing.T) {
	head := "id,email,note\n" + readertest.RepeatRow(9, "%d,p@x.example,fine\n")
	for name, c := range map[string]struct {
		tail, last string
		broken     bool
	}{
		"at the end":              {`10,q@x.example,"cut of`, `!10|q@x.example|"cut of`, true},
		"before a line end":       {"10,q@x.example,\"cut off\n", `!10|q@x.example|"cut off`, true},
		"before blank lines":      {"10,q@x.example,\"cut off\n\n\n", `!10|q@x.example|"cut off`, true},
		"in a cell of many lines": {"10,q@x.example,\"it says\nmany\nthings", "!10|q@x.example|\"it says\nmany\nthings", true},
		"in the first column":     {`"10,q@x.example,cut of`, `!"10|q@x.example|cut of`, true},
		"after whole quotes":      {`10,"q@x.example","say ""hi`, `!10|q@x.example|"say ""hi`, true},
		"after a malformed row":   {"9,\"a\"b,c\n10,q@x.example,\"cut off", `!10|q@x.example|"cut off`, true},
		"before a row":            {"10,q@x.example,\"inch\n11,r@x.example,fine\n", "11|r@x.example|fine", false},
		"text after it":           {"10,q@x.example,\"a\" b\n", `!10|q@x.example|"a" b`, false},
		"a whole cell":            {`10,q@x.example,"whole"`, `10|q@x.example|whole`, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows, err := readertest.Read(t, []byte(head+c.tail), reader.Options{})
			if errors.Is(err, reader.ErrBroken) != c.broken || !c.broken && err != nil {
				t.Errorf("the error is %v", err)
			}
			if c.broken && !strings.Contains(err.Error(), "is never closed") {
				t.Errorf("it says %q", err)
			}
			if got := readertest.Cells(rows[len(rows)-1:]); got != c.last {
				t.Errorf("the last row is %q, expected %q", got, c.last)
			}
		})
	}
}

// A ragged row of a failures file stays refused until a person has emptied its kind.
func TestRaggedFailuresStayRefused(t *testing.T) {
	const head = "email,name,enrich_error_kind,enrich_error_message,enrich_error_extra\n"
	_, rows, err := readertest.Read(t, []byte(head+
		"a@x.example,Ann,ragged,line 7: 3 cells where the header has 2,\"[\"\"x\"\"]\"\n"+
		"b@x.example,Ben,exhausted,too often,\n"+
		"c@x.example,Cy,,,\n"), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[0].Refused; r == nil || r.Kind != "ragged" || r.Message != "line 7: 3 cells where the header has 2" || len(rows[0].Cells) != 5 {
		t.Errorf("got %+v", rows[0])
	}
	if rows[1].Refused != nil || rows[2].Refused != nil {
		t.Error("a row that was not refused for its shape is refused")
	}
	if rows[0].Contact.Email != "" || rows[1].Contact.Email != "b@x.example" {
		t.Errorf("contacts: %+v %+v", rows[0].Contact, rows[1].Contact)
	}
}

func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		input string
		o     reader.Options
		line  int
		first string
	}{
		"titles above":       {"Leads of May\n\nemail,first,last\na@x.example,Ann,Smith\nb@x.example,Ben,Lee\n", reader.Options{}, 3, "a@x.example|Ann|Smith"},
		"titles with commas": {"Leads,,\n,,\nemail,first,last\na@x.example,Ann,Smith\n", reader.Options{}, 3, "a@x.example|Ann|Smith"},
		"named":              {"x,y\nz,w\nemail,name\na@x.example,Ann\n", reader.Options{HeaderLine: 3}, 3, "a@x.example|Ann"},
		"none":               {"a@x.example,Ann\nb@x.example,Ben\n", reader.Options{NoHeader: true}, 0, "a@x.example|Ann"},
		"repeated names":     {"email,name,name\na@x.example,Ann,B\n", reader.Options{}, 1, "a@x.example|Ann|B"},
	} {
		r, rows, err := readertest.Read(t, []byte(c.input), c.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := readertest.Cells(rows[:1]); got != c.first || r.Info().HeaderLine != c.line {
			t.Errorf("%s: got %q, header in line %d", name, got, r.Info().HeaderLine)
		}
	}
	r, _, _ := readertest.Read(t, []byte("name,name_2,name\n1,2,3\n"), readertest.AnyColumns)
	if got := strings.Join(r.Info().Columns, ","); got != "name,name_2,name_3" {
		t.Errorf("unique columns: %s", got)
	}
}

func TestMalformedHeaderErrorHasItsLine(t *testing.T) {
	rows := strings.Repeat("a@x.example,Ann,1\n", 5)
	for name, c := range map[string]struct {
		input, says string
		o           reader.Options
	}{
		"fewer names":     {"email,firstlast\n" + rows, "line 1: the header has 2 names", reader.Options{}},
		"more names":      {"email,first,,last\n" + rows, "line 1: the header has 4 names", reader.Options{}},
		"a quote":         {"email,\"first\"x,last\n" + rows, "line 1: a quote is out of place", reader.Options{}},
		"an open quote":   {"email,\"first,last\n" + strings.Repeat(rows, 2000), "line 1: a quote is out of place", reader.Options{}},
		"a line too long": {strings.Repeat("name,", 30000) + "\n" + rows, "line 1: no line ends within 131072 bytes", reader.Options{}},
		"too many names":  {strings.Repeat("name,", 6000) + "\n" + rows, "line 1: there are more than 4096 columns", reader.Options{Delimiter: ","}},
		"other delimiter": {"email first last\n" + rows, "line 1: no header fits", reader.Options{}},
		"data":            {rows, "--no-header", reader.Options{}},
		"no such line":    {"a,b\n" + rows, "line 99", reader.Options{HeaderLine: 99}},
	} {
		_, _, err := readertest.Read(t, []byte(c.input), c.o)
		if !errors.Is(err, reader.ErrHeader) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, expected %q", name, err, c.says)
		}
	}
}

func TestOptionsNameTheirFlag(t *testing.T) {
	for flag, o := range map[string]reader.Options{
		"--delimiter": {Delimiter: "ab"}, "--quote": {Quote: "x"}, "--encoding": {Encoding: "klingon"},
		"--input-format": {Format: "xml"}, "--header-line": {HeaderLine: -1}, "--no-header": {NoHeader: true, HeaderLine: 2},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	for _, o := range []reader.Options{{}, {Delimiter: "tab"}, {Delimiter: "¦"}, {Quote: "none"}, {Encoding: "Latin1"}, {Encoding: "UTF-8"}} {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
}
