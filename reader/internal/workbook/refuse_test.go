package workbook_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"enrich/format"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// ole returns a container of older Office documents with these streams. Its directory is in sectors that do not follow one another.
func ole(streams ...string) []byte {
	const sector = 512
	b := make([]byte, sector*(2+2*(1+len(streams)/4)))
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1) // the first sector of the directory
	binary.LittleEndian.PutUint32(b[76:], 0) // the first sector of the allocation table
	table := b[sector:]
	for i := range sector / 4 {
		binary.LittleEndian.PutUint32(table[4*i:], 0xfffffffe)
	}
	for i, name := range append([]string{"Root Entry"}, streams...) {
		at := 1 + 2*(i/4)
		if i > 0 && i%4 == 0 {
			binary.LittleEndian.PutUint32(table[4*(at-2):], uint32(at))
		}
		entry := b[sector*(at+1)+128*(i%4):]
		units := utf16.Encode([]rune(name))
		for j, u := range units {
			binary.LittleEndian.PutUint16(entry[2*j:], u)
		}
		binary.LittleEndian.PutUint16(entry[64:], uint16(2*len(units)+2))
	}
	return b
}

// Files that are not workbooks are named, with what to do, whatever their names are.
func TestOtherDocumentsAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		says []string
	}{
		"xls":             {ole("Workbook"), []string{"Excel 97-2003 workbook (.xls)", "save it as .xlsx or CSV"}},
		"xls 95":          {ole("\x05SummaryInformation", "Book"), []string{".xls"}},
		"encrypted":       {ole("\x06DataSpaces", "Version", "DataSpaceMap", "DataSpaceInfo", "StrongEncryptionDataSpace", "TransformInfo", "EncryptionInfo", "EncryptedPackage"), []string{"encrypted", "password"}},
		"doc":             {ole("WordDocument"), []string{"Word"}},
		"ppt":             {ole("PowerPoint Document"), []string{"PowerPoint"}},
		"old, unknown":    {ole("Contents"), []string{".xls", "save it as .xlsx or CSV"}},
		"old, cut":        {ole("Workbook")[:600], []string{".xls"}},
		"ods":             {readertest.Zip(part{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, part{"content.xml", "<x/>"}), []string{"OpenDocument spreadsheet (.ods)", "save it as .xlsx or CSV"}},
		"odt":             {readertest.Zip(part{"mimetype", "application/vnd.oasis.opendocument.text"}), []string{"OpenDocument", "not a spreadsheet"}},
		"numbers":         {readertest.Zip(part{"Index/Document.iwa", "x"}, part{"Data/x.png", ""}), []string{"Numbers", "Export To"}},
		"older numbers":   {readertest.Zip(part{"Index.zip", "x"}), []string{"Numbers"}},
		"numbers of 2009": {readertest.Zip(part{"index.xml", "x"}, part{"buildVersionHistory.plist", "x"}), []string{"Numbers", "Export To"}},
		"xlsb":            {readertest.Zip(part{"[Content_Types].xml", "<Types/>"}, part{"_rels/.rels", `<Relationships><Relationship Id="1" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>`}, part{"xl/workbook.bin", "x"}), []string{".xlsb", "save it as .xlsx or CSV"}},
		"docx":            {readertest.Zip(part{"[Content_Types].xml", "<Types/>"}, part{"_rels/.rels", `<Relationships><Relationship Id="1" Type="x/officeDocument" Target="word/document.xml"/></Relationships>`}, part{"word/document.xml", "<document/>"}), []string{"Word"}},
		"pptx":            {readertest.Zip(part{"[Content_Types].xml", "<Types/>"}, part{"ppt/presentation.xml", "<p/>"}), []string{"presentation"}},
		"other archive":   {readertest.Zip(part{"leads.csv", "email\n"}), []string{"ZIP archive", "unpack it"}},
		"an office part":  {readertest.Zip(part{"folder/xl/x", ""}), []string{"ZIP archive"}},
		"no sheets":       {readertest.Workbook(), []string{"no sheet with cells"}},
		"cut archive":     {readertest.Zip(part{"leads.csv", strings.Repeat("email\n", 1000)})[:60], []string{"ZIP archive"}},
	} {
		_, _, err := table(t, c.file, reader.Options{})
		if !errors.Is(err, reader.ErrNoTable) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v; expected %q", name, err, says)
			}
		}
	}
	if _, _, err := table(t, []byte("email\na@x.example\n"), reader.Options{Format: format.XLSX}); !errors.Is(err, reader.ErrNoTable) {
		t.Error(err)
	}
	if _, _, err := table(t, one(rows), reader.Options{Format: format.CSV}); !errors.Is(err, reader.ErrNoTable) || !strings.Contains(err.Error(), "--input-format") {
		t.Error(err)
	}
}

// long is a workbook with many rows, not compressed well.
func long() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	lines := []string{"email|name"}
	for range 3000 {
		lines = append(lines, fmt.Sprintf("%x@x.example|%x", random.Uint64(), random.Uint64()))
	}
	return one(readertest.SheetRows(lines...))
}

// A workbook that is cut anywhere is refused as truncated, and never read as a shorter one.
func TestCutWorkbooks(t *testing.T) {
	const magic = "PK\x03\x04"
	book := long()
	for n := len(magic); n < len(book); n += 1 + n/7 {
		_, got, err := table(t, book[:n], reader.Options{})
		if err == nil || n > 500 && !errors.Is(err, reader.ErrBroken) {
			t.Errorf("%d of %d bytes: %.40s, %v", n, len(book), got, err)
		}
	}
}

// A damaged byte is noticed: all rows are read as they were, or the reading ends with an error, and rows before it are good.
func TestDamagedWorkbooks(t *testing.T) {
	skipIfShort(t)
	book := long()
	_, whole, err := table(t, book, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	broken := 0
	for at := 0; at < len(book); at += 997 {
		damaged := bytes.Clone(book)
		damaged[at] ^= 0x55
		_, got, err := table(t, damaged, reader.Options{})
		switch {
		case err == nil && got != whole:
			t.Errorf("byte %d: other rows without an error", at)
		case errors.Is(err, reader.ErrBroken):
			broken++
		case err != nil && !errors.Is(err, reader.ErrNoTable) && !errors.Is(err, reader.ErrHeader) && !errors.Is(err, reader.ErrSheet) && !errors.Is(err, reader.ErrEmpty):
			t.Errorf("byte %d: %v", at, err)
		}
	}
	if broken < 10 {
		t.Errorf("only %d were noticed as damage", broken)
	}
}

// What a workbook contains may be nonsense; that is said, and names the part.
func TestNonsenseInParts(t *testing.T) {
	for name, c := range map[string]struct {
		book []byte
		says string
	}{
		"a cell outside the sheet": {one(`<sheetData><row r="1"><c r="XFE1"><v>1</v></c></row></sheetData>`), "xl/worksheets/sheet1.xml"},
		"a cell without a column":  {one(`<sheetData><row r="1"><c r="11"><v>1</v></c></row></sheetData>`), "outside"},
		"a row outside the sheet":  {one(`<sheetData><row r="1048577"><c><v>1</v></c></row></sheetData>`), "numbered"},
		"row 0":                    {one(`<sheetData><row r="0"><c><v>1</v></c></row></sheetData>`), "numbered"},
		"a text that is not there": {one(`<sheetData><row r="1"><c t="s"><v>7</v></c></row></sheetData>`), "text 7 of 0"},
		"a text without a number":  {one(`<sheetData><row r="1"><c t="s"><v>x</v></c></row></sheetData>`), "text -1 of 0"},
		"texts that are not XML":   {one(rows, part{"xl/sharedStrings.xml", "<sst><si><t>email</t></si>"}), "xl/sharedstrings.xml"},
		"an entity":                {one(rows, part{"xl/sharedStrings.xml", `<!DOCTYPE x [<!ENTITY a "b">]><sst/>`}), "xl/sharedstrings.xml"},
		"styles that are not XML":  {one(rows, part{"xl/styles.xml", "<styleSheet><cellXfs>"}), "xl/styles.xml"},
		"a sheet that is not XML":  {one("<sheetData><row>"), "xl/worksheets/sheet1.xml"},
		"two root elements":        {one("</worksheet><worksheet>"), "xl/worksheets/sheet1.xml"},
	} {
		_, got, err := table(t, c.book, reader.Options{})
		if !errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %s, %v; expected %q", name, got, err, c.says)
		}
	}
}

// Text that is not UTF-8, or too long, refuses its row; the others are good.
func TestRefusedRows(t *testing.T) {
	book := one(readertest.SheetRows("email|name", "a@x.example|Ann", "b@x.example|B\xe9n", "c@x.example|"+strings.Repeat("x", 1<<20+1), "d@x.example|Dee"))
	_, rows, err := readertest.Read(t, book, reader.Options{})
	if err != nil || readertest.Outline(rows) != "a@x.example !invalid !invalid d@x.example" {
		t.Errorf("%s, %v", readertest.Outline(rows), err)
	}
	for i, says := range map[int]string{1: "line 3: column 2 has bytes that are not text", 2: "line 4: column 2 is longer than 1048576 bytes"} {
		if got := rows[i].Refused.Message; got != says {
			t.Errorf("%q, expected %q", got, says)
		}
	}
	wide := []string{"email|a|b|c", "a@x.example|" + strings.Repeat("x", 1<<20) + "|" + strings.Repeat("y", 1<<20) + "|z", "b@x.example"}
	if _, rows, err = readertest.Read(t, one(readertest.SheetRows(wide...)), reader.Options{}); err != nil || readertest.Outline(rows) != "!invalid b@x.example" {
		t.Errorf("%s, %v", readertest.Outline(rows), err)
	}
}

// changing is a file that is another one from the second time on that it is read from its beginning to its end.
type changing struct {
	io.ReaderAt
	opened int
}

func (c *changing) Reader() io.Reader {
	if c.opened++; c.opened > 1 {
		return strings.NewReader("something else")
	}
	return bytes.NewReader(long())
}

// A file that changes while it is read is neither the end nor damage: nothing may be published of it.
func TestAChangedWorkbookIsAnError(t *testing.T) {
	r, err := reader.Open(&changing{ReaderAt: bytes.NewReader(long())}, 0, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := readertest.ReadAll(r); err == nil || errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), "changed while it was read") {
		t.Error(err)
	}
}

// The hash and the size are those of the file; the count of bytes ends with the size.
func TestSumOfAWorkbook(t *testing.T) {
	book := long()
	r, _, err := readertest.Read(t, book, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, n := r.Sum(); n != int64(len(book)) || r.BytesRead() != n {
		t.Errorf("%d, %d of %d bytes", n, r.BytesRead(), len(book))
	}
}
