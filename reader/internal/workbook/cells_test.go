package workbook_test

import (
	"fmt"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// styles has a style for each number format that the tests use.
const styles = `<styleSheet><numFmts count="3"><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="[h]:mm"/>` +
	`<numFmt numFmtId="166" formatCode="yyyy\-mm\-dd&quot; &quot;hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>` +
	`<cellXfs count="8"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/><xf numFmtId="164" applyNumberFormat="1"><alignment/></xf><xf numFmtId="165"/>` +
	`<xf numFmtId="166"/><xf numFmtId="49"/><xf/></cellXfs></styleSheet>`

// shared has texts of all forms.
const shared = `<sst count="9" uniqueCount="9"><si><t>plain</t></si><si><r><rPr><b/></rPr><t xml:space="preserve">rich </t></r><r><t>text</t></r></si>` +
	`<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si><si><t>a &amp; b &lt;c&gt;</t></si><si><t>line_x000D_
break</t></si><si/><si><t></t></si><si><t>_x005F_x000D_</t></si><si><t>_x00_ _xZZZZ_ x_</t></si></sst>`

// Every kind of cell is text as people mean it.
func TestCells(t *testing.T) {
	for cell, expected := range map[string]string{
		`<c r="B2"><v>491701234567</v></c>`:                                       "491701234567",
		`<c r="B2"><v>4.91701234567E+11</v></c>`:                                  "491701234567",
		`<c r="B2"><v>0.1000000000000000055</v></c>`:                              "0.1",
		`<c r="B2" t="n"><v> 5 </v></c>`:                                          "5",
		`<c r="B2" s="1"><v>45356</v></c>`:                                        "2024-03-05",
		`<c r="B2" s="2"><v>0.125</v></c>`:                                        "13%",
		`<c r="B2" s="3"><v>1234</v></c>`:                                         "01234",
		`<c r="B2" s="4"><v>1.5</v></c>`:                                          "36:00:00",
		`<c r="B2" s="5"><v>45356.5729166667</v></c>`:                             "2024-03-05T13:45:00",
		`<c r="B2" s="6"><v>123</v></c>`:                                          "123",
		`<c r="B2" s="7"><v>123</v></c>`:                                          "123",
		`<c r="B2" s="99"><v>123</v></c>`:                                         "123",
		`<c r="B2" t="b"><v>1</v></c>`:                                            "TRUE",
		`<c r="B2" t="b"><v>0</v></c>`:                                            "FALSE",
		`<c r="B2" t="e"><v>#N/A</v></c>`:                                         "#N/A",
		`<c r="B2" t="d"><v>2024-03-05T13:45:00</v></c>`:                          "2024-03-05T13:45:00",
		`<c r="B2" t="d" s="1"><v>2024-03-05T00:00:00.000Z</v></c>`:               "2024-03-05",
		`<c r="B2" t="d" s="5"><v>2024-03-05</v></c>`:                             "2024-03-05T00:00:00",
		`<c r="B2"><is><t>00123</t></is></c>`:                                     "00123",
		`<c r="B2" t="n"><v>7</v><is><t>00123</t></is></c>`:                       "00123",
		`<c r="B2" t="s"><v>0</v></c>`:                                            "plain",
		`<c r="B2" t="s"><v>1</v></c>`:                                            "rich text",
		`<c r="B2" t="s"><v>2</v></c>`:                                            "東京",
		`<c r="B2" t="s"><v>3</v></c>`:                                            "a & b <c>",
		`<c r="B2" t="s"><v>4</v></c>`:                                            "line\r\nbreak",
		`<c r="B2" t="s"><v>5</v></c>`:                                            "",
		`<c r="B2" t="s"><v>7</v></c>`:                                            "_x000D_",
		`<c r="B2" t="s"><v>8</v></c>`:                                            "_x00_ _xZZZZ_ x_",
		`<c r="B2" s="1" t="s"><v>0</v></c>`:                                      "plain",
		`<c r="B2" t="inlineStr"><is><t>in</t><r><t>line</t></r></is></c>`:        "inline",
		`<c r="B2" t="inlineStr"><is><rPh><t>x</t></rPh><t>_x0041_b</t></is></c>`: "Ab",
		`<c r="B2" t="str"><f>A1&amp;"x"</f><v>ax</v></c>`:                        "ax",
		`<c r="B2"><f>1+1</f><v>2</v></c>`:                                        "2",
		`<c r="B2" s="1"><f t="shared" si="0"/><v>45356</v></c>`:                  "2024-03-05",
		`<c r="B2" t="str"><f>""</f><v></v></c>`:                                  "",
		`<c r="B2"><f>1+1</f></c>`:                                                "",
		`<c r="B2"><v>5</v><extLst><ext><v>6</v></ext></extLst></c>`:              "5",
		`<c r="b2"><v>5</v></c>`:                                                  "5",
		`<c r="B2"><v>&#53;<!-- -->5</v></c>`:                                     "55",
		`<c r="B2"><v><![CDATA[5]]></v></c>`:                                      "5",
		`<c r="B2" t="inlineStr"><v>1.0</v><is><t>1.</t></is></c>`:                "1.",
		`<c r="B2" t="inlineStr"><is><t>1.</t></is><v>1.0</v></c>`:                "1.",
		`<c r="B2" t="weird"><v>5</v></c>`:                                        "5",
	} {
		sheet := `<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>email</t></is></c><c r="B1" t="inlineStr"><is><t>value</t></is></c></row>` +
			`<row r="2"><c r="A2" t="inlineStr"><is><t>a@x.example</t></is></c>` + strings.ReplaceAll(cell, "<ext><v>6</v></ext>", "<ext/>") + `</row></sheetData>`
		expectTable(t, cell, one(sheet, part{"xl/styles.xml", styles}, part{"xl/sharedStrings.xml", shared}), reader.Options{}, "email|value / a@x.example|"+expected)
	}
}

// Dates are counted from 1904 if the workbook says so.
func TestDateSystem(t *testing.T) {
	sheet := `<sheetData><row r="1"><c t="inlineStr"><is><t>email</t></is></c><c t="inlineStr"><is><t>day</t></is></c></row><row><c t="inlineStr"><is><t>a@x.example</t></is></c><c s="1"><v>43894</v></c></row></sheetData>`
	for attribute, expected := range map[string]string{`date1904="1"`: "2024-03-05", `date1904="true"`: "2024-03-05", `date1904="0"`: "2020-03-04", "": "2020-03-04"} {
		book := readertest.Zip(
			part{"_rels/.rels", `<Relationships><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
			part{"xl/workbook.xml", `<workbook><workbookPr ` + attribute + `/><sheets><sheet name="S" r:id="b"/></sheets></workbook>`},
			part{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="b" Type="x/worksheet" Target="s.xml"/><Relationship Id="c" Type="x/styles" Target="styles.xml"/></Relationships>`},
			part{"xl/s.xml", "<worksheet>" + sheet + "</worksheet>"}, part{"xl/styles.xml", styles},
		)
		expectTable(t, attribute, book, reader.Options{}, "email|day / a@x.example|"+expected)
	}
}

// Cells and rows without a reference follow the one before; the dimension is not needed and not believed; rows in any order are
// sorted.
func TestPositions(t *testing.T) {
	text := func(ref, value string) string {
		if ref != "" {
			ref = ` r="` + ref + `"`
		}
		return "<c" + ref + ` t="inlineStr"><is><t>` + value + `</t></is></c>`
	}
	header := `<row r="1">` + text("A1", "email") + text("B1", "name") + text("C1", "city") + `</row>`
	const expected = "email|name|city / a@x.example|Ann|Rome / b@x.example||Oslo"
	for name, sheet := range map[string]string{
		"usual":                       header + `<row r="2">` + text("A2", "a@x.example") + text("B2", "Ann") + text("C2", "Rome") + `</row><row r="3">` + text("A3", "b@x.example") + text("C3", "Oslo") + `</row>`,
		"no references":               strings.NewReplacer(` r="1"`, "", ` r="A1"`, "", ` r="B1"`, "", ` r="C1"`, "").Replace(header) + `<row>` + text("", "a@x.example") + text("", "Ann") + text("", "Rome") + `</row><row>` + text("", "b@x.example") + `<c/>` + text("", "Oslo") + `</row>`,
		"cells in another order":      header + `<row r="2">` + text("C2", "Rome") + text("A2", "a@x.example") + text("B2", "Ann") + `</row><row r="3">` + text("C3", "Oslo") + text("A3", "b@x.example") + `</row>`,
		"rows in another order":       `<row r="3">` + text("A3", "b@x.example") + text("C3", "Oslo") + `</row>` + header + `<row r="2">` + text("A2", "a@x.example") + text("B2", "Ann") + text("C2", "Rome") + `</row>`,
		"a cell after a gap":          header + `<row r="2">` + text("A2", "a@x.example") + text("", "Ann") + text("", "Rome") + `</row><row r="3">` + text("A3", "b@x.example") + text("C3", "Oslo") + `</row>`,
		"other elements":              header + `<row r="2"><ext/>` + text("A2", "a@x.example") + text("B2", "Ann") + text("C2", "Rome") + `</row><ext><row r="9"/></ext><row r="3">` + text("A3", "b@x.example") + text("C3", "Oslo") + `</row>`,
		"empty cells and rows":        header + `<row r="2">` + text("A2", "a@x.example") + text("B2", "Ann") + text("C2", "Rome") + `<c r="D2" s="1"/><c r="XFD2"><v></v></c></row><row r="3">` + text("A3", "b@x.example") + text("C3", "Oslo") + `</row><row r="4"/><row r="1048576"><c r="A1048576" s="1"/></row>`,
		"a table that begins at C4":   `<row r="4">` + text("C4", "email") + text("D4", "name") + text("F4", "city") + `</row><row r="6">` + text("C6", "a@x.example") + text("D6", "Ann") + text("F6", "Rome") + `</row><row r="7">` + text("C7", "b@x.example") + text("F7", "Oslo") + `</row>`,
		"a column that is only empty": header + `<row r="2">` + text("A2", "a@x.example") + text("B2", "Ann") + text("C2", "Rome") + text("E2", "") + `</row><row r="3">` + text("A3", "b@x.example") + text("C3", "Oslo") + `</row>`,
	} {
		for dimension, before := range map[string]string{"none": "", "wrong": `<dimension ref="A1:A1"/><cols><col min="1" max="16384"/></cols>`} {
			expectTable(t, name+", dimension "+dimension, one(before+"<sheetData>"+sheet+"</sheetData><pageMargins/>"), reader.Options{}, expected)
		}
	}
}

// A cell outside the table makes a column without a name: no row is refused for it, and none of its text is lost.
func TestCellsBesideTheTable(t *testing.T) {
	rows := []string{"email|name", "a@x.example|Ann"}
	for i := range 400 {
		rows = append(rows, fmt.Sprintf("b%d@x.example|Ben", i))
	}
	rows = append(rows, "c@x.example|Cy||||note")
	r, got, err := table(t, one(readertest.SheetRows(rows...)), reader.Options{})
	if err != nil || !strings.HasPrefix(got, "email|name| / a@x.example|Ann| / ") || !strings.HasSuffix(got, " / c@x.example|Cy|note") || strings.Contains(got, "!") {
		t.Errorf("%.60s…, %v", got, err)
	}
	if got := fmt.Sprintf("%q", r.Columns()); got != `["email" "name" ""]` {
		t.Error(got)
	}
	expectTable(t, "a note beside the header", one(readertest.SheetRows("email|name|||||||||||||||||||made by Ann", "a@x.example|Ann")), reader.Options{},
		"email|name|made by Ann / a@x.example|Ann|")
}

// A range that is merged downwards has its value in all rows that have one; across, only its first column has it.
func TestMergedCells(t *testing.T) {
	merged := func(ranges ...string) string {
		text := "<mergeCells>"
		for _, r := range ranges {
			text += `<mergeCell ref="` + r + `"/>`
		}
		return text + "</mergeCells>"
	}
	for name, c := range map[string]struct{ sheet, expected string }{
		"downwards":         {readertest.SheetRows("email|company", "a@x.example|Acme", "b@x.example", "c@x.example", "d@x.example|Beta") + merged("B2:B4"), "email|company / a@x.example|Acme / b@x.example|Acme / c@x.example|Acme / d@x.example|Beta"},
		"two after another": {readertest.SheetRows("email|company", "a@x.example|Acme", "b@x.example", "c@x.example|Beta", "d@x.example") + merged("B4:B5", "B2:B3"), "email|company / a@x.example|Acme / b@x.example|Acme / c@x.example|Beta / d@x.example|Beta"},
		"across":            {readertest.SheetRows("email|name|alias", "a@x.example|Ann") + merged("B2:C2"), "email|name|alias / a@x.example|Ann|"},
		"a block":           {readertest.SheetRows("email|name|alias", "a@x.example|Ann", "b@x.example||x") + merged("$B$2:$C$3"), "email|name|alias / a@x.example|Ann| / b@x.example|Ann|x"},
		"an empty row":      {readertest.SheetRows("email|company", "a@x.example|Acme", "", "c@x.example") + merged("B2:B4"), "email|company / a@x.example|Acme / c@x.example|Acme"},
		"a title above":     {readertest.SheetRows("Leads of May", "email|name", "a@x.example|Ann") + merged("A1:B1"), "email|name / a@x.example|Ann"},
		"two header rows":   {readertest.SheetRows("Company|Person||", "|First name|Last name|email", "Acme|Ann|Lee|a@x.example", "Beta|Ben|Wu|b@x.example") + merged("A1:A2", "B1:D1"), "Company|First name|Last name|email / Acme|Ann|Lee|a@x.example / Beta|Ben|Wu|b@x.example"},
		"nonsense":          {readertest.SheetRows("email|name", "a@x.example|Ann") + merged("", "x", "A1", "A3:A1", "A0:A9", "XFE1:XFE2", "A1:", ":", "A99999999999:A9"), "email|name / a@x.example|Ann"},
	} {
		expectTable(t, name, one(c.sheet), reader.Options{}, c.expected)
	}
	rows := []string{"email|company"}
	for i := range 1000 {
		rows = append(rows, fmt.Sprintf("a%d@x.example", i))
	}
	rows[500] += "|Acme"
	_, got, err := table(t, one(readertest.SheetRows(rows...)+merged("B501:B900")), reader.Options{})
	if n := strings.Count(got, "|Acme"); err != nil || n != 400 {
		t.Errorf("a range of 400 rows far below gives %d rows, %v", n, err)
	}
}

// Hidden rows are rows, and are counted; so are formulas without a saved value.
func TestHiddenRowsAndFormulas(t *testing.T) {
	sheet := strings.NewReplacer(`<row r="3"`, `<row r="3" hidden="1"`, `<row r="4"`, `<row r="4" hidden="true"`, `<row r="6"`, `<row r="6" hidden="1"`, `<row r="1"`, `<row r="1" hidden="1"`).
		Replace(readertest.SheetRows("email|name", "a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"))
	sheet = strings.Replace(sheet, "</row></sheetData>", `<c r="B6"><f>A1</f></c><c r="C6"><f>A1</f><v/></c></row><row r="7" hidden="1"/></sheetData>`, 1)
	r := expectTable(t, "hidden", one(sheet), reader.Options{}, "email|name / a@x.example| / b@x.example| / c@x.example| / d@x.example| / e@x.example|")
	if r == nil || r.Info().HiddenRows != 3 || r.Info().FormulasWithoutValue != 2 || r.Info().Sheet != "Leads" || r.Info().Sheets != 1 {
		t.Errorf("%+v", r.Info().Workbook)
	}
}

// The rows above the header and a footer are not rows, as in a CSV; --header-line and --no-header count rows of the sheet.
func TestHeaderAndFooter(t *testing.T) {
	book := one(readertest.SheetRows("Leads of May", "", "email|name|city", "a@x.example|Ann|Rome", "b@x.example|Ben|Oslo", "", "Confidential"))
	r := expectTable(t, "report", book, reader.Options{}, "email|name|city / a@x.example|Ann|Rome / b@x.example|Ben|Oslo")
	if i := r.Info(); i.HeaderLine != 3 || i.Above.First != 1 || i.Above.Count != 1 || r.Skipped().First != 7 || r.Skipped().Count != 1 {
		t.Errorf("%+v, %+v", i, r.Skipped())
	}
	expectTable(t, "header named", book, reader.Options{HeaderLine: 4}, "a@x.example|Ann|Rome / b@x.example|Ben|Oslo")
	expectTable(t, "no header", one(readertest.SheetRows("|a@x.example||Ann", "|b@x.example")), reader.Options{NoHeader: true}, "1|2|3|4 / |a@x.example||Ann / |b@x.example||")
	if _, _, err := table(t, book, reader.Options{HeaderLine: 2}); err == nil || !strings.Contains(err.Error(), "--header-line") {
		t.Error(err)
	}
	expectTable(t, "joined", one(readertest.SheetRows("email|name", "a@x.example|Ann", "email|name", "b@x.example|Ben")), reader.Options{},
		"email|name / a@x.example|Ann / !email|name / b@x.example|Ben")
	expectTable(t, "failures", one(readertest.SheetRows("email|enrich_error_kind", "a@x.example|ragged", "b@x.example|invalid")), reader.Options{},
		"email|enrich_error_kind / !a@x.example|ragged / b@x.example|invalid")
}
