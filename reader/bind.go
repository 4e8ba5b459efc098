package reader

import (
	"io"
	"slices"

	"github.com/gocarina/gocsv"

	"enrich/contact"
)

// A binder makes contacts of rows: gocsv binds the mapped columns, named by their fields, to the csv tags of
// contact.Contact.
//
// It is fed from batches that were parsed already: gocsv never sees the input, so that its quirks (a kept BOM, a panic
// on a row longer than the header, a goroutine that leaks when its callback stops) have nothing to bite on. Nothing of
// gocsv that is shared by the whole process is set.
type binder struct {
	columns []int // where the fields stand in a row's cells
	// records is what gocsv reads: the fields' names, then the fields' cells of each sound row.
	records  [][]string
	cells    []string // what the records are slices of
	contacts []contact.Contact
}

// newBinder takes the mapping of fields to columns, of which the rows have so many.
func newBinder(mapping map[contact.Field]int, columns int) *binder {
	b := &binder{}
	var header []string
	for _, f := range contact.Fields() {
		if at, ok := mapping[f]; ok && at >= 0 && at < columns {
			b.columns = append(b.columns, at)
			header = append(header, string(f))
		}
	}
	b.records = [][]string{header}
	return b
}

// bind sets the contact of each row that is not refused. The cells are not copied: a contact's values are the cells.
func (b *binder) bind(rows []Row) error {
	if len(b.columns) == 0 {
		return nil
	}
	b.fill(rows)
	sound := len(b.records) - 1
	if sound == 0 {
		return nil
	}
	if len(b.contacts) < sound {
		b.contacts = make([]contact.Contact, sound)
	}
	if err := gocsv.UnmarshalCSV((*records)(b), &b.contacts); err != nil {
		return err // a string always fits a string
	}
	next := 0
	for i := range rows {
		if rows[i].Refused == nil {
			rows[i].Contact = b.contacts[next].Trimmed()
			next++
		}
	}
	return nil
}

// fill makes the records of the rows that are sound.
func (b *binder) fill(rows []Row) {
	width := len(b.columns)
	b.records, b.cells = b.records[:1], slices.Grow(b.cells[:0], width*len(rows))
	for i := range rows {
		if rows[i].Refused != nil {
			continue
		}
		from := len(b.cells)
		for _, at := range b.columns {
			cell := ""
			if at < len(rows[i].Cells) {
				cell = rows[i].Cells[at]
			}
			b.cells = append(b.cells, cell)
		}
		b.records = append(b.records, b.cells[from:])
	}
}

// records is a binder as the gocsv.CSVReader that gocsv reads.
type records binder

// ReadAll gives the header and the batch.
func (r *records) ReadAll() ([][]string, error) { return r.records, nil }

// Read is not called for a whole batch.
func (r *records) Read() ([]string, error) { return nil, io.EOF }
