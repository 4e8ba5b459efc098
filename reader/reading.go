package reader

import "bytes"

// A reading is a block as one dialect has it.
type reading struct {
	records [][]string
	// spoiled is how many records had quotes out of place.
	spoiled int
	// cells counts them, bumped those that lack the space that the dialect wants.
	cells, bumped int
}

func newReading(d dialect, block []byte, whole bool) *reading {
	r := &reading{}
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
	r.cells, r.bumped = r.cells+len(s.spans), r.bumped+s.bumped
	cells := make([]string, len(s.spans))
	for i, p := range s.spans {
		cells[i] = string(record[p.from:p.to])
		if p.escaped {
			cells[i] = string(s.unescape(nil, cells[i]))
		}
	}
	r.records = append(r.records, cells)
}

// score is how much the reading looks like a table.
func (r *reading) score() float64 {
	n := float64(len(r.records) + r.spoiled)
	if n == 0 || r.bumped*50 > r.cells {
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
