package workbook

import (
	"slices"
	"strings"
)

// maxMergedText is how many bytes of text the merged ranges of one row may have; that is more than a row of a list ever has.
const maxMergedText = 4 << 20

// A merger gives the cells of ranges that are merged downwards the value of their first cell: people see it in all of their rows. It
// is used for rows in order.
type merger struct {
	ranges []mergedRange // that do not begin yet
	active []mergedValue
	size   int // of the values of active, in bytes
}

// A mergedValue is the value of a range.
type mergedValue struct {
	last, column int
	value        string
}

// fill fills the cells of a row. place is the column of the table for each column of the sheet.
func (m *merger) fill(row int, place []int, cells []string) {
	if len(m.ranges) == 0 && len(m.active) == 0 {
		return
	}
	m.active = slices.DeleteFunc(m.active, func(a mergedValue) bool {
		if a.last < row {
			m.size -= len(a.value)
		}
		return a.last < row
	})
	for _, a := range m.active {
		if cells[a.column] == "" {
			cells[a.column] = a.value
		}
	}
	for len(m.ranges) > 0 && int(m.ranges[0].first) <= row {
		r := m.ranges[0]
		m.ranges = m.ranges[1:]
		column := place[r.column]
		if int(r.first) < row || column < 0 || cells[column] == "" || m.size+len(cells[column]) > maxMergedText {
			continue
		}
		m.active = append(m.active, mergedValue{int(r.last), column, strings.Clone(cells[column])})
		m.size += len(cells[column])
	}
}
