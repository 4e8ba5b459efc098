package layout

import (
	"slices"
	"strings"

	"enrich/reader/internal/mapping"
)

// Which line is the header? The first line that is not a title or a comment (Table.first), unless another line is better:
//
//   - it names more fields of a contact, most rows below it have its width, and their values do not contradict the names; or
//   - the first line cannot be a header, because hardly any row has its width or because it is a label ("Report:,Leads"),
//     and the other line names columns of numbers, dates, addresses or URLs without being one of their rows.
//
// A row of the table is never taken for the header because the header is malformed: a malformed header names fields too.

const (
	// minScore is the score of a line that is the header instead of the first line (see mapping.HeaderScorer).
	minScore = 2
	// maxAddressesAbove is how many lines above a header may have an address if its rows have one, maxFilledAbove how
	// many may be filled like rows. If there are more, they are rows.
	maxAddressesAbove, maxFilledAbove = 2, 10
	// maxName is the length of the longest column name, in bytes, that is considered.
	maxName = 200
)

// better returns the index of a line that is a better header than the one at first, or -1. first is -1 if there is none.
func (t *Table) better(first int, o Options) int {
	best, top := t.bestScored(first, mapping.NewHeaderScorer(o.Map))
	if best >= 0 || top >= minScore {
		return best
	}
	at := t.byContrast(first)
	header := at
	if at < 0 {
		header = first
	}
	if t.canLookUp(header, o) {
		return at
	}
	if best, top = t.bestScored(first, mapping.NewAddedHeaderScorer(o.Map)); best >= 0 || top >= minScore {
		return best
	}
	return at
}

// canLookUp reports whether the list below a header can be looked up by the names that were known first. Then the header stays.
func (t *Table) canLookUp(header int, o Options) bool {
	if header < 0 || t.records[header].Fault != "" {
		return false
	}
	_, err := mapping.Columns(t.records[header].Cells, t.Samples(header), mapping.Options{Map: o.Map, FirstNames: true})
	return err == nil
}

// bestScored returns the index of the line that names more fields than the one at first, or -1, and the score of the best.
func (t *Table) bestScored(first int, scorer *mapping.HeaderScorer) (best, top int) {
	best, top = -1, minScore-1
	if first >= 0 && t.records[first].Fault == "" {
		top = max(top, scorer.Score(t.records[first].Cells, t.Samples(first)))
	}
	for i := range min(len(t.records), maxAbove+1) {
		if i == first || !t.couldBeHeader(i) {
			continue
		}
		if n := scorer.Score(t.records[i].Cells, t.Samples(i)); n > top && !t.hasRowsAbove(i) {
			best, top = i, n
		}
	}
	return best, top
}

// couldBeHeader reports whether a record can be a header by its cells and by the width of the records below it.
func (t *Table) couldBeHeader(at int) bool {
	r := t.records[at]
	if r.Fault != "" || HasValues(r.Cells) || slices.ContainsFunc(r.Cells, func(s string) bool { return len(s) > maxName }) {
		return false
	}
	return 2*t.countWidth(at+1, len(r.Cells)) >= len(t.records)-at-1
}

// countWidth counts the records of a width, from an index on.
func (t *Table) countWidth(from, width int) int {
	n := 0
	for _, r := range t.records[from:] {
		if r.Fault == "" && len(r.Cells) == width {
			n++
		}
	}
	return n
}

// hasRowsAbove reports whether lines above a record are rows of its table: they have its width, and several have an
// address where the rows below have one, or many are filled and are not labels.
func (t *Table) hasRowsAbove(at int) bool {
	samples, addresses, full := t.Samples(at), 0, 0
	var above [][]string // of the same width
	for _, r := range t.records[:at] {
		if r.Fault == "" && len(r.Cells) == len(t.records[at].Cells) {
			above = append(above, r.Cells)
		}
	}
	for column := range t.records[at].Cells {
		if len(above) == 0 || !mapping.EmailColumn(samples, column) {
			continue
		}
		for _, cells := range above {
			if mapping.IsAddress(strings.TrimSpace(cells[column])) {
				addresses++
			}
		}
	}
	for _, cells := range above {
		if areNames(cells) && !isLabel(cells) {
			full++
		}
	}
	return addresses > maxAddressesAbove || full > maxFilledAbove
}

// byContrast returns the index of a line that the values below it show to be the header, if the line at first cannot be
// one; or -1.
func (t *Table) byContrast(first int) int {
	if first < 0 || t.records[first].Fault != "" {
		return -1
	}
	onlyLabels := true
	seen := map[int]bool{} // widths
	for i := first; i < min(len(t.records), maxAbove); i++ {
		r := t.records[i]
		if r.Fault != "" {
			return -1
		}
		width := len(r.Cells)
		if i > first && width > 1 && areNames(r.Cells) && t.couldBeHeader(i) {
			switch {
			case onlyLabels && !isLabel(r.Cells) && len(t.records)-i > 2:
				return i
			case !seen[width] && t.fitsNoRow(first, i) && t.contrasts(i):
				return i
			}
		}
		onlyLabels, seen[width] = onlyLabels && isLabel(r.Cells), true
	}
	return -1
}

// fitsNoRow reports whether the line at first cannot be the header of the rows below the one at at: hardly any has its
// width, and it is not a header with one name too few or too many.
func (t *Table) fitsNoRow(first, at int) bool {
	cells, width := t.records[first].Cells, len(t.records[at].Cells)
	apart := len(cells) - width
	malformed := apart >= -1 && apart <= 1 && areNames(cells) && !isLabel(cells) && !HasValues(cells)
	return apart != 0 && !malformed && 10*t.countWidth(at+1, len(cells)) <= len(t.records)-at-1
}

// contrasts reports whether a record names columns of values without being a row: each column below that has only
// numbers, dates, addresses or URLs has a name in the record, and there is at least one.
func (t *Table) contrasts(at int) bool {
	samples, columns := t.Samples(at), 0
	for column, cell := range t.records[at].Cells {
		filled, values := 0, 0
		for _, row := range samples {
			if s := mapping.Cell(row, column); s != "" {
				filled++
				if isValue(s) {
					values++
				}
			}
		}
		if filled < 2 || 10*values < 9*filled {
			continue
		}
		if cell = strings.TrimSpace(cell); cell == "" || isValue(cell) {
			return false
		}
		columns++
	}
	return columns > 0
}

// comments returns how many records at the beginning are comments: they begin with "# " or are "#", and a record that looks
// like a header follows. A single one as wide as the table may itself be a header, such as "# of employees".
func (t *Table) comments() int {
	n := 0
	for n < len(t.records) && t.records[n].Fault == "" && isComment(t.records[n].Cells[0]) {
		n++
	}
	if n == 0 || n == len(t.records) || n == 1 && len(t.records[0].Cells) == t.width {
		return 0
	}
	if next := t.records[n]; next.Fault != "" || len(next.Cells) != t.width || HasValues(next.Cells) {
		return 0
	}
	return n
}

// isComment reports whether a record that begins with this cell is a comment.
func isComment(cell string) bool { return cell == "#" || strings.HasPrefix(cell, "# ") }

// isTitle reports whether a record is a title above the table: it has hardly any filled cells, and the table has several columns.
func (t *Table) isTitle(cells []string) bool {
	filled := 0
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			filled++
		}
	}
	return t.width > 1 && filled <= 1 || filled*3 < t.width
}

// isLabel reports whether a record is a label with its value, or a comment, as there are above tables.
func isLabel(cells []string) bool {
	for _, cell := range cells {
		if s := strings.TrimSpace(cell); s != "" {
			return strings.HasSuffix(s, ":") || isComment(s) || strings.HasPrefix(s, "//") || strings.HasPrefix(s, "--")
		}
	}
	return true
}

// areNames reports whether the cells can be the names of columns: most are filled, and no two are the same.
func areNames(cells []string) bool {
	filled := map[string]bool{}
	for _, cell := range cells {
		s := strings.TrimSpace(cell)
		if s == "" {
			continue
		}
		if filled[s] {
			return false
		}
		filled[s] = true
	}
	return 4*len(filled) >= 3*len(cells)
}
