package writer

import (
	"slices"
	"testing"

	"github.com/gocarina/gocsv"
)

// Our cells are written in the order of their struct's fields, without gocsv. Its columns must stand in the same order.
func TestOurCellsStandInTheOrderOfTheirColumns(t *testing.T) {
	var result resultRow
	var failure failureRow
	for _, row := range []struct {
		cells   []cell
		columns []string
		rows    any
	}{
		{fillCells(&result), ResultColumns(), &[1]*resultRow{&result}},
		{fillCells(&failure), FailureColumns(), &[1]*failureRow{&failure}},
	} {
		for i, c := range row.cells {
			c.set(row.columns[i])
		}
		var got header
		if err := gocsv.MarshalCSVWithoutHeaders(row.rows, &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.names, row.columns) {
			t.Errorf("gocsv writes %q under %q", got.names, row.columns)
		}
	}
}
