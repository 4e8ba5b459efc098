package jsonrows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"enrich/contact"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// result is what was read of a JSON input.
type result struct {
	rows    []source.Row // copied
	columns []string
	mapping map[contact.Field]string
	err     error // nil at a proper end
}

// readAll reads an input to its end, so many rows at a time.
func readAll(in io.Reader, o Options, batch int) (read result) {
	src, err := Open(in, o)
	return drain(src, err, batch)
}

func drain(src *Reader, err error, batch int) (read result) {
	if err != nil {
		return result{err: err}
	}
	_, read.mapping, _ = src.Sampled()
	buf := make([]source.Row, batch)
	for {
		n, err := src.Read(buf)
		for _, r := range buf[:n] {
			read.rows = append(read.rows, kept(r))
		}
		if err != nil {
			if read.columns = src.Columns(); !errors.Is(err, io.EOF) {
				read.err = err
			}
			return read
		}
	}
}

// kept is a row with what it points to, copied, so that it outlives the next read.
func kept(row source.Row) source.Row {
	row.Cells = slices.Clone(row.Cells)
	for i := range row.Cells {
		row.Cells[i] = strings.Clone(row.Cells[i])
	}
	row.Raw = bytes.Clone(row.Raw)
	row.Contact = row.Contact.Clone()
	return row
}

// anyColumns are options for inputs without a column to look up by.
func anyColumns() Options { return Options{Options: mapping.Options{AnyColumns: true}} }

// short tells rows in few words: the line, then the address or, where the row is refused, an exclamation mark, the kind
// where it is not invalid, and the raw text.
func (r result) short() string {
	var list []string
	for _, row := range r.rows {
		text := fmt.Sprintf("%d %s", row.Line, row.Contact.Email)
		if f := row.Refused; f != nil {
			text = fmt.Sprintf("%d !%s", row.Line, row.Raw)
			if f.Kind != contact.Invalid {
				text += " " + string(f.Kind)
			}
			if !f.NotObject {
				text += " object"
			}
		}
		list = append(list, text)
	}
	return strings.Join(list, "\n")
}

func TestRowsOfJSON(t *testing.T) {
	for name, tt := range map[string]struct {
		in, want string
		err      error
	}{
		"lines":                {`{"email":"a"}` + "\n" + `{"email":"b"}` + "\n", "1 a\n2 b", nil},
		"no last line end":     {`{"email":"a"}` + "\n" + `{"email":"b"}`, "1 a\n2 b", nil},
		"blanks and CRLF":      {"\r\n{\"email\":\"a\"}\r\n \t\r\n\r\n {\"email\":\"b\"} \r\n", "2 a\n5 b", nil},
		"CR":                   {"{\"email\":\"a\"}\r{\"email\":\"b\"}\rx\r", "1 a\n2 b\n3 !x", nil},
		"no objects":           {`{"email":"a"}` + "\n[1]\n2\nnull\n\"x\"\n" + `{"email":"b"}`, "1 a\n2 ![1]\n3 !2\n4 !null\n5 !\"x\"\n6 b", nil},
		"broken lines":         {`{"email":"a"` + "\n" + `{"email":"b"}` + "\n" + `{"email":"c"}}` + "\n" + `{"email":"d"}`, "1 !{\"email\":\"a\"\n2 b\n3 !{\"email\":\"c\"}}\n4 d", nil},
		"two in a later line":  {`{"email":"a"}` + "\n" + `{"email":"b"}{"email":"c"}`, "1 a\n2 !{\"email\":\"b\"}{\"email\":\"c\"}", nil},
		"a torn last line":     {`{"email":"a"}` + "\n" + `{"email":"b`, "1 a\n2 !{\"email\":\"b", nil},
		"a torn first line":    {`mail":"x"}` + "\n" + `{"email":"a"}`, "1 !mail\":\"x\"}\n2 a", nil},
		"arrays are not rows":  {"[1]\n" + `{"email":"a"}`, "1 ![1]\n2 a", nil},
		"concatenated":         {`{"email":"a"}{"email":"b"} {"email":"c"}` + "\n" + `{"email":"d"}`, "1 a\n1 b\n1 c\n2 d", nil},
		"pretty":               {"{\n  \"email\": \"a\"\n}\n{\n  \"email\": \"b\"\n}\n", "1 a\n4 b", nil},
		"commas at line ends":  {`{"email":"a"},` + "\n" + `{"email":"b"},` + "\n", "1 a\n2 b", nil},
		"array":                {`[{"email":"a"},{"email":"b"}]`, "1 a\n1 b", nil},
		"array over lines":     {"[\n{\"email\":\"a\"},\n{\"email\":\"b\"}\n]\n", "2 a\n3 b", nil},
		"arrays joined":        {`[{"email":"a"}]` + "\n" + `[{"email":"b"}]`, "1 a\n2 b", nil},
		"others in an array":   {`[{"email":"a"}, 1, "x", [{"email":"b"}], {"email":"c"}]`, "1 a\n1 !1\n1 !\"x\"\n1 ![{\"email\":\"b\"}]\n1 c", nil},
		"broken in an array":   {`[{"email":"a"},{"email":tru},{"email":"b"}]`, "1 a\n1 !{\"email\":tru}\n1 b", nil},
		"garbage in an array":  {`[{"email":"a"}, oops, {"email":"b"}]`, "1 a\n1 !oops\n1 b", nil},
		"a lost brace":         {"[\n{\"email\":\"a\",\n{\"email\":\"b\"},\n{\"email\":\"c\"}]", "2 !{\"email\":\"a\",\n3 b\n4 c", nil},
		"a lost quote":         {"[\n{\"email\":\"a},\n{\"email\":\"b\"}]", "2 !{\"email\":\"a},\n3 b", nil},
		"comma last":           {`[{"email":"a"},]`, "1 a", nil},
		"commas":               {`[{"email":"a"},,{"email":"b"}]`, "1 a\n1 !,\n1 b", nil},
		"no comma":             {`[{"email":"a"} {"email":"b"}]`, "1 a\n1 b", nil},
		"after the array":      {`[{"email":"a"}]x`, "1 a\n1 !x", nil},
		"a cut array":          {`[{"email":"a"},{"email":"b"},{"em`, "1 a\n1 b", source.ErrBroken},
		"an open array":        {`[{"email":"a"},{"email":"b"}`, "1 a\n1 b", source.ErrBroken},
		"a cut stream":         {"{\n\"email\":\"a\"\n}\n{\n\"email\":", "1 a", source.ErrBroken},
		"parts are not rows":   {"{\n \"email\":\"a\"}\n{\n \"x\": nope,\n \"list\": [\n  {\"email\":\"owner\"}\n ]\n}\n{\"email\":\"b\"}", "1 a\n3 !{\n \"x\": nope,\n \"list\": [\n  {\"email\":\"owner\"}\n ]\n}\n9 b", nil},
		"nor are early parts":  {`{"email":"a"}{"list":[` + "\n" + `{"email":"owner"}` + "\n" + `],"x":nope}` + "\n" + `{"email":"b"}`, "1 a\n1 !{\"list\":[\n{\"email\":\"owner\"}\n],\"x\":nope}\n4 b", nil},
		"the last one counts":  {`{"email":"a","email":"b"}`, "1 b", nil},
		"null is nothing":      {`{"email":"a","email":null}`, "1 ", nil},
		"a number as it is":    {`{"email":1.50E+400}`, "1 1.50E+400", nil},
		"escapes":              {`{"em\u0061il":"\u0061\/\ud83d\ude00"}`, "1 a/😀", nil},
		"half a pair":          {`{"email":"\ud83d"}` + "\n" + `{"email":"a","note":"\ud83d"}`, "1 !{\"email\":\"\\ud83d\"} object\n2 a", nil},
		"no UTF-8":             {"{\"email\":\"a\",\"n\":\"\xff\"}\n{\"email\":\"b\"}", "1 !{\"email\":\"a\",\"n\":\"\xff\"} object\n2 b", nil},
		"empty":                {" \n ", "", source.ErrEmpty},
		"an empty array":       {"[ ]\n", "", source.ErrEmpty},
		"no object anywhere":   {"1\n2\n", "", source.ErrNoTable},
		"nothing to ask by":    {`{"a":1}`, "", mapping.ErrNoColumn},
		"ragged again":         {`{"email":"a","enrichment":{"status":"failed","error":{"kind":"ragged"}}}` + "\n" + `{"email":"b"}`, "1 !{\"email\":\"a\",\"enrichment\":{\"status\":\"failed\",\"error\":{\"kind\":\"ragged\"}}} ragged object\n2 b", nil},
		"raw again":            {`{"enrichment":{"error":{"kind":"invalid","raw":"[1]"}}}` + "\n", "1 !{\"enrichment\":{\"error\":{\"kind\":\"invalid\",\"raw\":\"[1]\"}}} object", nil},
		"other failures again": {`{"email":"a","enrichment":{"error":{"kind":"invalid"}}}` + "\n" + `{"email":"b","enrichment":{"error":{"kind":"rejected","raw":"x"}}}`, "1 a\n2 b", nil},
		"results again":        {`{"email":"a","enrichment":{"status":"matched","email":"x","error":null}}`, "1 a", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(strings.NewReader(tt.in), Options{}, 3)
			if got.short() != tt.want || !errors.Is(got.err, tt.err) {
				t.Errorf("%s\ngot\n%s\n%v\nwant\n%s", tt.in, got.short(), got.err, tt.want)
			}
		})
	}
}

func TestRowsBeginBehindTheFirstBlock(t *testing.T) {
	long := strings.Repeat("é", 1_500_000)
	for name, tt := range map[string]struct {
		in   string
		rows int
	}{
		"blank lines":     {strings.Repeat("  \n", 200_000) + `{"email":"a"}`, 1},
		"a broken line":   {strings.Repeat("x", 700_000) + "\n" + `{"email":"a"}`, 2},
		"a long line":     {" " + long + "\n" + `{"email":"a"}`, 2},
		"a longer line":   {`{"email":"b"}` + "\n" + long + long + "\n" + `{"email":"a"}`, 3},
		"a long row":      {`{"x":"` + long + `"}` + "\n" + `{"email":"a"}`, 2},
		"a long element":  {`[{"x":"` + long + `"},{"email":"a"}]`, 2},
		"a wide row":      {`{"x":"` + strings.Repeat("x", 900_000) + `"}` + "\n" + `{"email":"a"}`, 2},
		"a broken object": {`[{"x":tru` + strings.Repeat("\n ,1", 300_000) + "},\n" + `{"email":"a"}]`, 2},
	} {
		got := readAll(strings.NewReader(tt.in), anyColumns(), 16)
		if n := len(got.rows); n != tt.rows || !bytes.Equal(got.rows[n-1].Raw, []byte(`{"email":"a"}`)) || got.err != nil {
			t.Errorf("%s: %d rows, %v", name, n, got.err)
		}
		if raw := got.rows[0].Raw; len(raw) > 1<<20 || !utf8.Valid(raw) || got.rows[0].Line != 1 && name != "blank lines" {
			t.Errorf("%s: line %d, %d bytes, text: %v", name, got.rows[0].Line, len(raw), utf8.Valid(raw))
		}
	}
}

func BenchmarkJSONRows(b *testing.B) {
	const row = `{"id":1,"First Name":"Ann","Last Name":"Smith","Email":"ann.smith@example.com","Company":"Example, Inc.","Web site":"example.com","Phone":"+1 800 555 1234","Notes":"met at the fair"}`
	const rows = 50000
	for name, in := range map[string]string{
		"lines": strings.Repeat(row+"\n", rows), "array": "[" + strings.Repeat(row+",\n", rows) + "]",
	} {
		b.Run(name, func(b *testing.B) {
			buf := make([]source.Row, 256)
			b.ReportAllocs()
			b.SetBytes(int64(len(row) + 1))
			for i := 0; i < b.N; i += rows {
				src, err := Open(strings.NewReader(in), Options{})
				for err == nil {
					_, err = src.Read(buf)
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestDetect(t *testing.T) {
	for in, want := range map[string]bool{
		`{"email":"a"}`:                  true,
		"\r\n {\"email\":\"a\"}\n":       true,
		`{}`:                             true,
		`{"a":1}{"a":2}`:                 true,
		`{"a":1}, {"a":2}`:               true,
		`{"a":1},` + "\n":                true,
		"{\n  \"a\": [\n    1,":          true,
		`[{"a":1},`:                      true,
		"[\n  {\n    \"a\": 1\n  }\n]\n": true,
		`[{"a":tru}]`:                    true,
		`[1, "x"]` + "\n" + `{"a":1}`:    true,
		`[]`:                             true,
		`ail":"x"}` + strings.Repeat("\n{\"a\":1}", 4): true,
		`{"a":1` + strings.Repeat("\n{\"a\":1}", 4):    true,
		`{"a":1},x,y` + "\n" + `{"a":2},z,y` + "\n":    false,
		`{name},{mail}` + "\n":                         false,
		`{"a"},b` + "\n" + `1,2`:                       false,
		`[name],[mail]` + "\n" + `1,2`:                 false,
		`[1],[2]` + "\n" + `1,2`:                       false,
		"email,name\na@x.com,Ann\n":                    false,
		`"email","name"` + "\n":                        false,
		"email\n{\"a\":1}\na@x.com\n":                  false,
		"":                                             false,
		"  \n":                                         false,
	} {
		if got := Detect([]byte(in)); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestDetectInAnyPrefix(t *testing.T) {
	for _, in := range []string{`{"email":"a","x":[1,{"b":"c\n"}]}`, `[{"email":"a"},{"email":"b"}]`, "[\n  {\n    \"a\": 1\n  }\n]\n"} {
		for n := 1; n <= len(in); n++ {
			if !Detect([]byte(in[:n])) {
				t.Errorf("%q does not", in[:n])
			}
		}
	}
}
