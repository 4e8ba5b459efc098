package dialect

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// maxSample is how many records decide about a dialect.
const maxSample = 1000

// A sample is a block of text as one dialect divides it.
type sample struct {
	// records are parts of flat, and their cells of one copy of the text: a block has thousands of cells.
	records [][]string
	flat    []string
	// faulty is how many records have quotes out of place.
	faulty int
	// cells counts all cells. In a padded dialect, spaced counts those after a delimiter and a space, and unspaced those
	// that lack the space.
	cells, spaced, unspaced int
	// quoted counts the cells in quotes, doubled those of them with a doubled or escaped quote inside. bare counts the
	// cells without quotes that are neither empty nor a number.
	quoted, doubled, bare int
	// widths counts the records of each width, protected those of them in which quotes protect something.
	widths, protected map[int]int
}

// newSample divides a block by a dialect. whole says that nothing follows the block.
func newSample(d Dialect, block []byte, whole bool) *sample {
	r := &sample{widths: map[int]int{}, protected: map[int]int{}}
	s := NewScanner(d)
	for text := string(block); len(block) > 0 && len(r.records) < maxSample; text = text[len(text)-len(block):] {
		size, f := s.Record(block, whole)
		switch f {
		case NoFault, QuotesAcrossCells:
			if f == QuotesAcrossCells {
				r.faulty++
			}
			if len(s.Spans) > 1 || !s.IsBlank(strings.TrimRight(text[:size], "\r\n")) {
				r.add(s, text[:size])
			}
			block = block[size:]
			continue
		case Incomplete:
			if !whole {
				return r
			}
		}
		r.faulty++
		lineEnd := byte('\n')
		if d.CR {
			lineEnd = '\r'
		}
		i := bytes.IndexByte(block, lineEnd)
		if i < 0 {
			return r
		}
		block = block[i+1:]
	}
	return r
}

func (r *sample) add(s *Scanner, record string) {
	from := len(r.flat)
	r.flat = slices.Grow(r.flat, len(s.Spans))[:from+len(s.Spans)]
	cells := r.flat[from:len(r.flat):len(r.flat)]
	protected := false
	for i, p := range s.Spans {
		cells[i] = record[p.From:p.To]
		quoted := p.From > 0 && s.Quote != 0 && record[p.From-1] == s.Quote
		switch {
		case quoted:
			r.quoted++
			protected = protected || p.Escaped || s.needsQuotes(cells[i])
		case cells[i] != "" && !IsNumber(cells[i]):
			r.bare++
		}
		if i > 0 && s.Padded {
			r.countPadding(record, p, quoted)
		}
		if p.Escaped {
			r.doubled++
			cells[i] = string(s.Unescape(nil, cells[i]))
		}
	}
	r.cells += len(cells)
	r.widths[len(cells)]++
	if protected {
		r.protected[len(cells)]++
	}
	r.records = append(r.records, cells)
}

// needsQuotes reports whether a quoted cell would not be one cell without its quotes.
func (d *Dialect) needsQuotes(cell string) bool {
	return strings.ContainsAny(cell, "\r\n") || d.Delimiter != "" && strings.Contains(cell, d.Delimiter)
}

// countPadding counts whether a cell has the space of a padded delimiter before it. A space inside quotes does not count,
// and an empty cell proves nothing.
func (r *sample) countPadding(record string, p Span, quoted bool) {
	before := p.From - 1
	if quoted {
		before--
	}
	switch {
	case record[before] == ' ':
		r.spaced++
	case quoted || p.To > p.From:
		r.unspaced++
	}
}

// isPadded reports whether nearly every delimiter of a padded dialect has its space.
func (r *sample) isPadded() bool { return r.spaced > 0 && r.unspaced*50 <= r.cells }

// isOneColumn reports whether every record is one cell, and none is faulty.
func (r *sample) isOneColumn() bool {
	for _, record := range r.records {
		if len(record) != 1 {
			return false
		}
	}
	return r.faulty == 0
}

// beginsWithOneCell reports whether the first record is one cell.
func (r *sample) beginsWithOneCell() bool { return len(r.records) > 0 && len(r.records[0]) == 1 }

// modalWidth returns the width that most records have, the larger one of two; 0 if there is no record.
func (r *sample) modalWidth() int {
	modal := 0
	for w, n := range r.widths {
		if modal == 0 || n > r.widths[modal] || n == r.widths[modal] && w > modal {
			modal = w
		}
	}
	return modal
}

// score returns how much the sample looks like a table (see Detect).
func (r *sample) score() float64 {
	n := float64(len(r.records) + r.faulty)
	if n == 0 {
		return 0
	}
	rows, cellScores := map[int]float64{}, map[int]float64{}
	for _, record := range r.records {
		w := len(record)
		if w < 2 {
			continue
		}
		rows[w]++
		sum := 0.0
		for _, cell := range record {
			sum += cellScore(cell)
		}
		cellScores[w] += sum / float64(w)
	}
	score, modal, share := 0.0, 0, 0.0
	for _, w := range slices.Sorted(maps.Keys(rows)) { // in order: sums of fractions depend on it, and both passes must agree
		k := rows[w]
		share += k / n
		score += (k / n) * (k / n) * (cellScores[w] / k) * float64(w-1) / float64(w)
		if modal == 0 || k > rows[modal] || k == rows[modal] && w > modal {
			modal = w
		}
	}
	if len(r.records) > 0 {
		score *= firstRowWeight(len(r.records[0]), modal)
	}
	if share <= 0.5 {
		score *= 0.5
	}
	return score
}

// firstRowWeight returns what a sample is worth whose first record has a width, if most records have the modal width.
func firstRowWeight(first, modal int) float64 {
	switch first {
	case modal:
		return 1
	case 1:
		return 0.5
	}
	return 0.7
}
