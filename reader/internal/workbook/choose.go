package workbook

import (
	"fmt"
	"strings"

	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// A candidate is a sheet that may be the one to read.
type candidate struct {
	sheetPart
	isEmpty, isTable, fits, mayFit bool
}

// choose returns the sheet to read: the one that is named, or the only one that can be meant.
func (b *book) choose(o Options) (sheetPart, error) {
	if o.Sheet != "" {
		return b.sheetNamed(o.Sheet)
	}
	if len(b.sheets) == 0 {
		return sheetPart{}, source.NotTable("the workbook has no sheet with cells; name a file that has a table")
	}
	var visible, fitting, maybe, tables, filled []sheetPart
	for _, s := range b.sheets {
		if s.hidden {
			continue
		}
		c, err := b.candidate(s, o)
		if err != nil {
			return s, err
		}
		visible = append(visible, s)
		if c.fits {
			fitting = append(fitting, s)
		}
		if c.mayFit {
			maybe = append(maybe, s)
		}
		if c.isTable {
			tables = append(tables, s)
		}
		if !c.isEmpty {
			filled = append(filled, s)
		}
	}
	for _, possible := range [][]sheetPart{fitting, maybe, tables, filled} {
		switch len(possible) {
		case 0:
		case 1:
			return possible[0], nil
		default:
			return sheetPart{}, fmt.Errorf("%w: these sheets have a table: %s; name one with --sheet", source.ErrSheet, b.list(possible))
		}
	}
	if len(visible) < len(b.sheets) {
		return sheetPart{}, fmt.Errorf("%w: no visible sheet has a row: the sheets are %s; name one with --sheet", source.ErrSheet, b.list(b.sheets))
	}
	return sheetPart{}, fmt.Errorf("%w: no sheet of the workbook has a row", source.ErrEmpty)
}

// candidate looks at the first rows of a sheet.
func (b *book) candidate(s sheetPart, o Options) (c candidate, err error) {
	scanner, err := b.openSheet(s)
	if err != nil {
		return c, err
	}
	defer func() { _ = scanner.Close() }() // it was only read
	first, err := b.sample(scanner, o.Layout.HeaderLine)
	if err != nil {
		return c, err
	}
	c = candidate{sheetPart: s, isEmpty: len(first.rows) == 0}
	if c.isEmpty {
		return c, nil
	}
	table := layout.New(first.records(), first.whole)
	at, err := table.Header(o.Layout)
	samples := table.Samples(at)
	if c.isTable = err == nil && len(samples) > 0; !c.isTable {
		return c, nil
	}
	header := []string(nil)
	if at >= 0 {
		header = first.records()[at].Cells
	}
	c.fits = o.Fits == nil || o.Fits(header, samples)
	c.mayFit = c.fits || o.MayFit != nil && o.MayFit(header, samples)
	return c, nil
}

// maxListed is how many sheets a message lists.
const maxListed = 20

// list returns the names of sheets, quoted, for a message.
func (b *book) list(sheets []sheetPart) string {
	var names []string
	for i, s := range sheets {
		if i == maxListed {
			names = append(names, fmt.Sprintf("and %d more", len(sheets)-i))
			break
		}
		name := fmt.Sprintf("%.100q", s.name)
		if s.hidden {
			name += " (hidden)"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
