package writer

import "github.com/gocarina/gocsv"

// capture is a gocsv.CSVWriter that hands each record to a function. gocsv binds a struct to its columns by the csv
// tags; how the record is written is ours, because it is the end of a longer one.
type capture func(record []string) error

func (c capture) Write(record []string) error { return c(record) }
func (c capture) Flush()                      {}
func (c capture) Error() error                { return nil }

// ResultColumns are the columns that results have after the input's, in order.
func ResultColumns() []string { return columnsOf([]resultRow{}) }

// FailureColumns are the columns that failures have after the input's, in order.
func FailureColumns() []string { return columnsOf([]failureRow{}) }

// columnsOf asks gocsv for the header of a slice of structs.
func columnsOf(rows any) []string {
	var header []string
	keep := capture(func(record []string) error {
		header = append(header, record...)
		return nil
	})
	if err := gocsv.MarshalCSV(rows, keep); err != nil {
		panic("writer: a struct of ours cannot be bound: " + err.Error()) // the types are constant
	}
	return header
}
