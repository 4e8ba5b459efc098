package workbook_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

const (
	rows     = `<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row><row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="inlineStr"><is><t>Ann</t></is></c></row></sheetData>`
	sst      = `<sst><si><t>email</t></si><si><t>a@x.example</t></si></sst>`
	expected = "email|name / a@x.example|Ann"
)

// Parts are found by their relations, wherever programs put them, and are read in either namespace.
func TestPartsAreFound(t *testing.T) {
	const types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	const strict = "http://purl.oclc.org/ooxml/officeDocument/relationships/"
	link := func(id, kind, target string) string {
		return `<Relationship Id="` + id + `" Type="` + kind + `" Target="` + target + `"/>`
	}
	links := func(all ...string) string {
		return `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + strings.Join(all, "") + "</Relationships>"
	}
	book := `<workbook><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`
	sheet := "<worksheet>" + rows + "</worksheet>"
	prefixed := strings.NewReplacer("</", "</x:", "<", "<x:").Replace
	for name, parts := range map[string][]part{
		"usual":          {{"_rels/.rels", links(link("1", types+"officeDocument", "xl/workbook.xml"))}, {"xl/workbook.xml", book}, {"xl/_rels/workbook.xml.rels", links(link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/sharedStrings.xml", sst}},
		"absolute":       {{"_rels/.rels", links(link("1", types+"officeDocument", "/xl/workbook.xml"))}, {"xl/workbook.xml", book}, {"xl/_rels/workbook.xml.rels", links(link("rId1", types+"worksheet", "/xl/worksheets/sheet1.xml"), link("2", types+"sharedStrings", "/xl/sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/sharedStrings.xml", sst}},
		"strict":         {{"_rels/.rels", links(link("1", strict+"officeDocument", "xl/workbook.xml"))}, {"xl/workbook.xml", strings.Replace(book, "<workbook>", `<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main" conformance="strict">`, 1)}, {"xl/_rels/workbook.xml.rels", links(link("rId1", strict+"worksheet", "worksheets/sheet1.xml"), link("2", strict+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/sharedStrings.xml", sst}},
		"other names":    {{"_rels/.rels", links(link("1", types+"officeDocument", "book/main.xml"))}, {"book/main.xml", book}, {"book/_rels/main.xml.rels", links(link("rId1", types+"worksheet", "../one.xml"), link("2", types+"sharedStrings", "./texts.xml"))}, {"one.xml", sheet}, {"book/texts.xml", sst}},
		"other cases":    {{"_rels/.rels", links(link("1", types+"officeDocument", "xl/workbook.xml"))}, {"xl/Workbook.xml", book}, {"xl/_rels/workbook.xml.rels", links(link("rId1", types+"worksheet", "worksheets/Sheet1.xml"), link("2", types+"sharedStrings", "SharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/sharedstrings.xml", sst}},
		"backslashes":    {{`_rels\.rels`, links(link("1", types+"officeDocument", "xl/workbook.xml"))}, {`xl\workbook.xml`, book}, {`xl\_rels\workbook.xml.rels`, links(link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {`xl\worksheets\sheet1.xml`, sheet}, {`xl\sharedStrings.xml`, sst}},
		"no root links":  {{"xl/workbook.xml", book}, {"xl/_rels/workbook.xml.rels", links(link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/sharedStrings.xml", sst}},
		"with prefixes":  {{"_rels/.rels", prefixed(links(link("1", types+"officeDocument", "xl/workbook.xml"))[len(`<?xml version="1.0"?>`):])}, {"xl/workbook.xml", prefixed(book)}, {"xl/_rels/workbook.xml.rels", links(link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", prefixed(sheet)}, {"xl/sharedStrings.xml", prefixed(sst)}},
		"with a chart":   {{"xl/workbook.xml", strings.Replace(book, "<sheets>", `<sheets><sheet name="Chart" r:id="rId9"/><sheet name="Gone" r:id="rId8"/>`, 1)}, {"xl/_rels/workbook.xml.rels", links(link("rId9", types+"chartsheet", "chartsheets/sheet1.xml"), link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/chartsheets/sheet1.xml", "<chartsheet/>"}, {"xl/sharedStrings.xml", sst}},
		"external links": {{"xl/workbook.xml", book}, {"xl/_rels/workbook.xml.rels", links(`<Relationship Id="x" Type="`+types+`worksheet" Target="file:///c:/x.xlsx" TargetMode="External"/>`, link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", sheet}, {"xl/sharedStrings.xml", sst}},
		"UTF-16":         {{"xl/workbook.xml", inUTF16(book)}, {"xl/_rels/workbook.xml.rels", links(link("rId1", types+"worksheet", "worksheets/sheet1.xml"), link("2", types+"sharedStrings", "sharedStrings.xml"))}, {"xl/worksheets/sheet1.xml", inUTF16(sheet)}, {"xl/sharedStrings.xml", inUTF16(sst)}},
	} {
		expectTable(t, name, readertest.Zip(parts...), reader.Options{}, expected)
	}
}

func inUTF16(text string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// The sheet is the only one that can be meant, or the one that --sheet names; otherwise the sheets are listed.
func TestWhichSheet(t *testing.T) {
	leads := readertest.SheetRows("email|name", "a@x.example|Ann")
	other := readertest.SheetRows("email|name", "b@x.example|Ben")
	prices := readertest.SheetRows("sku|price", "A1|12")
	prose := readertest.SheetRows("How to use this workbook", "Fill in the sheet of leads.")
	empty := "<sheetData/>"
	const ann, ben, price = "email|name / a@x.example|Ann", "email|name / b@x.example|Ben", "sku|price / A1|12"
	for name, c := range map[string]struct {
		sheets   []part
		sheet    string
		expected string
		says     string
	}{
		"only one":                 {[]part{{"S", leads}}, "", ann, ""},
		"first one empty":          {[]part{{"Empty", empty}, {"S", leads}}, "", ann, ""},
		"only one with contacts":   {[]part{{"Prices", prices}, {"Read me", prose}, {"Leads", leads}}, "", ann, ""},
		"a hidden one":             {[]part{{"Old|hidden", other}, {"Older|veryHidden", other}, {"Leads", leads}}, "", ann, ""},
		"two with contacts":        {[]part{{"May", leads}, {"Prices", prices}, {"June & July", other}}, "", "", `"May", "June & July"; name one with --sheet`},
		"two without":              {[]part{{"Prices", prices}, {"Other", prices}}, "", "", `"Prices", "Other"`},
		"one without":              {[]part{{"Prices", prices}, {"Empty", empty}}, "", price, ""},
		"named":                    {[]part{{"May", leads}, {"June &amp; July", other}}, "June & July", ben, ""},
		"named in another case":    {[]part{{"May", leads}, {"June", other}}, " june", ben, ""},
		"named by its number":      {[]part{{"May", leads}, {"June", other}}, "2", ben, ""},
		"a name that is a number":  {[]part{{"2", leads}, {"June", other}}, "2", ann, ""},
		"a hidden one named":       {[]part{{"May", leads}, {"Old|hidden", other}}, "Old", ben, ""},
		"one that does not exist":  {[]part{{"May", leads}, {"Old|hidden", other}}, "July", "", `there is no sheet "July": the sheets are "May", "Old" (hidden)`},
		"only hidden ones":         {[]part{{"Old|hidden", other}, {"Empty", empty}}, "", "", `"Old" (hidden), "Empty"`},
		"number that is not there": {[]part{{"May", leads}}, "2", "", "there is no sheet"},
		"a header without rows":    {[]part{{"Form", readertest.SheetRows("email|name")}, {"May", leads}}, "", ann, ""},
	} {
		for i := range c.sheets {
			c.sheets[i][0] = strings.ReplaceAll(c.sheets[i][0], " & ", " &amp; ")
		}
		_, got, err := table(t, readertest.Workbook(c.sheets...), reader.Options{Sheet: c.sheet})
		switch {
		case c.says == "" && (err != nil || got != c.expected):
			t.Errorf("%s: %s, %v; expected %s", name, got, err, c.expected)
		case c.says != "" && (!errors.Is(err, reader.ErrSheet) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %s, %v; expected %s", name, got, err, c.says)
		}
	}
	for name, book := range map[string][]byte{"no row": one(empty), "no row, named": one(empty)} {
		o := reader.Options{}
		if strings.HasSuffix(name, "named") {
			o.Sheet = "Leads"
		}
		if _, _, err := table(t, book, o); !errors.Is(err, reader.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := table(t, []byte("email\na@x.example\n"), reader.Options{Sheet: "Leads"}); !errors.Is(err, reader.ErrSheet) || !strings.Contains(err.Error(), "the input is csv") {
		t.Error(err)
	}
	names, err := reader.Sheets(bytes.NewReader(readertest.Workbook(part{"May", leads}, part{"Old|hidden", other})), int64(len(readertest.Workbook(part{"May", leads}, part{"Old|hidden", other}))))
	if err != nil || strings.Join(names, ",") != "May,Old" {
		t.Error(names, err)
	}
}
