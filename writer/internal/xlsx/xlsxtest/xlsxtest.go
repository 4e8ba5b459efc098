// Package xlsxtest reads, for tests, workbooks of the kind that package xlsx writes: one sheet of inline strings. It shares no code
// with the writer, and refuses everything else.
package xlsxtest

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Sheet is the content of a sheet.
type Sheet struct {
	Name string
	Rows [][]string // as wide as the header; a cell without a value is ""
	XML  string     // of the sheet
	Book string     // XML of the workbook
}

type cell struct {
	Ref     string  `xml:"r,attr"`
	Style   int     `xml:"s,attr"`
	Type    string  `xml:"t,attr"`
	Formula *string `xml:"f"`
	Value   *string `xml:"v"`
	Text    struct {
		Space string `xml:"http://www.w3.org/XML/1998/namespace space,attr"`
		Value string `xml:",chardata"`
	} `xml:"is>t"`
}

// Read reads a workbook.
func Read(workbook []byte) (Sheet, error) {
	s := Sheet{}
	var err error
	if s.XML, err = Part(workbook, "xl/worksheets/sheet1.xml"); err != nil {
		return s, err
	}
	if s.Book, err = Part(workbook, "xl/workbook.xml"); err != nil {
		return s, err
	}
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
		} `xml:"sheets>sheet"`
	}
	var sheet struct {
		Rows []struct {
			Number int    `xml:"r,attr"`
			Cells  []cell `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := xml.Unmarshal([]byte(s.Book), &book); err != nil || len(book.Sheets) != 1 {
		return s, fmt.Errorf("%d sheets, %w", len(book.Sheets), err)
	}
	if err := xml.Unmarshal([]byte(s.XML), &sheet); err != nil {
		return s, err
	}
	s.Name = book.Sheets[0].Name
	for i, row := range sheet.Rows {
		if row.Number != i+1 {
			return s, fmt.Errorf("row %d has the number %d", i+1, row.Number)
		}
		cells, err := cellsOf(row.Cells, row.Number)
		if err != nil {
			return s, err
		}
		if i > 0 && len(cells) < len(s.Rows[0]) {
			cells = append(cells, make([]string, len(s.Rows[0])-len(cells))...)
		}
		s.Rows = append(s.Rows, cells)
	}
	return s, nil
}

func cellsOf(row []cell, number int) (cells []string, err error) {
	for _, c := range row {
		letters := strings.TrimRight(c.Ref, "0123456789")
		column := 0
		for _, l := range letters {
			column = column*26 + int(l-'A') + 1
		}
		switch {
		case c.Ref != letters+strconv.Itoa(number), column <= len(cells):
			return nil, fmt.Errorf("cell %s is out of order", c.Ref)
		case c.Formula != nil || c.Value != nil || c.Type != "inlineStr" || c.Style == 0:
			return nil, fmt.Errorf("cell %s is not text: %+v", c.Ref, c)
		}
		text := c.Text.Value
		if c.Text.Space != "preserve" {
			text = strings.Trim(text, " \t\r\n") // as a reader may do
		}
		cells = append(cells, make([]string, column-1-len(cells))...)
		cells = append(cells, unescape(text))
	}
	return cells, nil
}

var escapePattern = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape reads ST_Xstring: the escapes are UTF-16 code units. Half a surrogate pair becomes three bytes, as the writer takes it.
func unescape(text string) string {
	var units []uint16
	for text != "" {
		at := escapePattern.FindStringIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		units = append(units, utf16.Encode([]rune(text[:at[0]]))...)
		if at[1] > at[0] {
			n, _ := strconv.ParseUint(text[at[0]+2:at[0]+6], 16, 16)
			units = append(units, uint16(n))
		}
		text = text[at[1]:]
	}
	var b []byte
	for i := 0; i < len(units); i++ {
		u := rune(units[i])
		switch {
		case !utf16.IsSurrogate(u):
			b = utf8.AppendRune(b, u)
		case i+1 < len(units) && utf16.DecodeRune(u, rune(units[i+1])) != utf8.RuneError:
			b = utf8.AppendRune(b, utf16.DecodeRune(u, rune(units[i+1])))
			i++
		default:
			b = append(b, 0xE0|byte(u>>12), 0x80|byte(u>>6)&0xBF, 0x80|byte(u)&0xBF)
		}
	}
	return string(b)
}

// Part returns the text of a part of a workbook.
func Part(workbook []byte, name string) (string, error) {
	archive, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		return "", err
	}
	f, err := archive.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(f)
	return string(text), err
}
