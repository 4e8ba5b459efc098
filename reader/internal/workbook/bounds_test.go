package workbook_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// A piece of a part: a text that comes many times. %d in it is its number, from 0.
type piece struct {
	text  string
	times int
}

// packed returns a workbook whose parts are written piece by piece, because they are too large for the memory.
func packed(t *testing.T, parts map[string][]piece) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, pieces := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pieces {
			before, after, numbered := strings.Cut(p.text, "%d")
			for i := range p.times {
				text := p.text
				if numbered {
					text = before + fmt.Sprint(i) + after
				}
				if _, err := io.WriteString(w, text); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, p := range [][2]string{
		{"xl/workbook.xml", `<workbook><sheets><sheet name="S" r:id="a"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="a" Type="x/worksheet" Target="s.xml"/><Relationship Id="b" Type="x/sharedStrings" Target="t.xml"/></Relationships>`},
	} {
		w, err := z.Create(p[0])
		if err == nil {
			_, err = io.WriteString(w, p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// grown reads a workbook and returns how many rows it has, how the reading ended, and by how many bytes the heap grew at most.
func grown(t *testing.T, book []byte) (rows int, most int64, err error) {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := int64(m.HeapAlloc)
	look := func() {
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, int64(m.HeapAlloc)-before)
	}
	r, err := readertest.Open(book, readertest.AnyColumns)
	if err != nil {
		look()
		return 0, most, err
	}
	defer func() { _ = r.Close() }()
	buf := make([]reader.Row, 256)
	look()
	for i := 0; ; i++ {
		n, err := r.Read(buf)
		if rows += n; i%400 == 0 {
			look()
		}
		if err != nil {
			look()
			return rows, most, err
		}
	}
}

// skipIfShort skips a test of hundreds of megabytes under -short, as in make race: one goroutine reads a workbook.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out large workbooks")
	}
}

// The memory does not grow with what a workbook unpacks to.
func TestBombsAreBounded(t *testing.T) {
	skipIfShort(t)
	head := piece{`<worksheet><sheetData><row><c t="inlineStr"><is><t>email</t></is></c><c t="inlineStr"><is><t>name</t></is></c></row>`, 1}
	row := `<row><c t="inlineStr"><is><t>a@x.example</t></is></c>`
	end := piece{"</sheetData></worksheet>", 1}
	const mib = 1 << 20
	for name, c := range map[string]struct {
		sheet []piece
		rows  int
		is    error
		most  int64
	}{
		"white space":     {[]piece{head, {strings.Repeat(" ", 1000), 40_000}, {row + "</row>", 1}, end}, 1, io.EOF, 4 * mib},
		"a comment":       {[]piece{head, {"<!--", 1}, {strings.Repeat("x", 1000), 40_000}, {"-->" + row + "</row>", 1}, end}, 1, io.EOF, 4 * mib},
		"a value":         {[]piece{head, {row + `<c t="str"><v>`, 1}, {strings.Repeat("x", 1000), 40_000}, {"</v></c></row>", 1}, end}, 1, io.EOF, 16 * mib},
		"a row":           {[]piece{head, {row, 1}, {`<c r="B2" t="str"><v>` + strings.Repeat("x", 1000) + "</v></c>", 40_000}, {"</row>", 1}, end}, 1, io.EOF, 16 * mib},
		"empty rows":      {[]piece{head, {`<row r="9"/>`, 0}, {`<row><c s="1"/></row>`, 200_000}, end}, 0, io.EOF, 4 * mib},
		"too many rows":   {[]piece{head, {"<row/>", 1_100_000}, end}, 0, reader.ErrBroken, 4 * mib},
		"a row again":     {[]piece{head, {`<row r="2"><c t="str"><v>x</v></c></row>`, 450_000}, end}, 0, reader.ErrNoTable, 24 * mib},
		"a tag":           {[]piece{head, {"<row a='", 1}, {strings.Repeat("x", 1000), 40_000}, {"'/>", 1}, end}, 0, reader.ErrBroken, 8 * mib},
		"nested elements": {[]piece{head, {"<a>", 1_000_000}, end}, 0, reader.ErrBroken, 4 * mib},
		"merged ranges":   {[]piece{head, {row + "</row>", 1}, {"</sheetData><mergeCells>", 1}, {`<mergeCell ref="A1:A9"/>`, 1_100_000}, {"</mergeCells></worksheet>", 1}}, 0, reader.ErrBroken, 40 * mib},
	} {
		rows, most, err := grown(t, packed(t, map[string][]piece{"xl/s.xml": c.sheet}))
		if rows != c.rows || !errors.Is(err, c.is) || most > c.most {
			t.Errorf("%s: %d rows, %v, %.1f MiB; expected %d, %v, at most %d", name, rows, err, float64(most)/mib, c.rows, c.is, c.most/mib)
		}
	}
}

// The most columns that a sheet can have, and more.
func TestWidestSheet(t *testing.T) {
	skipIfShort(t)
	names := []piece{{"<worksheet><sheetData><row>", 1}, {`<c t="str"><v>c%d</v></c>`, 16384}, {"</row>", 1}}
	for i := range 8 {
		names = append(names, piece{fmt.Sprintf(`<row r="%d">`, i+2), 1}, piece{`<c><v>%d</v></c>`, 16384}, piece{"</row>", 1})
	}
	rows, most, err := grown(t, packed(t, map[string][]piece{"xl/s.xml": append(names, piece{"</sheetData></worksheet>", 1})}))
	if rows != 8 || !errors.Is(err, io.EOF) || most > 40<<20 {
		t.Errorf("%d rows, %v, %.1f MiB", rows, err, float64(most)/(1<<20))
	}
	if rows, _, err := grown(t, packed(t, map[string][]piece{"xl/s.xml": {{"<worksheet><sheetData><row>", 1}, {`<c t="str"><v>c%d</v></c>`, 16385}, {"</row></sheetData></worksheet>", 1}}})); !errors.Is(err, reader.ErrBroken) {
		t.Errorf("a column too many: %d rows, %v", rows, err)
	}
}

// Shared texts beyond what is in memory are in a temporary file, which is gone at the end; all are read as they are, in any order.
func TestManySharedTexts(t *testing.T) {
	skipIfShort(t)
	t.Setenv("TMPDIR", t.TempDir())
	const n = 200_000
	filler := strings.Repeat("x", 100)
	sheet := []piece{{`<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>`, 1}, {`<row><c t="s"><v>%d</v></c><c t="s"><v>7</v></c></row>`, n}, {"</sheetData></worksheet>", 1}}
	book := packed(t, map[string][]piece{"xl/s.xml": sheet, "xl/t.xml": {{"<sst>", 1}, {"<si><t>%d." + filler + "</t></si>", n}, {"</sst>", 1}}})
	r, err := readertest.Open(book, reader.Options{NoHeader: true, AnyColumns: true})
	if err != nil {
		t.Fatal(err)
	}
	buf, at := make([]reader.Row, 256), -1 // the first row is the one above all others
	for {
		rows, err := r.Read(buf)
		for _, row := range buf[:rows] {
			if at >= 0 && (row.Cells[0] != fmt.Sprint(at)+"."+filler || row.Cells[1] != "7."+filler) {
				t.Fatalf("row %d: %.20q %.20q", at, row.Cells[0], row.Cells[1])
			}
			at++
		}
		if err != nil {
			if !errors.Is(err, io.EOF) || at != n {
				t.Errorf("%d rows, %v", at, err)
			}
			break
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	if rows, most, err := grown(t, book); rows != n || !errors.Is(err, io.EOF) || most > 32<<20 {
		t.Errorf("%d rows, %v, %.1f MiB", rows, err, float64(most)/(1<<20))
	}
}

// A temporary file that cannot be made is a failed storage, and says nothing about the workbook.
func TestNoRoomForSharedTexts(t *testing.T) {
	skipIfShort(t)
	t.Setenv("TMPDIR", "/no/such/directory")
	book := packed(t, map[string][]piece{
		"xl/s.xml": {{`<worksheet><sheetData><row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row></sheetData></worksheet>`, 1}},
		"xl/t.xml": {{"<sst>", 1}, {"<si><t>%d" + strings.Repeat("x", 1000) + "</t></si>", 20_000}, {"</sst>", 1}},
	})
	if _, _, err := table(t, book, reader.Options{}); !errors.Is(err, reader.ErrStorage) || errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
}

// A list of files that would fill the memory is refused before it is read.
func TestTooManyFiles(t *testing.T) {
	skipIfShort(t)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 70_000 {
		if _, err := z.Create(fmt.Sprintf("xl/%050d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := table(t, b.Bytes(), reader.Options{}); !errors.Is(err, reader.ErrNoTable) || !strings.Contains(err.Error(), "list of its files") {
		t.Error(err)
	}
}

// Nothing that is called a workbook makes the reader panic, take much memory or time, or tell the end from damage wrongly.
func FuzzWorkbook(f *testing.F) {
	for _, text := range []string{rows, readertest.SheetRows("email|name", "a@x.example|Ann") + `<mergeCells><mergeCell ref="A1:A9"/></mergeCells>`, `<sheetData><row r="3" hidden="1"><c r="C3" t="d"><f/><v>x</v></c></row><row r="1"/></sheetData>`} {
		f.Add(text, sst, styles, uint16(0), byte(0))
		f.Add(text, shared, styles, uint16(700), byte(1))
	}
	f.Fuzz(func(t *testing.T, sheet, texts, formats string, at uint16, change byte) {
		book := one(sheet, part{"xl/sharedStrings.xml", texts}, part{"xl/styles.xml", formats})
		if change != 0 {
			book[int(at)%len(book)] ^= change
			binary.LittleEndian.PutUint16(book[len(book)-2:], 0)
		}
		for _, o := range []reader.Options{{AnyColumns: true}, {AnyColumns: true, NoHeader: true, Sheet: "1"}} {
			r, all, err := readertest.Read(t, book, o)
			if r == nil {
				continue
			}
			width := len(r.Info().Header)
			for i, row := range all {
				if len(row.Cells) != width || row.Number != int64(i+1) || row.Line < 1 || row.Refused == nil && strings.TrimSpace(strings.Join(row.Cells, "")) == "" {
					t.Fatalf("row %d of %d columns: %+v", i, width, row)
				}
			}
			again, allAgain, errAgain := readertest.Read(t, book, o)
			if again == nil || readertest.Cells(all) != readertest.Cells(allAgain) || (err == nil) != (errAgain == nil) {
				t.Fatalf("another reading is another table: %v, %v", err, errAgain)
			}
		}
	})
}

// What a workbook keeps in memory is what Memory says, and Close gives it back, also if the reader itself is still known.
func TestMemoryIsGivenBack(t *testing.T) {
	skipIfShort(t)
	const texts = 400_000
	book := packed(t, map[string][]piece{
		"xl/s.xml": {{`<worksheet><sheetData><row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>`, 1}, {"</sheetData><mergeCells>", 1}, {`<mergeCell ref="A2:A9"/>`, 100_000}, {"</mergeCells></worksheet>", 1}},
		"xl/t.xml": {{"<sst><si><t>email</t></si>", 1}, {`<si><t>a%d@with-a-long-name-that-takes-some-room.example</t></si>`, texts}, {"</sst>", 1}},
	})
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	r, err := readertest.Open(book, readertest.AnyColumns)
	if err != nil {
		t.Fatal(err)
	}
	const slack = 2 << 20 // for what every reader has
	grown := heap() - before
	if said := r.Memory(); said < 16<<20+4*texts || said > 20<<20+4*texts+2<<20 || grown < said-slack || grown > said+slack {
		t.Errorf("the heap grew by %d bytes, and Memory says %d", grown, said)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left := heap() - before; r.Memory() != 0 || left > slack {
		t.Errorf("after Close %d bytes are left, and Memory says %d", left, r.Memory())
	}
	if _, err := r.Read(make([]reader.Row, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a row after Close: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	runtime.KeepAlive(r)
}
