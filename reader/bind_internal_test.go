package reader

import (
	"testing"

	"enrich/contact"
)

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
