package mapping

import (
	"io"
	"testing"

	"github.com/gocarina/gocsv"
	"pgregory.net/rapid"

	"enrich/contact"
)

// TestContactsAreWhatGocsvBinds compares contacts with those that gocsv makes by the csv tags, whatever is in the cells.
func TestContactsAreWhatGocsvBinds(t *testing.T) {
	cell := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "null", "NULL", `"a"`, " a ", "\ufeffa", "a\u200bb", "0", "true", "a\x00b", "a\r\nb", "#", "="}))
	rapid.Check(t, func(t *rapid.T) {
		const columns = 8
		mapping := map[contact.Field]int{}
		for _, f := range contact.Fields() {
			if at := rapid.IntRange(-1, columns-1).Draw(t, string(f)); at >= 0 {
				mapping[f] = at
			}
		}
		b := NewBinder(mapping, columns, nil)
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			rows := make([][]string, rapid.IntRange(0, 5).Draw(t, "rows"))
			for i := range rows {
				rows[i] = rapid.SliceOfN(cell, 0, columns).Draw(t, "cells")
			}
			want := byGocsv(t, mapping, rows)
			var got contact.Contact // reused, as rows are
			for i := range rows {
				if b.Fill(&got, rows[i]); got != want[i] {
					t.Fatalf("row %d: got %+v, gocsv binds %+v", i, got, want[i])
				}
			}
		}
	})
}

// byGocsv is the contacts that rows should have.
func byGocsv(t *rapid.T, mapping map[contact.Field]int, rows [][]string) []contact.Contact {
	var header []string
	for f := range mapping {
		header = append(header, string(f))
	}
	table := records{header}
	for i := range rows {
		record := make([]string, len(header))
		for n, f := range header {
			if at := mapping[contact.Field(f)]; at < len(rows[i]) {
				record[n] = rows[i][at]
			}
		}
		table = append(table, record)
	}
	bound := make([]contact.Contact, 0, len(rows))
	if len(header) > 0 && len(rows) > 0 {
		if err := gocsv.UnmarshalCSV(table, &bound); err != nil {
			t.Fatal(err)
		}
	}
	for len(bound) < len(rows) {
		bound = append(bound, contact.Contact{})
	}
	for i := range bound {
		bound[i] = bound[i].Cleaned()
	}
	return bound
}

// records are a gocsv.CSVReader of what was parsed already.
type records [][]string

func (r records) ReadAll() ([][]string, error) { return r, nil }
func (r records) Read() ([]string, error)      { return nil, io.EOF }

var sink contact.Contact

func BenchmarkBind(b *testing.B) {
	rows := make([][]string, 256)
	for i := range rows {
		rows[i] = []string{"1", "Ann", "Smith", "ann.smith@example.com", "Example, Inc.", "https://www.example.com", "+1 800 555 1234", "met at the fair"}
	}
	for name, mapping := range map[string]map[contact.Field]int{
		"email":       {contact.Email: 3},
		"five fields": {contact.Email: 3, contact.FirstName: 1, contact.LastName: 2, contact.CompanyName: 4, contact.CompanyDomain: 5},
	} {
		b.Run(name, func(b *testing.B) {
			bind := NewBinder(mapping, 8, nil)
			b.ReportAllocs()
			for i := 0; i < b.N; i += len(rows) {
				for _, cells := range rows {
					bind.Fill(&sink, cells)
				}
			}
		})
	}
}
