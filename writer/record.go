package writer

import "bufio"

// A record writes CSV records: the input's cells, then those that enrich adds.
type record struct {
	out   *bufio.Writer
	added []string // reused
	dress Dress
	given []string // reused
}

// write writes the input's cells and the added ones.
func (r *record) write(given []string) error {
	b := r.begin(given)
	for i, text := range r.added {
		if i > 0 {
			b = append(b, ',')
		}
		if r.dress.Safe {
			text = defuse(text)
		}
		b = appendCell(b, text)
	}
	return r.end(b)
}

// header writes the names of the input's columns and of the added ones.
func (r *record) header(given, added []string) error {
	if r.dress.BOM {
		if _, err := r.out.WriteRune(byteOrderMark); err != nil {
			return err
		}
	}
	return r.end(appendCells(r.begin(given), added))
}

func (r *record) begin(given []string) []byte {
	b := r.out.AvailableBuffer()
	if len(given) == 0 {
		return b
	}
	if r.dress.Safe {
		r.given = defuseAll(r.given, given)
		given = r.given
	}
	return append(appendCells(b, given), ',')
}

func (r *record) end(b []byte) error {
	_, err := r.out.Write(append(b, '\n'))
	return err
}
