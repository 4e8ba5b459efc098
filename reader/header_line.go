package reader

import (
	"slices"
	"strings"

	"enrich/reader/internal/mapping"
)

// Which line is the header? The first line that is not a title is (table.first), unless another line is better:
//
//   - it names more fields of a contact, most rows below it have its width, and their values do not contradict the names; or
//   - the first line cannot be a header, because hardly any row has its width or because it is a label ("Report:,Leads"),
//     and the other line names columns of numbers, dates, addresses or URLs without being one of their rows.
//
// A row of the table is never taken for the header because the header is spoiled: a spoiled header names fields too.

const (
	// leastNaming is how much a line must name to be the header instead of the first line (see mapping.HeaderScorer).
	leastNaming = 2
	// mostAddressesAbove is how many lines above a header may have an address where its rows have one, mostFullAbove how
	// many may be filled like rows. More are rows.
	mostAddressesAbove, mostFullAbove = 2, 10
	// longestName is the length of the longest column name, in bytes, that is considered.
	longestName = 200
)

// better returns the index of a line that is a better header than the one at first, or -1. first is -1 if there is none.
func (t *table) better(first int, o Options) int {
	fields := mapping.NewHeaderScorer(o.Map)
	best, most := -1, leastNaming-1
	if first >= 0 && t.records[first].fault == sound {
		most = max(most, fields.Score(t.records[first].cells, t.samples(first)))
	}
	for i := range min(len(t.records), headerScan+1) {
		if i == first || !t.couldHead(i) {
			continue
		}
		if n := fields.Score(t.records[i].cells, t.samples(i)); n > most && !t.hasRowsAbove(i) {
			best, most = i, n
		}
	}
	if best < 0 && most < leastNaming {
		return t.contrasting(first)
	}
	return best
}

// couldHead reports whether a record can be a header by its cells and by the width of the records below it.
func (t *table) couldHead(at int) bool {
	r := t.records[at]
	if r.fault != sound || dataLike(r.cells) || slices.ContainsFunc(r.cells, func(s string) bool { return len(s) > longestName }) {
		return false
	}
	fit := t.ofWidth(at+1, len(r.cells))
	return 2*fit >= len(t.records)-at-1
}

// ofWidth counts the records of a width, from one on.
func (t *table) ofWidth(from, width int) int {
	n := 0
	for _, r := range t.records[from:] {
		if r.fault == sound && len(r.cells) == width {
			n++
		}
	}
	return n
}

// hasRowsAbove reports whether lines above a record are rows of its table: they have its width, and several have an
// address where the rows below have one, or many are filled and no labels.
func (t *table) hasRowsAbove(at int) bool {
	samples, addresses, full := t.samples(at), 0, 0
	alike := t.alike(at)
	for column := range t.records[at].cells {
		if len(alike) == 0 || !mapping.EmailColumn(samples, column) {
			continue
		}
		for _, cells := range alike {
			if mapping.IsAddress(strings.TrimSpace(cells[column])) {
				addresses++
			}
		}
	}
	for _, cells := range alike {
		if allNamed(cells) && !label(cells) {
			full++
		}
	}
	return addresses > mostAddressesAbove || full > mostFullAbove
}

// alike are the records above one that have its width.
func (t *table) alike(at int) [][]string {
	var alike [][]string
	for _, r := range t.records[:at] {
		if r.fault == sound && len(r.cells) == len(t.records[at].cells) {
			alike = append(alike, r.cells)
		}
	}
	return alike
}

// contrasting returns the index of a line that the values below it show to be the header, if the line at first cannot be
// one; or -1.
func (t *table) contrasting(first int) int {
	if first < 0 || t.records[first].fault != sound {
		return -1
	}
	labels := true
	seen := map[int]bool{} // widths
	for i := first; i < min(len(t.records), headerScan); i++ {
		r := t.records[i]
		if r.fault != sound {
			return -1
		}
		width := len(r.cells)
		if i > first && width > 1 && allNamed(r.cells) && t.couldHead(i) {
			switch {
			case labels && !label(r.cells) && len(t.records)-i > 2:
				return i
			case !seen[width] && t.misfits(first, i) && t.contrast(i):
				return i
			}
		}
		labels, seen[width] = labels && label(r.cells), true
	}
	return -1
}

// misfits reports whether the line at first cannot be the header of the rows below the one at at: hardly any has its
// width, and it is not a header with one name too few or too many.
func (t *table) misfits(first, at int) bool {
	cells, width := t.records[first].cells, len(t.records[at].cells)
	apart := len(cells) - width
	spoiled := apart >= -1 && apart <= 1 && allNamed(cells) && !label(cells) && !dataLike(cells)
	return apart != 0 && !spoiled && 10*t.ofWidth(at+1, len(cells)) <= len(t.records)-at-1
}

// contrast reports whether a record names columns of values without being a row: each column below that has only
// numbers, dates, addresses or URLs has a name in the record, and there is one.
func (t *table) contrast(at int) bool {
	samples, columns := t.samples(at), 0
	for column, cell := range t.records[at].cells {
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

// label reports whether a record is a label with its value, or a remark, as they stand above tables.
func label(cells []string) bool {
	for _, cell := range cells {
		if s := strings.TrimSpace(cell); s != "" {
			return strings.HasSuffix(s, ":") || s == "#" || strings.HasPrefix(s, "# ") || strings.HasPrefix(s, "//") || strings.HasPrefix(s, "--")
		}
	}
	return true
}

// allNamed reports whether the cells can be the names of columns: most are filled, and no two are the same.
func allNamed(cells []string) bool {
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

// above returns the lines above the header.
func (t *table) above(header int) Lines {
	var skipped Lines
	for i, r := range t.records[:header] {
		if i == 0 {
			skipped.First = r.line
		}
		skipped.Last = r.next - 1
		skipped.Count += r.next - r.line
	}
	return skipped
}
