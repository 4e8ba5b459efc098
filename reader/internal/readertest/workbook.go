package readertest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// A Part is a file of a workbook: its name and its text.
type Part [2]string

// Zip returns an archive of parts, in their order.
func Zip(parts ...Part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p[0])
		if err == nil {
			_, err = io.WriteString(w, p[1])
		}
		if err != nil {
			panic(err) // a buffer does not fail
		}
	}
	_ = z.Close() // nor here
	return b.Bytes()
}

// The namespaces of a workbook.
const (
	MainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relations     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)

// Workbook returns a workbook of sheets, whose names are their parts', whose text is what is in their worksheet element. A part that
// begins with "xl/" is added as it is, with its relation.
func Workbook(sheets ...Part) []byte {
	book, links := "", ""
	parts := []Part{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"_rels/.rels", `<Relationships><Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	}
	var last []Part
	for i, s := range sheets {
		if name, ok := strings.CutPrefix(s[0], "xl/"); ok {
			links += fmt.Sprintf(`<Relationship Id="p%d" Type="%s/%s" Target="%s"/>`, i, relations, strings.TrimSuffix(name, ".xml"), name)
			last = append(last, s)
			continue
		}
		name, state, _ := strings.Cut(s[0], "|")
		part := fmt.Sprintf("worksheets/sheet%d.xml", i+1)
		links += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/worksheet" Target="%s"/>`, i, relations, part)
		book += fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="rId%d" state="%s"/>`, name, i+1, i, cmp.Or(state, "visible"))
		last = append(last, Part{"xl/" + part, `<worksheet xmlns="` + MainNamespace + `">` + s[1] + "</worksheet>"})
	}
	parts = append(
		parts, Part{"xl/workbook.xml", `<workbook xmlns="` + MainNamespace + `" xmlns:r="` + relations + `"><sheets>` + book + "</sheets></workbook>"},
		Part{"xl/_rels/workbook.xml.rels", "<Relationships>" + links + "</Relationships>"},
	)
	return Zip(append(parts, last...)...)
}

// SheetRows returns the rows of a sheet with inline texts; cells are separated by "|".
func SheetRows(rows ...string) string {
	var b strings.Builder
	b.WriteString("<sheetData>")
	for i, row := range rows {
		fmt.Fprintf(&b, `<row r="%d">`, i+1)
		for j, cell := range strings.Split(row, "|") {
			if cell != "" {
				fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+j, i+1, cell)
			}
		}
		b.WriteString("</row>")
	}
	return b.String() + "</sheetData>"
}
