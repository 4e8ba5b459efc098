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

// A cell is a value of one of our columns. It is one pointer wide, which is what gocsv's reflection can read without a
// copy on the heap: as plain strings, the columns of one row of results are 25 allocations.
type cell struct{ text *string }

// MarshalCSV gives gocsv the value.
func (c cell) MarshalCSV() (string, error) { return *c.text, nil }

func (c cell) set(text string) { *c.text = text }

// fillCells gives each cell of a struct its place.
func fillCells(row any) {
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		v.Field(i).Set(reflect.ValueOf(cell{new(string)}))
	}
}

// A record is a CSV record of the input's cells and ours. It is the gocsv.CSVWriter that gocsv hands our cells to:
// gocsv binds a struct to its columns by the csv tags; the quoting is ours, because its record is the end of a
// longer one. Nothing of gocsv that is shared by the whole process is set.
type record struct {
	out   *bufio.Writer
	bound any      // an array of one struct with csv tags, by its address
	given []string // the input's cells of this record
}

// write writes the input's cells, and ours from the struct that is bound.
func (r *record) write(given []string) error {
	r.given = given
	return gocsv.MarshalCSVWithoutHeaders(r.bound, r)
}

// Write takes our cells from gocsv.
func (r *record) Write(added []string) error { return r.append(r.given, added) }

// Flush does nothing: gocsv calls it after each row.
func (*record) Flush() {}

// Error has nothing to tell: Write tells it.
func (*record) Error() error { return nil }

func (r *record) append(given, added []string) error {
	b := r.out.AvailableBuffer()
	if len(given) > 0 {
		b = append(appendCells(b, given), ',')
	}
	_, err := r.out.Write(append(appendCells(b, added), '\n'))
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
