package jsonrows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"enrich/internal/jsonscan"
	"enrich/reader/internal/source"
)

// smallLimits make windows refill, and rows too long, in inputs of a fuzzer's size.
var smallLimits = limits{row: 64, block: 32}

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

// FuzzJSONRows reads an input at once and in pieces: the rows must be the same, no text lost, and no row invented.
func FuzzJSONRows(f *testing.F) {
	for _, s := range jsonSeeds() {
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint8) {
		o := anyColumns()
		all := readWithin(bytes.NewReader(in), o, 256)
		parts := readWithin(&pieces{bytes.NewReader(in), int(piece%9) + 1}, o, int(piece%5)+1)
		if all.tell() != parts.tell() {
			t.Fatalf("read at once:\n%s\nin pieces:\n%s", all.tell(), parts.tell())
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
func readWithin(in io.Reader, o Options, batch int) (read result) {
	src, err := open(in, o, smallLimits)
	return drain(src, err, batch)
}

// pieces gives at most so many bytes a read.
type pieces struct {
	in   io.Reader
	size int
}

func (p *pieces) Read(b []byte) (int, error) { return p.in.Read(b[:min(len(b), p.size)]) }

// tell lists everything that was read.
func (r result) tell() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v %q %v\n", r.err, r.columns, r.mapping)
	for _, row := range r.rows {
		fmt.Fprintf(&text, "%d %q %q %+v %+v\n", row.Line, row.Raw, row.Cells, row.Contact, row.Refused)
	}
	return text.String()
}

// outcomes lists what must be the same in both passes.
func (r result) outcomes() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v %q %v\n", r.err, r.columns, r.mapping)
	for _, row := range r.rows {
		fmt.Fprintf(&text, "%d %q %+v %+v\n", row.Line, row.Raw, row.Contact, row.Refused)
	}
	return text.String()
}

// checkNothingLost finds the rows in the input, in order, with only separators between them. The end of a row that is too long
// is not kept, so it stops there, and where the input ended early.
func checkNothingLost(t *testing.T, in []byte, read result) {
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

// checkRow compares a good row with encoding/json.
func checkRow(t *testing.T, row *source.Row, columns []string) {
	if row.Refused != nil {
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(row.Raw, &members); err != nil || members == nil {
		t.Fatalf("%q was read as an object: %v", row.Raw, err)
	}
	for name, value := range members {
		want := string(value)
		var text string
		if string(value) == "null" || value[0] == '"' && json.Unmarshal(value, &text) == nil {
			want = text
		}
		if at := slices.Index(columns, name); at < 0 || at >= len(row.Cells) || row.Cells[at] != want {
			t.Fatalf("%q: member %q: got cells %q of %q, expected %q", row.Raw, name, row.Cells, columns, want)
		}
	}
}

func TestReadingInPiecesChangesNothing(t *testing.T) {
	for _, in := range jsonSeeds() {
		want := readWithin(bytes.NewReader([]byte(in)), anyColumns(), 256)
		got := readWithin(iotest.OneByteReader(bytes.NewReader([]byte(in))), anyColumns(), 1)
		if !reflect.DeepEqual(got.tell(), want.tell()) {
			t.Errorf("%s\nat once:\n%s\nin pieces:\n%s", in, want.tell(), got.tell())
		}
	}
}

// corpora is a folder of the public corpora; without them the test is skipped.
func corpora(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("TEST_ENRICH_CORPORA")
	if root == "" {
		t.Skip("TEST_ENRICH_CORPORA names no folder of corpora")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}

// TestJSONTestSuite reads the public JSONTestSuite from TEST_ENRICH_CORPORA, where it was fetched to; it is never committed.
// Every y_ file is accepted and every n_ file refused, by the scanner and, if it is an object, as a row.
func TestJSONTestSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpora(t, "JSONTestSuite/test_parsing"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file in it: %v", err)
	}
	accepted, refused, either := 0, 0, 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		scan := &rowScanner{}
		at, status := scan.scan(text)
		valid := status == jsonscan.Valid && scan.End()
		rows := readAll(bytes.NewReader(text), anyColumns(), 16)
		good := 0
		for _, row := range rows.rows {
			if row.Refused == nil {
				good++
			}
		}
		name := filepath.Base(path)
		if !bytes.ContainsAny(text, "\r\n") {
			between := readAll(strings.NewReader(`{"email":"a"}`+"\n"+`{"v":`+string(text)+"}\n"+`{"email":"b"}`), Options{}, 16)
			if n := len(between.rows); n != 3 || between.rows[2].Contact.Email != "b" || name[0] != 'i' && (between.rows[1].Refused != nil) != (name[0] == 'n') {
				t.Errorf("%s: as a member, between two rows: %s", name, between.short())
			}
		}
		switch {
		case strings.HasPrefix(name, "y_"):
			accepted++
			if !valid || scan.isObject && (good != 1 || len(rows.rows) != 1 || rows.err != nil) {
				t.Errorf("%s: refused: status %d at %d, %s %v", name, status, at, rows.short(), rows.err)
			}
		case strings.HasPrefix(name, "n_"):
			refused++
			if valid || len(rows.rows) == good && rows.err == nil {
				t.Errorf("%s: accepted: %s", name, rows.short())
			}
		default:
			either++
			t.Logf("%s: status %d, %d rows of %d good, %v", name, status, good, len(rows.rows), rows.err)
		}
	}
	t.Logf("%d y_ files accepted, %d n_ files refused, %d i_ files read", accepted, refused, either)
}
