package workbook

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"enrich/reader/internal/source"
	"enrich/reader/internal/xmlscan"
)

const (
	// maxMerged is how many ranges may be merged downwards.
	maxMerged = 1 << 20
	// maxUnordered is the largest part of a sheet whose rows are not in order, unpacked, in bytes: it is put in order in memory.
	maxUnordered = 16 << 20
)

// A survey is what is known about a sheet after it was read once.
type survey struct {
	after     int
	filled    [maxColumns]bool // columns with a value after row after
	merged    []mergedRange    // by their first rows
	unordered bool             // rows are not in order
	hidden    []hiddenRows     // in order
	missing   int64            // formulas without a saved value
}

// A mergedRange is a column of cells that are merged downwards.
type mergedRange struct{ first, last, column int32 }

// hiddenRows are hidden rows with values that follow one another.
type hiddenRows struct{ first, last int32 }

// newSurvey reads a sheet without its texts. Columns count as filled if they have a value after a row.
func newSurvey(s *sheetScanner, after int) (*survey, error) {
	v := &survey{after: after}
	for before := 0; ; {
		more, err := s.nextRow()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		v.unordered = v.unordered || s.row <= before
		before = s.row
		if err := v.addRow(s); err != nil {
			return nil, err
		}
	}
	if err := s.readRest(v.addMerged); err != nil {
		return nil, err
	}
	slices.SortFunc(v.merged, func(a, b mergedRange) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.column, b.column))
	})
	return v, nil
}

// addRow takes what the cells of a row show.
func (v *survey) addRow(s *sheetScanner) error {
	hasValue := false
	for {
		more, err := s.nextCell(false)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		c := &s.cell
		if c.present {
			hasValue = true
			v.filled[c.column] = v.filled[c.column] || s.row > v.after
		} else if c.formula && c.kind != 't' {
			v.missing++
		}
	}
	if !hasValue {
		return nil
	}
	if row := int32(s.row); s.hidden {
		switch n := len(v.hidden); {
		case n == 0 || row > v.hidden[n-1].last+1:
			v.hidden = append(v.hidden, hiddenRows{row, row})
		case row == v.hidden[n-1].last+1:
			v.hidden[n-1].last = row
		}
	}
	return nil
}

// hiddenAfter counts the hidden rows after a row.
func (v *survey) hiddenAfter(row int) (n int64) {
	for _, h := range v.hidden {
		n += max(0, int64(h.last)-max(int64(h.first)-1, int64(row)))
	}
	return n
}

// addMerged takes a merged range, such as A2:B4.
func (v *survey) addMerged(reference []byte) error {
	from, to, _ := bytes.Cut(bytes.ReplaceAll(reference, []byte("$"), nil), []byte(":"))
	column, first, last := columnOf(from), rowOf(from), rowOf(to)
	if column < 0 || column >= maxColumns || first < 1 || last <= first {
		return nil // not merged downwards
	}
	if len(v.merged) == maxMerged {
		return fmt.Errorf("more than %d merged ranges", maxMerged)
	}
	v.merged = append(v.merged, mergedRange{int32(first), int32(min(last, maxRows)), int32(column)})
	return nil
}

// rowOf returns the row of a reference such as AB12, from 1; -1 if it is none.
func rowOf(reference []byte) int {
	return number(bytes.TrimLeft(reference, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
}

// inOrder returns a scanner of a sheet whose rows are not in order, with its rows in order. Such a sheet must not be large.
func (b *book) inOrder(p sheetPart) (*sheetScanner, error) {
	in, err := b.open(p.part, maxSheet)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // it was only read
	part, err := io.ReadAll(io.LimitReader(in, maxUnordered+1))
	if err != nil {
		return nil, err
	}
	if len(part) > maxUnordered || bytes.HasPrefix(part, []byte{0xff, 0xfe}) || bytes.HasPrefix(part, []byte{0xfe, 0xff}) {
		return nil, source.NotTable(fmt.Sprintf("the rows of sheet %q are not in order; open the workbook in a spreadsheet program and save it again", p.name))
	}
	rows, err := sortedRows(part)
	if err != nil {
		return nil, damaged(p.part, err)
	}
	s := &sheetScanner{x: xmlscan.New(strings.NewReader(rows)), name: p.part}
	return s, s.skipToRows()
}

// sortedRows returns the rows of a part, sorted by their numbers, as a part of its own. What follows the rows is left out.
func sortedRows(part []byte) (string, error) {
	type row struct{ number, from, to int }
	var rows []row
	x := xmlscan.New(bytes.NewReader(part))
	last := 0
	for {
		from := x.Offset()
		kind, err := x.Next()
		if err == io.EOF { //nolint:errorlint // an error that wraps io.EOF is not the end
			break
		}
		if err != nil {
			return "", err
		}
		if kind != xmlscan.Start || x.Depth() != 3 || !x.Is("row") {
			continue
		}
		last++ // a row without a number follows the one before
		if r := attribute(x, "r"); r != nil {
			last = number(r)
		}
		if err := x.Skip(); err != nil {
			return "", err
		}
		rows = append(rows, row{last, from, x.Offset()})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.number, b.number) })
	var sorted strings.Builder
	sorted.WriteString("<worksheet><sheetData>")
	for _, r := range rows {
		sorted.Write(part[r.from:r.to])
	}
	sorted.WriteString("</sheetData></worksheet>")
	return sorted.String(), nil
}
