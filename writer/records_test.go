package writer_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocarina/gocsv"

	"enrich/contact"
	"enrich/format"
	"enrich/writer"
)

// TestRecordsHaveTheColumnsThatAreWritten: gocsv writes a record under the same header as a run does.
func TestRecordsHaveTheColumnsThatAreWritten(t *testing.T) {
	for name, tt := range map[string]struct {
		records any
		columns []string
	}{
		"results":  {[]writer.ResultRecord{}, writer.ResultColumns()},
		"failures": {[]writer.FailureRecord{}, writer.FailureColumns()},
	} {
		text, err := gocsv.MarshalString(tt.records)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(strings.TrimSpace(text), ","); !slices.Equal(got, tt.columns) {
			t.Errorf("%s: gocsv writes the header %q, a run %q", name, got, tt.columns)
		}
	}
}

// A source is an input with two columns.
func source() writer.Source {
	return writer.Source{Format: format.CSV, Columns: []string{"email", "id"}}
}

type resultRow struct {
	contact.Contact
	ID string `csv:"id"`
	writer.ResultRecord
}

// TestResultsAreReadByGocsv: a results file is read into the values that were written, and gocsv writes them as they were.
func TestResultsAreReadByGocsv(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 5, 0, time.UTC)
	var file bytes.Buffer
	results, err := writer.NewResults(&file, source(), writer.Options{Format: format.CSV})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []writer.Result{
		{
			Row: writer.Row{Cells: []string{"ann@x.example", "007"}}, Kind: contact.Matched, At: at, Credit: true,
			Body: []byte(`{"contact":{"title":"CTO, \"EMEA\"","mobile_phone":"+1 800","company":{"name":"X","location":{"zip_code":"01234"}},"x":1}}`),
		},
		{Row: writer.Row{Cells: []string{"bo@x.example", "8"}}, Kind: contact.NoMatch, At: at, Message: "not found", Body: []byte(`{"contact":{}}`)},
	} {
		if err := results.Write(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := results.Close(); err != nil {
		t.Fatal(err)
	}
	var got []resultRow
	if err := gocsv.Unmarshal(bytes.NewReader(file.Bytes()), &got); err != nil {
		t.Fatal(err)
	}
	matched := resultRow{Contact: contact.Contact{Email: "ann@x.example"}, ID: "007", ResultRecord: writer.ResultRecord{
		Status: "matched", At: at, Credit: true, Title: `CTO, "EMEA"`, MobilePhone: "+1 800", CompanyName: "X", CompanyLocationZipCode: "01234",
		Extra: `{"contact":{"x":1}}`,
	}}
	none := resultRow{Contact: contact.Contact{Email: "bo@x.example"}, ID: "8", ResultRecord: writer.ResultRecord{
		Status: "no_match", At: at, Message: "not found",
	}}
	if want := []resultRow{matched, none}; !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	equalCells(t, file.String(), got)
}

type failureRow struct {
	contact.Contact
	ID string `csv:"id"`
	writer.FailureRecord
}

// TestFailuresAreReadByGocsv is the same for failures, with and without a status.
func TestFailuresAreReadByGocsv(t *testing.T) {
	var file bytes.Buffer
	failures, err := writer.NewFailures(&file, source(), writer.Options{Format: format.CSV})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []writer.Failure{
		{Row: writer.Row{Cells: []string{"ann@x.example", "1"}}, Kind: contact.Rejected, Status: 422, Message: "bad address", Attempts: 1},
		{Row: writer.Row{Cells: []string{"a", "2"}, Extra: []string{"3", "4"}}, Kind: contact.Ragged, Message: "4 cells"},
	} {
		if err := failures.Write(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := failures.Close(); err != nil {
		t.Fatal(err)
	}
	var got []failureRow
	if err := gocsv.Unmarshal(bytes.NewReader(file.Bytes()), &got); err != nil {
		t.Fatal(err)
	}
	if want := []failureRow{
		{contact.Contact{Email: "ann@x.example"}, "1", writer.FailureRecord{Kind: contact.Rejected, Status: 422, Message: "bad address", Attempts: 1}},
		{contact.Contact{Email: "a"}, "2", writer.FailureRecord{Kind: contact.Ragged, Message: "4 cells", Extra: `["3","4"]`}},
	}; !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	equalCells(t, file.String(), got)
}

// equalCells writes rows with gocsv, and compares the cells of the columns that a file has.
func equalCells(t *testing.T, file string, rows any) {
	t.Helper()
	text, err := gocsv.MarshalString(rows)
	if err != nil {
		t.Fatal(err)
	}
	got, want := parse(t, text), parse(t, file)
	for i, row := range want[1:] {
		for j, column := range want[0] {
			cell := got[i+1][slices.Index(got[0], column)]
			if noStatus := column == "enrich_error_status" && cell == "0"; cell != row[j] && !noStatus {
				t.Errorf("row %d: gocsv writes the %s %q, a run %q", i+1, column, cell, row[j])
			}
		}
	}
}

func parse(t *testing.T, text string) [][]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}
