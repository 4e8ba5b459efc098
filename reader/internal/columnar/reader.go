package columnar

import (
	"fmt"
	"unicode/utf8"

	"enrich/contact"
	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/source"
)

// batchText bounds the text that one Read returns, in bytes.
const batchText = 256 << 10

// Read fills rows with the next ones and returns how many; 0 and io.EOF at the end. Cells are views of text that is overwritten by
// the next Read.
func (r *Reader) Read(rows []source.Row) (n int, err error) {
	source.Poison(r.cell.text)
	r.cell.text, r.cells = r.cell.text[:0], r.cells[:0]
	for n < len(rows) && len(r.cell.text) < batchText && len(r.cells) <= source.BatchCells-len(r.header) || n == 0 {
		if r.err == nil {
			r.err = r.next(&rows[n])
		}
		if r.err != nil {
			break
		}
		n++
	}
	r.progress.Store(r.number)
	for i := range rows[:n] {
		if rows[i].Refused == nil {
			r.contact(&rows[i].Contact, rows[i].Cells)
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// next reads the next row.
func (r *Reader) next(row *source.Row) error {
	for r.left == 0 {
		if err := r.nextGroup(); err != nil {
			return err
		}
	}
	r.left--
	r.number++
	*row = source.Row{Line: r.number}
	if err := r.fill(row); err != nil {
		return source.Broken(fmt.Errorf("row %d: %w", r.number, err))
	}
	return nil
}

// nextGroup begins the next row group.
func (r *Reader) nextGroup() error {
	if err := r.groups.Next(); err != nil {
		return source.Broken(err)
	}
	r.left = r.groups.Rows
	for i := range r.leaves {
		r.leaves[i].start(r.groups.Chunks[i])
	}
	return nil
}

// fill reads the cells of a row.
func (r *Reader) fill(row *source.Row) error {
	b := &r.cell
	from := len(b.text)
	r.ends, r.elements = r.ends[:0], 0
	tooLong, invalid := 0, 0
	for i, c := range r.file.Columns {
		b.begin(min(len(b.text)+source.MaxCell+utf8.UTFMax, from+source.MaxRow))
		if err := r.addCell(c); err != nil {
			return err
		}
		if start := r.start(from, i); (b.over || len(b.text)-start > source.MaxCell) && tooLong == 0 {
			tooLong = i + 1
		}
		if b.invalid && invalid == 0 {
			invalid = i + 1
		}
		r.ends = append(r.ends, len(b.text))
	}
	if r.textLeft -= int64(len(b.text) - from); r.textLeft < 0 {
		return file.Unsupported("its cells have more than %d MiB and %d times its size of text: it may be made to do harm", int64(maxText)>>20, textRatio)
	}
	r.setCells(row, from)
	switch {
	case invalid > 0:
		row.Refused = r.refuse("column %d is not UTF-8, or not a value of its type", invalid)
	case tooLong > 0:
		row.Refused = r.refuse("column %d is longer than %d bytes, or the row than %d; only the beginning is kept here", tooLong, source.MaxCell, source.MaxRow)
	default:
		row.Refused = r.rowCheck.EarlierRefusal(row.Cells)
	}
	return nil
}

// start returns where a cell of a row begins.
func (r *Reader) start(from, cell int) int {
	if cell == 0 {
		return from
	}
	return r.ends[cell-1]
}

// setCells sets a row's cells to views of the text.
func (r *Reader) setCells(row *source.Row, from int) {
	at := len(r.cells)
	if cap(r.cells)-at < len(r.ends) {
		r.cells = make([]string, 0, max(len(r.ends), min(source.BatchCells, 256*len(r.ends)))) // rows keep the cells that they have
		at = 0
	}
	for _, end := range r.ends {
		r.cells = append(r.cells, source.View(r.cell.text[from:end]))
		from = end
	}
	row.Cells = r.cells[at:len(r.cells):len(r.cells)]
}

func (r *Reader) refuse(format string, args ...any) *source.Refusal {
	return &source.Refusal{Kind: contact.Invalid, Message: fmt.Sprintf("row %d: "+format, append([]any{r.number}, args...)...)}
}

// errEnded means that a column has fewer values than the row group has rows.
var errEnded = file.Damaged("a column has fewer values than the row group has rows")
