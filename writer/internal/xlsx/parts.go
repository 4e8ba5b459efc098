package xlsx

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The indexes of the styles of cells in stylesPart.
const (
	textStyle   = "1"
	headerStyle = "2"
	markedStyle = "3"
)

const (
	declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

	contentTypesPart = declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`

	packageRelsPart = declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`

	workbookRelsPart = declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`

	// stylesPart has four styles of cells: the default, text, and two headers. The format with the number 49 is "@", text: a cell
	// stays text if it is edited. The first two fills are reserved.
	stylesPart = declaration + `<styleSheet xmlns="` + mainNamespace + `">` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>` +
		`<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>` +
		`<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
		`<fill><patternFill patternType="solid"><fgColor rgb="FFE7E6E6"/><bgColor indexed="64"/></patternFill></fill>` +
		`<fill><patternFill patternType="solid"><fgColor rgb="FFDDEBF7"/><bgColor indexed="64"/></patternFill></fill></fills>` +
		`<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>` +
		`<border><left/><right/><top/><bottom style="thin"><color rgb="FF808080"/></bottom><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="49" fontId="1" fillId="2" borderId="1" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1"/>` +
		`<xf numFmtId="49" fontId="1" fillId="3" borderId="1" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

	mainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
)

// beginSheet writes the parts before the sheet, and what the sheet has before its rows.
func (x *Writer) beginSheet() error {
	for _, p := range [...]struct{ name, text string }{
		{"[Content_Types].xml", contentTypesPart},
		{"_rels/.rels", packageRelsPart},
		{"xl/_rels/workbook.xml.rels", workbookRelsPart},
		{"xl/styles.xml", stylesPart},
	} {
		if err := x.writePart(p.name, p.text); err != nil {
			return err
		}
	}
	sheet, err := x.createPart("xl/worksheets/sheet1.xml")
	if err != nil {
		return err
	}
	x.sheet = sheet
	return x.writeSheet(x.sheetHead())
}

// createPart begins a part. All parts have the first day that a ZIP archive can contain, so that the same rows give the same bytes.
func (x *Writer) createPart(name string) (io.Writer, error) {
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)})
}

func (x *Writer) writePart(name, text string) error {
	w, err := x.createPart(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// sheetHead returns what a sheet has before its rows: the frozen header and the columns.
func (x *Writer) sheetHead() []byte {
	var b []byte
	b = append(b, declaration+`<worksheet xmlns="`+mainNamespace+`"><sheetViews><sheetView tabSelected="1" workbookViewId="0">`+
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft" activeCell="A2" sqref="A2"/>`+
		`</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>`...)
	if len(x.refs) > 0 {
		b = append(b, "<cols>"...)
		for i := range x.refs {
			b = fmt.Appendf(b, `<col min="%d" max="%d" width="%d" style="%s" customWidth="1"/>`, i+1, i+1, x.widths.of(i), textStyle)
		}
		b = append(b, "</cols>"...)
	}
	return append(b, "<sheetData>"...)
}

// sheetTail returns what a sheet has after its rows: the filter, and that numbers stored as text are meant to be.
func (x *Writer) sheetTail() string {
	tail := "</sheetData>"
	if len(x.refs) > 0 {
		tail += fmt.Sprintf(`<autoFilter ref="%s"/>`, x.area(""))
	}
	tail += `<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/><pageSetup orientation="landscape"/>`
	if len(x.refs) > 0 {
		tail += fmt.Sprintf(`<ignoredErrors><ignoredError sqref="%s" twoDigitTextYear="1" numberStoredAsText="1"/></ignoredErrors>`, x.area(""))
	}
	return tail + "</worksheet>"
}

// area returns the range of all cells. dollar is "$" for an absolute reference.
func (x *Writer) area(dollar string) string {
	return dollar + "A" + dollar + "1:" + dollar + x.refs[len(x.refs)-1] + dollar + strconv.FormatInt(x.rows, 10)
}

// workbookPart returns the part that names the sheet, its filter (programs expect the hidden name beside the filter itself), and the
// row that is printed on every page.
func (x *Writer) workbookPart() string {
	sheet := string(appendText(nil, x.name))
	names := ""
	if len(x.refs) > 0 {
		quoted := "'" + sheet + "'!"
		names = `<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">` + quoted + x.area("$") + `</definedName>` +
			`<definedName name="_xlnm.Print_Titles" localSheetId="0">` + quoted + `$1:$1</definedName></definedNames>`
	}
	return declaration + `<workbook xmlns="` + mainNamespace + `" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<bookViews><workbookView/></bookViews><sheets><sheet name="` + strings.ReplaceAll(sheet, `"`, "&quot;") + `" sheetId="1" r:id="rId1"/></sheets>` + names + `</workbook>`
}
