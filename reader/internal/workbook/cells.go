package workbook

import (
	"bytes"
	"fmt"
	"io"

	"enrich/reader/internal/source"
	"enrich/reader/internal/xmlscan"
)

// maxColumns and maxRows are the size of a sheet.
const (
	maxColumns = 16384
	maxRows    = 1 << 20
)

// A sheetScanner reads the rows and cells of a sheet as they are in its part.
type sheetScanner struct {
	x    *xmlscan.Scanner
	in   *partReader
	name string // of the part
	// row is the number of the row that was read last, column that of the cell, both from 1; 0 before the first.
	row, column int
	hidden      bool // of the row
	cell        cell
	value       []byte // of the cell; reused
}

// A cell is a cell as it is stored.
type cell struct {
	column int  // from 0
	kind   byte // first letter of its type: n(umber), s(hared text), b(oolean), e(rror), d(ate), i(nline text), t(ext of a formula)
	style  int
	// value is what is stored, present whether anything is.
	value            []byte
	present, formula bool
	inline           bool // value is an inline text
	// long says that value is cut.
	long bool
}

// openSheet begins to read a sheet.
func (b *book) openSheet(s sheetPart) (*sheetScanner, error) {
	in, err := b.open(s.part, maxSheet)
	if err != nil {
		return nil, err
	}
	scanner := &sheetScanner{x: xmlscan.New(in), in: in, name: s.part}
	return scanner, scanner.skipToRows()
}

// Close implements [io.Closer].
func (s *sheetScanner) Close() error {
	if s.in == nil {
		return nil
	}
	return s.in.Close()
}

// next returns the next token; io.EOF at the end of the part.
func (s *sheetScanner) next() (xmlscan.Kind, error) {
	kind, err := s.x.Next()
	if err != nil && err != io.EOF { //nolint:errorlint // an error that wraps io.EOF is not the end
		err = damaged(s.name, err)
	}
	return kind, err
}

// skipToRows reads to the beginning of the rows. A sheet without rows ends there.
func (s *sheetScanner) skipToRows() error {
	for {
		kind, err := s.next()
		switch {
		case err == io.EOF: //nolint:errorlint // an error that wraps io.EOF is not the end
			return nil
		case err != nil:
			return err
		case kind == xmlscan.Start && s.x.Is("sheetData") && s.x.Depth() == 2:
			return nil
		}
	}
}

// nextRow reads to the next row; false after the last one.
func (s *sheetScanner) nextRow() (bool, error) {
	for {
		kind, err := s.next()
		switch {
		case err == io.EOF: //nolint:errorlint // an error that wraps io.EOF is not the end
			return false, nil
		case err != nil:
			return false, err
		case kind == xmlscan.End && s.x.Depth() < 2:
			return false, nil
		case kind == xmlscan.Start && s.x.Depth() == 3 && s.x.Is("row"):
			return true, s.beginRow()
		}
	}
}

// beginRow reads the attributes of a row. A row without a number follows the one before.
func (s *sheetScanner) beginRow() error {
	s.row, s.column, s.hidden = s.row+1, 0, false
	for name, value, ok := s.x.Attr(); ok; name, value, ok = s.x.Attr() {
		switch string(name) {
		case "r":
			s.row = number(value)
		case "hidden":
			s.hidden = isTrue(value)
		}
	}
	if s.row < 1 || s.row > maxRows {
		return damaged(s.name, fmt.Errorf("a row is not numbered from 1 to %d", maxRows))
	}
	return nil
}

// nextCell reads the next cell of the row into s.cell; false after the last one. Without values, a value is only whether there is
// one.
func (s *sheetScanner) nextCell(values bool) (bool, error) {
	for {
		kind, err := s.next()
		switch {
		case err != nil:
			return false, s.cut(err)
		case kind == xmlscan.End && s.x.Depth() < 3:
			return false, nil
		case kind == xmlscan.Start && s.x.Depth() == 4 && s.x.Is("c"):
			if err := s.beginCell(); err != nil {
				return false, err
			}
			return true, s.readCell(values)
		}
	}
}

// cut returns an error inside a row: there, also the end is one.
func (s *sheetScanner) cut(err error) error { return damaged(s.name, err) }

// beginCell reads the attributes of a cell. A cell without a reference follows the one before.
func (s *sheetScanner) beginCell() error {
	c := &s.cell
	*c = cell{column: s.column, kind: 'n', style: -1}
	for name, value, ok := s.x.Attr(); ok; name, value, ok = s.x.Attr() {
		if len(name) != 1 {
			continue
		}
		switch name[0] {
		case 'r':
			c.column = columnOf(value)
		case 's':
			c.style = number(value)
		case 't':
			c.kind = kindOf(value)
		}
	}
	if c.column < 0 || c.column >= maxColumns {
		return damaged(s.name, fmt.Errorf("row %d has a cell outside of the %d columns", s.row, maxColumns))
	}
	s.column = c.column + 1
	return nil
}

// kindOf returns the kind of a cell by its type.
func kindOf(kind []byte) byte {
	switch {
	case len(kind) == 0:
		return 'n'
	case string(kind) == "str":
		return 't'
	}
	return kind[0]
}

// columnOf returns the column, from 0, of a reference such as AB12; -1 if it is none.
func columnOf(reference []byte) int {
	n := 0
	for i, b := range reference {
		if b |= 0x20; b < 'a' || b > 'z' || i == 3 {
			if i == 0 || reference[i] < '0' || reference[i] > '9' {
				return -1
			}
			return n - 1
		}
		n = n*26 + int(b-'a'+1)
	}
	return -1
}

// readCell reads to the end of a cell.
func (s *sheetScanner) readCell(values bool) error {
	s.value = s.value[:0]
	inValue := false
	for {
		kind, err := s.next()
		if err != nil {
			return s.cut(err)
		}
		switch kind {
		case xmlscan.End:
			inValue = false
			if s.x.Depth() < 4 {
				s.cell.value = s.value
				return nil
			}
		case xmlscan.Text:
			if inValue && !s.cell.inline {
				s.cell.present = true
				if values {
					s.addValue(s.x.Text())
				}
			}
		case xmlscan.Start:
			switch local := xmlscan.Local(s.x.Name()); {
			case string(local) == "v":
				inValue = true
			case string(local) == "f":
				s.cell.formula = true
			case string(local) == "is":
				if err := s.readInline(values); err != nil {
					return s.cut(err)
				}
			}
		}
	}
}

// addValue adds a piece of a value, up to a length.
func (s *sheetScanner) addValue(piece []byte) {
	if room := source.MaxCell - len(s.value); len(piece) > room {
		piece = piece[:room]
		s.cell.long = true
	}
	s.value = append(s.value, piece...)
}

// readInline reads an inline text. Some programs write a value as well, which is another, or no
// type: the text counts.
func (s *sheetScanner) readInline(values bool) error {
	s.value, s.cell.inline, s.cell.kind = s.value[:0], true, 'i'
	return readText(s.x, s.x.Depth(), func(piece []byte) error {
		s.cell.present = s.cell.present || len(piece) > 0
		if values {
			s.addValue(piece)
		}
		return nil
	})
}

// readRest reads what follows the rows to the end of the part: that checks its checksum. merged is called for each merged range.
func (s *sheetScanner) readRest(merged func(reference []byte) error) error {
	for {
		kind, err := s.next()
		switch {
		case err == io.EOF: //nolint:errorlint // an error that wraps io.EOF is not the end
			return nil
		case err != nil:
			return err
		case kind == xmlscan.Start && s.x.Depth() == 3 && s.x.Is("mergeCell") && merged != nil:
			if err := merged(bytes.TrimSpace(attribute(s.x, "ref"))); err != nil {
				return damaged(s.name, err)
			}
		}
	}
}
