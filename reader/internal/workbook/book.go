package workbook

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"enrich/reader/internal/numfmt"
	"enrich/reader/internal/source"
	"enrich/reader/internal/xmlscan"
)

// Bounds of what a workbook may have. Excel's own are below them.
const (
	maxSheets  = 10_000
	maxStyles  = 1 << 18
	maxFormats = 1 << 16
)

// A book is an open workbook.
type book struct {
	*container
	sheets   []sheetPart
	date1904 bool
	strings  *texts
	styles   styles
	size     int64 // of the file
}

// A sheetPart is a sheet of a workbook.
type sheetPart struct {
	name   string
	part   string
	hidden bool
}

// openBook opens a workbook of size bytes, without its sheets.
func openBook(in io.ReaderAt, size int64) (*book, error) {
	head := make([]byte, min(size, int64(len(magicOLE))))
	if _, err := in.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	switch text := string(head); {
	case text == magicOLE:
		return nil, notOLE(in, size)
	case !strings.HasPrefix(text, magicZIP):
		return nil, source.NotTable("this is not an Excel workbook (.xlsx)")
	}
	c, err := openContainer(in, size)
	if err != nil {
		return nil, notArchive(err)
	}
	name, err := c.workbookPart()
	if err != nil {
		return nil, err
	}
	b := &book{container: c, size: size, styles: styles{codes: map[int]string{}, parsed: map[int]*numfmt.Format{}}}
	relations, err := c.relations(name)
	if err != nil {
		return nil, err
	}
	if err := b.readWorkbook(name, relations); err != nil {
		return nil, err
	}
	for _, r := range relations {
		switch {
		case r.kind == "styles" && c.has(r.part):
			if err := b.readStyles(r.part); err != nil {
				return nil, err
			}
		case r.kind == "sharedStrings":
			b.strings = newTexts(c, r.part)
		}
	}
	if b.strings == nil {
		b.strings = newTexts(c, "")
	}
	return b, nil
}

// Close removes temporary files.
func (b *book) Close() error { return b.strings.close() }

// workbookPart returns the name of the part that lists the sheets.
func (c *container) workbookPart() (string, error) {
	relations, err := c.relations("")
	if err != nil {
		return "", err
	}
	const usual = "xl/workbook.xml"
	for _, r := range relations {
		if r.kind == "officeDocument" && c.has(r.part) && (strings.HasPrefix(r.part, "xl/") || r.part == usual || c.isWorkbook(r.part)) && !strings.HasSuffix(r.part, ".bin") {
			return r.part, nil
		}
	}
	if c.has(usual) {
		return usual, nil
	}
	return "", c.notWorkbook()
}

// isWorkbook reports whether the root element of a part is a workbook's.
func (c *container) isWorkbook(name string) bool {
	in, err := c.open(name, maxPart)
	if err != nil {
		return false
	}
	defer func() { _ = in.Close() }() // it was only read
	x := xmlscan.New(in)
	_, err = x.Next()
	return err == nil && x.Is("workbook")
}

// readWorkbook reads the list of sheets. Those that are not tables of cells (charts, macros) are left out.
func (b *book) readWorkbook(name string, relations []relation) error {
	parts := map[string]string{}
	for _, r := range relations {
		if r.kind == "worksheet" {
			parts[r.id] = r.part
		}
	}
	return b.scan(name, func(x *xmlscan.Scanner) error {
		switch {
		case x.Is("workbookPr") && x.Depth() == 2:
			for name, value, ok := x.Attr(); ok; name, value, ok = x.Attr() {
				if string(name) == "date1904" {
					b.date1904 = isTrue(value)
				}
			}
		case x.Is("sheet") && x.Depth() == 3:
			var s sheetPart
			for name, value, ok := x.Attr(); ok; name, value, ok = x.Attr() {
				switch n := string(name); {
				case n == "name":
					s.name = string(value)
				case n == "state":
					s.hidden = string(value) != "visible"
				case n == "id" || strings.HasSuffix(n, ":id"):
					s.part = parts[string(value)]
				}
			}
			if len(b.sheets) == maxSheets {
				return fmt.Errorf("more than %d sheets", maxSheets)
			}
			if s.part != "" {
				b.sheets = append(b.sheets, s)
			}
		}
		return nil
	})
}

func isTrue(value []byte) bool {
	return string(value) == "1" || string(value) == "true" || string(value) == "on"
}

// styles are the number formats of cells, by the number of their style.
type styles struct {
	formatOf []int          // number of the format of each style
	codes    map[int]string // of formats that have one
	parsed   map[int]*numfmt.Format
}

// readStyles reads the formats of cells.
func (b *book) readStyles(name string) error {
	inCells := false
	return b.scan(name, func(x *xmlscan.Scanner) error {
		switch {
		case x.Depth() == 2:
			inCells = x.Is("cellXfs")
		case inCells && x.Is("xf") && x.Depth() == 3:
			if len(b.styles.formatOf) == maxStyles {
				return fmt.Errorf("more than %d styles", maxStyles)
			}
			b.styles.formatOf = append(b.styles.formatOf, number(attribute(x, "numFmtId")))
		case x.Is("numFmt") && x.Depth() == 3:
			id, code := -1, ""
			for name, value, ok := x.Attr(); ok; name, value, ok = x.Attr() {
				switch string(name) {
				case "numFmtId":
					id = number(value)
				case "formatCode":
					code = string(value)
				}
			}
			if len(b.styles.codes) == maxFormats {
				return fmt.Errorf("more than %d number formats", maxFormats)
			}
			b.styles.codes[id] = code
		}
		return nil
	})
}

// format returns the number format of a style.
func (s *styles) format(style int) *numfmt.Format {
	if style < 0 || style >= len(s.formatOf) {
		return nil
	}
	id := s.formatOf[style]
	f, ok := s.parsed[id]
	if !ok {
		if code, given := s.codes[id]; given {
			f = numfmt.Parse(code)
		} else {
			f = numfmt.Builtin(id)
		}
		s.parsed[id] = f
	}
	return f
}

// attribute returns the value of an attribute, nil if there is none.
func attribute(x *xmlscan.Scanner, name string) (value []byte) {
	for n, v, ok := x.Attr(); ok; n, v, ok = x.Attr() {
		if string(n) == name {
			value = v
		}
	}
	return value
}

// number returns a number that is not negative, -1 for anything else.
func number(text []byte) int {
	if len(text) == 0 || len(text) > 9 {
		return -1
	}
	n := 0
	for _, b := range text {
		if b < '0' || b > '9' {
			return -1
		}
		n = n*10 + int(b-'0')
	}
	return n
}

// sheetNamed returns the sheet that --sheet names: exactly, or in any case, or by its number from 1.
func (b *book) sheetNamed(name string) (sheetPart, error) {
	for _, matches := range []func(i int, s sheetPart) bool{
		func(_ int, s sheetPart) bool { return s.name == name },
		func(_ int, s sheetPart) bool {
			return strings.EqualFold(strings.TrimSpace(s.name), strings.TrimSpace(name))
		},
		func(i int, _ sheetPart) bool { return name == strconv.Itoa(i+1) },
	} {
		for i, s := range b.sheets {
			if matches(i, s) {
				return s, nil
			}
		}
	}
	return sheetPart{}, fmt.Errorf("%w: there is no sheet %q: the sheets are %s", source.ErrSheet, name, b.list(b.sheets))
}
