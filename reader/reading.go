package reader

import (
	"bytes"
	"strings"
)

// A reading is a block as one dialect has it.
type reading struct {
	records [][]string
	// spoiled is how many records had quotes out of place.
	spoiled int
	// cells counts all cells. In a padded dialect, spaced counts those after a delimiter and a space, and unspaced those
	// that lack the space.
	cells, spaced, unspaced int
	// quoted counts the cells in quotes, doubled those of them with a doubled or escaped quote inside. bare counts the
	// cells without quotes that are neither empty nor a number.
	quoted, doubled, bare int
	// widths counts the records of each width, protected those of them in which quotes protect something.
	widths, protected map[int]int
}

func newReading(d dialect, block []byte, whole bool) *reading {
	r := &reading{widths: map[int]int{}, protected: map[int]int{}}
	s := newScanner(d)
	for len(block) > 0 && len(r.records) < sniffRecords {
		size, f := s.record(block, whole)
		switch f {
		case cut:
			if !whole {
				return r
			}
			fallthrough
		default:
			r.spoiled++
			i := bytes.IndexByte(block, '\n')
			if d.cr {
				i = bytes.IndexByte(block, '\r')
			}
			if i < 0 {
				return r
			}
			block = block[i+1:]
		case sound, crossing:
			if f == crossing {
				r.spoiled++
			}
			if len(s.spans) > 1 || !s.blank(string(trimEnd(block[:size]))) {
				r.add(s, block[:size])
			}
			block = block[size:]
		}
	}
	return r
}

func (r *reading) add(s *scanner, record []byte) {
	cells := make([]string, len(s.spans))
	protected := false
	for i, p := range s.spans {
		cells[i] = string(record[p.from:p.to])
		quoted := p.from > 0 && s.quotes(record, p.from-1)
		switch {
		case quoted:
			r.quoted++
			protected = protected || p.escaped || s.protects(cells[i])
		case cells[i] != "" && !numberLike(cells[i]):
			r.bare++
		}
		if i > 0 && s.padded {
			r.space(record, p, quoted)
		}
		if p.escaped {
			r.doubled++
			cells[i] = string(s.unescape(nil, cells[i]))
		}
	}
	r.cells += len(cells)
	r.widths[len(cells)]++
	if protected {
		r.protected[len(cells)]++
	}
	r.records = append(r.records, cells)
}

// protects reports whether a quoted cell would not be one cell without its quotes.
func (d *dialect) protects(cell string) bool {
	return strings.ContainsAny(cell, "\r\n") || d.delimiter != "" && strings.Contains(cell, d.delimiter)
}

// space looks for the space that a padded delimiter has before a cell. Text inside quotes is not looked at, and an empty
// cell says nothing.
func (r *reading) space(record []byte, p span, quoted bool) {
	before := p.from - 1
	if quoted {
		before--
	}
	switch {
	case record[before] == ' ':
		r.spaced++
	case quoted || p.to > p.from:
		r.unspaced++
	}
}

// padding reports whether the delimiter of a padded dialect has its space in nearly every place.
func (r *reading) padding() bool { return r.spaced > 0 && r.unspaced*50 <= r.cells }

// modal is the width that most records have, the larger one of two; 0 if there is no record.
func (r *reading) modal() int {
	modal := 0
	for w, n := range r.widths {
		if modal == 0 || n > r.widths[modal] || n == r.widths[modal] && w > modal {
			modal = w
		}
	}
	return modal
}

// score is how much the reading looks like a table.
func (r *reading) score() float64 {
	n := float64(len(r.records) + r.spoiled)
	if n == 0 {
		return 0
	}
	rows, typed := map[int]float64{}, map[int]float64{}
	for _, record := range r.records {
		w := len(record)
		if w < 2 {
			continue
		}
		rows[w]++
		good := 0.0
		for _, cell := range record {
			good += typedness(cell)
		}
		typed[w] += good / float64(w)
	}
	score, modal, apart := 0.0, 0, 0.0
	for w, k := range rows {
		apart += k / n
		score += (k / n) * (k / n) * (typed[w] / k) * float64(w-1) / float64(w)
		if modal == 0 || k > rows[modal] || k == rows[modal] && w > modal {
			modal = w
		}
	}
	if len(r.records) > 0 {
		score *= agreement(len(r.records[0]), modal)
	}
	if apart <= 0.5 {
		score *= 0.5
	}
	return score
}
