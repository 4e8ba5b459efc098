package writer

import (
	"bufio"
	"reflect"

	"github.com/gocarina/gocsv"
)

// ResultColumns are the columns that results have after the input's, in order.
func ResultColumns() []string { return columnsOf([]resultRow{}) }

// FailureColumns are the columns that failures have after the input's, in order.
func FailureColumns() []string { return columnsOf([]failureRow{}) }

// A cell is a value of one of our columns. It is a pointer, so that a row's values can be walked over in the order of its
// columns without reflection: gocsv's own, for each row, was a fiftieth of all that a row cost.
type cell struct{ text *string }

// MarshalCSV gives gocsv the value.
func (c cell) MarshalCSV() (string, error) { return *c.text, nil }

func (c cell) set(text string) { *c.text = text }

// fillCells gives each cell of a struct its place, and returns them in the order of its fields, which is that of its columns.
func fillCells(row any) []cell {
	v := reflect.ValueOf(row).Elem()
	cells := make([]cell, v.NumField())
	for i := range cells {
		cells[i] = cell{new(string)}
		v.Field(i).Set(reflect.ValueOf(cells[i]))
	}
	return cells
}

// A record is a CSV record of the input's cells and ours.
type record struct {
	out   *bufio.Writer
	added []cell
	dress Dress
	given []string // reused
}

// write writes the input's cells, and ours as they are now.
func (r *record) write(given []string) error {
	b := r.begin(given)
	for i, c := range r.added {
		if i > 0 {
			b = append(b, ',')
		}
		text := *c.text
		if r.dress.Safe {
			text = defuse(text)
		}
		b = appendCell(b, text)
	}
	return r.end(b)
}

// header writes the names of the input's columns, and of ours.
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

// columnsOf asks gocsv for the header of an empty slice of structs.
func columnsOf(rows any) []string {
	var h header
	if err := gocsv.MarshalCSV(rows, &h); err != nil {
		panic("writer: a struct of ours cannot be bound: " + err.Error()) // the types are constant
	}
	return h.names
}

// A header is a gocsv.CSVWriter that keeps what it is given.
type header struct{ names []string }

// Write keeps a copy: gocsv uses its record again.
func (h *header) Write(record []string) error {
	h.names = append(h.names, record...)
	return nil
}

// Flush does nothing.
func (*header) Flush() {}

// Error has nothing to tell.
func (*header) Error() error { return nil }
