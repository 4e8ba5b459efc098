package writer_test

import (
	"slices"
	"strings"
	"testing"

	"enrich/format"
	"enrich/writer"
)

// TestFieldsAreTheColumnsOfAnAnswer, without those that are always there.
func TestFieldsAreTheColumnsOfAnAnswer(t *testing.T) {
	fields := writer.Fields()
	if len(fields) != len(writer.ResultColumns())-4 || fields[0] != "first_name" || fields[len(fields)-1] != "extra" || slices.Contains(fields, "status") {
		t.Errorf("%q", fields)
	}
}

// TestChosenFields are written in the order that was asked for, after the columns that are always there, and in every format with
// columns. The columns of an earlier answer are replaced by the chosen ones.
func TestChosenFields(t *testing.T) {
	s := writer.Source{Format: format.CSV, Columns: []string{"email", "enrich_title", "enrich_department"}}
	row := writer.Row{Cells: []string{"a@x.example", "old", "old"}}
	for _, test := range []struct {
		fields        []string
		header, cells string
	}{
		{[]string{"title", "mobile_phone"}, "enrich_title,enrich_mobile_phone", "CTO,"},
		{[]string{"extra", "title"}, "enrich_extra,enrich_title", `{"contact":{"x":1}},CTO`},
		{[]string{}, "", ""},
	} {
		header := strings.TrimSuffix("email,enrich_status,enrich_at,enrich_credit,enrich_message,"+test.header, ",")
		cells := "a@x.example,matched,2026-03-01T11:30:05Z,true,note"
		if test.header != "" {
			cells += "," + test.cells
		}
		o := writer.Options{Format: format.CSV, Fields: test.fields}
		got := records(t, resultsOf(t, s, o, row, row))
		if strings.Join(got[0], ",") != header || strings.Join(got[1], ",") != cells || !slices.Equal(got[1], got[2]) {
			t.Errorf("%q: %q", test.fields, got)
		}
		o.Format = format.XLSX
		if rows := sheet(t, resultsOf(t, s, o, row, row)).Rows; !slices.EqualFunc(rows, got, slices.Equal) {
			t.Errorf("%q in a workbook: %q", test.fields, rows)
		}
	}
	for _, name := range []string{"status", "enrich_title", "Title", "frobnicate", ""} {
		if _, err := writer.NewResults(nil, s, writer.Options{Format: format.CSV, Fields: []string{name}}); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}
