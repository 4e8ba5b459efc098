package writer_test

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/format"
	"enrich/writer"
)

// benchBody is an answer of about 450 bytes with every documented field.
const benchBody = `{"contact":{"credit_charged":true,"first_name":"Ann","last_name":"Smith","email":"ann.smith@example.com","office_phone":"+18005551234","mobile_phone":"","location":{"country":"United States","state":"CA","zip_code":"94016"},"title":"VP Sales","job_level":"VP","department":"Sales","linkedin":"https://linkedin.com/in/ann","company":{"name":"Example","description":"Makes examples","website":"example.com","employees_category":"500-1,000","revenue_category":"$50M","location":{"country":"US","state":"CA","zip_code":"94016"}}},"remaining_credits":10}`

func csvSource() writer.Source {
	return writer.Source{Format: format.CSV, Columns: []string{"id", "First Name", "Last Name", "Email", "Company", "Web site", "Phone", "Notes"}}
}

func csvRow() writer.Row {
	return writer.Row{Line: 2, Cells: []string{"1", "Ann", "Smith", "ann.smith@example.com", "Example, Inc.", "example.com", "+1 800 555 1234", "met at the fair"}}
}

func jsonRow() writer.Row {
	return writer.Row{Line: 1, Raw: []byte(`{"id":1,"First Name":"Ann","Last Name":"Smith","Email":"ann.smith@example.com","Company":"Example, Inc.","Web site":"example.com","Phone":"+1 800 555 1234","Notes":"met at the fair"}`)}
}

func benchResults(b *testing.B, f format.Format, s writer.Source, row writer.Row) {
	r, err := writer.NewResults(io.Discard, s, writer.Options{Format: f})
	if err != nil {
		b.Fatal(err)
	}
	result := writer.Result{Row: row, Kind: contact.Matched, At: time.Unix(1700000000, 0), Credit: true, Charged: true, Body: []byte(benchBody)}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if f == format.XLSX && n%1_000_000 == 999_999 { // a workbook has no more rows
			if r, err = writer.NewResults(io.Discard, s, writer.Options{Format: f}); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Write(&result); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResults(b *testing.B) {
	jsonl := csvSource()
	jsonl.Format = format.JSONL
	b.Run("csv to csv", func(b *testing.B) { benchResults(b, format.CSV, csvSource(), csvRow()) })
	b.Run("csv to xlsx", func(b *testing.B) { benchResults(b, format.XLSX, csvSource(), csvRow()) })
	b.Run("csv to jsonl", func(b *testing.B) { benchResults(b, format.JSONL, csvSource(), csvRow()) })
	b.Run("jsonl to csv", func(b *testing.B) { benchResults(b, format.CSV, jsonl, jsonRow()) })
	b.Run("jsonl to jsonl", func(b *testing.B) { benchResults(b, format.JSONL, jsonl, jsonRow()) })
}

// BenchmarkFile writes files of 100,000 rows, each with another answer.
func BenchmarkFile(b *testing.B) {
	for _, f := range format.Outputs() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.ReportMetric(float64(benchFile(b, f))/1e5, "bytes/row")
			}
		})
	}
}

func benchFile(b *testing.B, f format.Format) (size int64) {
	var out counter
	r, err := writer.NewResults(&out, csvSource(), writer.Options{Format: f})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100_000 {
		id := strconv.Itoa(i)
		row := csvRow()
		row.Cells[0], row.Cells[3] = id, "ann."+id+"@example.com"
		result := writer.Result{Row: row, Kind: contact.Matched, At: time.Unix(1700000000+int64(i), 0), Credit: true, Charged: true, Body: []byte(strings.ReplaceAll(benchBody, "ann", "ann."+id))}
		if err := r.Write(&result); err != nil {
			b.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
	return int64(out)
}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
