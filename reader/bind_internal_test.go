package reader

import (
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
)

// TestBindingChangesNoCell holds what gocsv binds beside the cells themselves, whatever is in them.
func TestBindingChangesNoCell(t *testing.T) {
	cell := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "null", "NULL", `"a"`, " a ", "\ufeffa", "a\u200bb", "0", "true", "a\x00b", "a\r\nb", "#", "="}))
	rapid.Check(t, func(t *rapid.T) {
		const columns = 8
		mapping := map[contact.Field]int{}
		for _, f := range contact.Fields() {
			if at := rapid.IntRange(-1, columns-1).Draw(t, string(f)); at >= 0 {
				mapping[f] = at
			}
		}
		b := newBinder(mapping, columns)
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			rows := make([]Row, rapid.IntRange(0, 5).Draw(t, "rows"))
			for i := range rows {
				rows[i].Cells = rapid.SliceOfN(cell, 0, columns).Draw(t, "cells")
				if rapid.IntRange(0, 3).Draw(t, "refused") == 0 {
					rows[i].Refused = &Refusal{}
				}
			}
			if err := b.bind(rows); err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				if want := byHand(mapping, &rows[i]); rows[i].Contact != want {
					t.Fatalf("row %d: got %+v, want %+v", i, rows[i].Contact, want)
				}
			}
		}
	})
}

// byHand is the contact that a row should have.
func byHand(mapping map[contact.Field]int, row *Row) (c contact.Contact) {
	if row.Refused != nil {
		return c
	}
	for f, at := range mapping {
		if at < len(row.Cells) {
			c.Set(f, row.Cells[at])
		}
	}
	return c.Trimmed()
}

func BenchmarkBind(b *testing.B) {
	rows := make([]Row, 256)
	for i := range rows {
		rows[i].Cells = []string{"1", "Ann", "Smith", "ann.smith@example.com", "Example, Inc.", "https://www.example.com", "+1 800 555 1234", "met at the fair"}
	}
	for name, mapping := range map[string]map[contact.Field]int{
		"email":       {contact.Email: 3},
		"five fields": {contact.Email: 3, contact.FirstName: 1, contact.LastName: 2, contact.CompanyName: 4, contact.CompanyDomain: 5},
	} {
		b.Run(name, func(b *testing.B) {
			bind := newBinder(mapping, 8)
			b.ReportAllocs()
			for i := 0; i < b.N; i += len(rows) {
				if err := bind.bind(rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
