package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"enrich/writer/internal/xlsx/xlsxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// written returns a workbook with a header and rows.
func written(t fataler, header []string, rows ...[]string) []byte {
	t.Helper()
	var file bytes.Buffer
	columns := make([]Column, len(header))
	for i, name := range header {
		columns[i] = Column{Name: name, Marked: strings.HasPrefix(name, "enrich_")}
	}
	x, err := NewWriter(&file, "Results", columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := x.Write(row[:len(row)/2], row[len(row)/2:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func read(t fataler, workbook []byte) xlsxtest.Sheet {
	t.Helper()
	s, err := xlsxtest.Read(workbook)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// oddTexts draws what spreadsheets change and XML cannot contain.
func oddTexts() *rapid.Generator[string] {
	parts := rapid.SampledFrom([]string{
		"", " ", "\t", "\n", "\r", "\r\n", "a", "_", "__", "x0041", "_x0041_", "_x0041", "_x005F_", "_x005f_x0041_", "_xD800_", "_X0041_", "&", "<", ">", "]]>", "&amp;",
		`"`, "'", "=1+1", "+18005551234", "-5", "@SUM(A1)", "007", "4.91701E+11", "491701234567", "1/2", "TRUE", "#N/A", "2026-03-01", "\x00", "\x1f", "\x7f", "\u0085", "\u2028",
		"\ufffe", "\uffff", "\ufffd", "\ufeff", "\U0001f600", "\U0001fffe", "\xed\xa0\xbd", "\xed\xb0\x80", "ä", "北京", "é",
	})
	return rapid.Map(rapid.SliceOfN(parts, 0, 5), func(s []string) string { return strings.Join(s, "") })
}

// paired returns a text with each surrogate pair, of two times three bytes, as the one character that it is.
func paired(text string) string {
	return strings.ReplaceAll(text, "\xed\xa0\xbd\xed\xb0\x80", "\U0001f400")
}

// TestTextSurvives: a reader of ECMA-376 gets each text as it was, whatever it looks like.
func TestTextSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := func(label string) []string { return rapid.SliceOfN(oddTexts(), 3, 3).Draw(t, label) }
		header, first, second := row("header"), row("first"), row("second")
		rows := read(t, written(t, header, first, second)).Rows
		for i, expected := range [][]string{header, first, second} {
			got := append(rows[i], make([]string, 3-len(rows[i]))...)
			for j, text := range expected {
				if got[j] != paired(text) {
					t.Fatalf("%q became %q", text, got[j])
				}
			}
		}
	})
}

// FuzzText: any bytes give a workbook that can be read, and a text of UTF-8 survives.
func FuzzText(f *testing.F) {
	for _, text := range []string{"_x0041_", "\r\n", "a\x00b", "\xff", "\xed\xa0\x80", "\ufffe"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if codeUnits(text) > MaxCell {
			return
		}
		got := read(t, written(t, []string{"x"}, []string{text})).Rows[1][0]
		if utf8.ValidString(text) && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// TestEscapes are those of the standard, character for character: what each reader gets depends on them.
func TestEscapes(t *testing.T) {
	for text, expected := range map[string]string{
		"a & b < c > d": "a &amp; b &lt; c &gt; d",
		"a\rb\r\nc":     "a&#13;b&#13;\nc",
		"\x00\x1f\t":    "_x0000__x001F_\t",
		"\ufffe\uffff":  "_xFFFE__xFFFF_",
		"_x0041_x0042_": "_x005F_x0041_x005F_x0042_",
		"_x0041\x01":    "_x005F_x0041_x0001_", // not A and a text
		"_x004":         "_x004",
		"_X0041_":       "_X0041_",
		"_x00g1_":       "_x00g1_",
		"\xed\xa0\x80":  "_xD800_",
		"\xed\xbf\xbf":  "_xDFFF_",
		"\xed\x9f\xbf":  "\ud7ff",
		"\xed\xa0":      "\ufffd\ufffd",
		"a\xffb\x80":    "a\ufffdb\ufffd",
		"\ufffd":        "\ufffd",
		"ä\U0001f600":   "ä\U0001f600",
	} {
		if got := string(appendText(nil, text)); got != expected {
			t.Errorf("%q is written as %q, expected %q", text, got, expected)
		}
	}
}

// TestTheSheet has a frozen header with filters, columns of text, no mark for numbers stored as text, and no formula.
func TestTheSheet(t *testing.T) {
	s := read(t, written(t, []string{"phone", "zip", "enrich_title"}, []string{"+18005551234", "007", "=1+1"}, []string{"", "", " x"}))
	if s.Name != "Results" || !slices.EqualFunc(s.Rows, [][]string{{"phone", "zip", "enrich_title"}, {"+18005551234", "007", "=1+1"}, {"", "", " x"}}, slices.Equal) {
		t.Errorf("%q: %q", s.Name, s.Rows)
	}
	last := -1
	for _, part := range []string{ // in the order of the schema: Excel refuses another one
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`,
		`<col min="1" max="1" width="14" style="1" customWidth="1"/>`,
		`<c r="A1" s="2" t="inlineStr">`, `<c r="C1" s="3" t="inlineStr">`, `<c r="A2" s="1" t="inlineStr"><is><t>+18005551234</t></is></c>`,
		`<row r="3"><c r="C3" s="1" t="inlineStr"><is><t xml:space="preserve"> x</t></is></c></row>`,
		`<autoFilter ref="A1:C3"/>`, `<ignoredError sqref="A1:C3" twoDigitTextYear="1" numberStoredAsText="1"/>`,
	} {
		at := strings.Index(s.XML, part)
		if at <= last {
			t.Errorf("%s is missing or out of order in\n%s", part, s.XML)
		}
		last = at
	}
	for _, name := range []string{
		`<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'Results'!$A$1:$C$3<`, `<definedName name="_xlnm.Print_Titles" localSheetId="0">'Results'!$1:$1<`,
	} {
		if !strings.Contains(s.Book, name) {
			t.Errorf("%s is missing in %s", name, s.Book)
		}
	}
}

// TestASheetWithoutColumns is a valid workbook: an input of JSONL may have no members.
func TestASheetWithoutColumns(t *testing.T) {
	s := read(t, written(t, nil))
	if len(s.Rows) != 1 || strings.Contains(s.XML, "autoFilter") || strings.Contains(s.XML, "<cols>") || strings.Contains(s.Book, "definedName") {
		t.Errorf("%s, %s", s.XML, s.Book)
	}
}

// TestEveryPartIsXML, has the first date of ZIP, and is declared.
func TestEveryPartIsXML(t *testing.T) {
	book := written(t, []string{"a"}, []string{"b"})
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		if !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
		text, err := xlsxtest.Part(book, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(strings.NewReader(text))
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	// Programs that look for the type of a file expect this part first.
	if archive.File[0].Name != "[Content_Types].xml" {
		t.Errorf("the first part is %s", archive.File[0].Name)
	}
}

// TestTheSameRowsGiveTheSameBytes, also if there are more than decide the widths.
func TestTheSameRowsGiveTheSameBytes(t *testing.T) {
	rows := make([][]string, 3*sampleRows)
	for i := range rows {
		rows[i] = []string{strings.Repeat("x", i%70), "y"}
	}
	first := written(t, []string{"a", "b"}, rows...)
	if !bytes.Equal(first, written(t, []string{"a", "b"}, rows...)) {
		t.Error("the bytes differ")
	}
	if got := len(read(t, first).Rows); got != len(rows)+1 {
		t.Errorf("%d rows", got)
	}
}

func TestWidths(t *testing.T) {
	w := make(widths, 5)
	for i, text := range []string{"", "twelve chars", strings.Repeat("x", 1000), "北京市朝阳区", "e\u0301ä"} {
		w.see(i, text, 0)
		w.see(i, "x", 0)
	}
	w.see(4, "head", filterButton)
	got := make([]int, len(w))
	for i := range w {
		got[i] = w.of(i)
	}
	if expected := []int{minWidth, 14, maxWidth, 14, minWidth}; !slices.Equal(got, expected) {
		t.Errorf("%v, expected %v", got, expected)
	}
	// Wide cells among the first rows count, later ones do not: the columns are written before them.
	rows := slices.Repeat([][]string{{"x"}}, sampleRows+1)
	rows[sampleRows-2], rows[sampleRows] = []string{strings.Repeat("x", 20)}, []string{strings.Repeat("x", 30)}
	if s := read(t, written(t, []string{"a"}, rows...)); !strings.Contains(s.XML, `width="22"`) {
		t.Errorf("%.400s", s.XML)
	}
}
