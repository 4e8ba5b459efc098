package jsonrows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"enrich/reader/internal/source"
)

// smallLimits make windows refill and rows be too long in inputs that a fuzzer likes.
var smallLimits = jsonLimits{row: 64, block: 32}

func jsonSeeds() []string {
	return []string{
		`{"email":"a"}` + "\r\n\n" + `{"email":"b","n":1.0e5}` + "\n[1]\n{\"a\n",
		`[{"email":"a"}, 1, "x", [{"email":"b"}],, {"email":tru}, oops {"email":"c"}]` + "\n[]",
		"{\n  \"email\": \"a\",\n  \"x\": [\n    {\"email\": nope}\n  ]\n}\n{\n\"email\":\"b\"\n}",
		"[\n{\"email\":\"a\",\n{\"email\":\"b\"},\n{\"email\":\"c},\n{\"email\":\"d\"}]",
		`{"long":"` + string(bytes.Repeat([]byte("é"), 60)) + `","email":"x"}` + "\n" + `{"email":"a"}` + "\n",
		`[{"long":"` + string(bytes.Repeat([]byte("\\\""), 60)) + `","email":"x"},{"email":"a"}]`,
		`{"a":1}{"a":{"b":[2,{"c":null}]}},{"enrichment":{"error":{"kind":"ragged"}}}`,
		"[{\"e\":\"\\ud83d\\ude00\\ud83d\"},{\"\\u0061\":\"\xff\"}\r{\"a\":-0.0E+1}\r12",
		`{"emails":[{"value":"a"}],"company":{"name":"X","domain":"x.com"}}`,
	}
}

// FuzzJSONRows reads an input whole and in pieces: it must be read alike, nothing of it lost, and no row made up.
func FuzzJSONRows(f *testing.F) {
	for _, s := range jsonSeeds() {
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint8) {
		o := anyColumns()
		all := readWithin(bytes.NewReader(in), o, 256)
		parts := readWithin(&pieces{bytes.NewReader(in), int(piece%9) + 1}, o, int(piece%5)+1)
		if all.tell() != parts.tell() {
			t.Fatalf("read whole:\n%s\nin pieces:\n%s", all.tell(), parts.tell())
		}
		if again := readWithin(bytes.NewReader(in), Options{Options: anyColumns().Options, Columns: all.columns}, 256); all.err == nil && len(all.rows) > 0 && again.outcomes() != all.outcomes() {
			t.Fatalf("first pass:\n%s\nsecond:\n%s", all.outcomes(), again.outcomes())
		}
		checkNothingLost(t, in, all)
		for i := range all.rows {
			checkRow(t, &all.rows[i], all.columns)
		}
	})
}

// readWithin reads an input in small windows.
func readWithin(in io.Reader, o Options, batch int) (read jsonRead) {
	src, err := open(in, o, smallLimits)
	return drainJSON(src, err, batch)
}

// pieces gives at most so many bytes a read.
type pieces struct {
	in   io.Reader
	size int
}

func (p *pieces) Read(b []byte) (int, error) { return p.in.Read(b[:min(len(b), p.size)]) }

// tell tells all that was read.
func (r jsonRead) tell() string {
	text := fmt.Sprintf("%v %q %v\n", r.err, r.columns, r.mapping)
	for _, row := range r.rows {
		text += fmt.Sprintf("%d %q %q %+v %+v\n", row.Line, row.Raw, row.Cells, row.Contact, row.Refused)
	}
	return text
}

// outcomes tells what both passes must agree about.
func (r jsonRead) outcomes() string {
	text := fmt.Sprintf("%v %q %v\n", r.err, r.columns, r.mapping)
	for _, row := range r.rows {
		text += fmt.Sprintf("%d %q %+v %+v\n", row.Line, row.Raw, row.Contact, row.Refused)
	}
	return text
}

// checkNothingLost finds the rows in the input, in order, with nothing but separators between them. A row that is too
// long loses its end, after which places cannot be told; so does an input that broke off.
func checkNothingLost(t *testing.T, in []byte, read jsonRead) {
	long := false
	for _, row := range read.rows {
		at := bytes.Index(in, row.Raw)
		if at < 0 || len(row.Raw) > smallLimits.row {
			t.Fatalf("the row %q is not in the input, or too long", row.Raw)
		}
		if gap := bytes.Trim(in[:at], " \t\r\n,[]"); !long && len(gap) > 0 {
			t.Fatalf("%q is lost before %q", gap, row.Raw)
		}
		in = in[at+len(row.Raw):]
		long = long || row.Refused != nil && len(row.Raw) >= smallLimits.row-utf8.UTFMax
	}
	if rest := bytes.Trim(in, " \t\r\n,[]"); !long && read.err == nil && len(rest) > 0 {
		t.Fatalf("%q is lost at the end", rest)
	}
}

// checkRow holds a sound row beside encoding/json.
func checkRow(t *testing.T, row *source.Row, columns []string) {
	if row.Refused != nil {
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(row.Raw, &members); err != nil || members == nil {
		t.Fatalf("%q was taken for an object: %v", row.Raw, err)
	}
	for name, value := range members {
		want := string(value)
		var text string
		if string(value) == "null" || value[0] == '"' && json.Unmarshal(value, &text) == nil {
			want = text
		}
		if at := slices.Index(columns, name); at < 0 || at >= len(row.Cells) || row.Cells[at] != want {
			t.Fatalf("%q: member %q: got cells %q of %q, want %q", row.Raw, name, row.Cells, columns, want)
		}
	}
}

// FuzzScanner holds the scanner beside encoding/json, and its word that a text is the beginning of a value beside all
// that a value begins with.
func FuzzScanner(f *testing.F) {
	for _, s := range append(jsonSeeds(), `-0`, `1.`, `"\u12x4"`, `nul`, "\"\x01\"", `{"a":1,}`, `[1,]`, `{"a" 1}`, `01`, `1e+`, `[}`, `{]`) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s := &jsonScanner{}
		at, v := s.scan(in)
		if at > len(in) {
			t.Fatal("beyond the text")
		}
		valid := v == valueWhole && blank(in[at:])
		if v != valueDeep && valid != json.Valid(in) {
			t.Fatalf("%q: verdict %d at %d, encoding/json says %v", in, v, at, json.Valid(in))
		}
		if !valid {
			return
		}
		for n := range at {
			if end, v := s.scan(in[:n]); v != valueShort && (v != valueWhole || !isDigit(in[n-1])) {
				t.Fatalf("the first %d bytes of %q: verdict %d at %d", n, in, v, end)
			}
		}
	})
}

func TestPiecesOfAnInputAreReadAlike(t *testing.T) {
	for _, in := range jsonSeeds() {
		want := readWithin(bytes.NewReader([]byte(in)), anyColumns(), 256)
		got := readWithin(iotest.OneByteReader(bytes.NewReader([]byte(in))), anyColumns(), 1)
		if !reflect.DeepEqual(got.tell(), want.tell()) {
			t.Errorf("%s\nwhole:\n%s\nin pieces:\n%s", in, want.tell(), got.tell())
		}
	}
}
