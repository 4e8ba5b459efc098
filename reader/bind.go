package reader

import "enrich/contact"

// A binder makes contacts of rows. gocsv would do it by the csv tags of contact.Contact, and a test holds the two against
// each other; but its reflection for each row cost ten allocations and more than reading the row did.
type binder struct {
	fields  []contact.Field
	columns []int // where they stand in a row's cells
}

// newBinder takes the mapping of fields to columns, of which the rows have so many.
func newBinder(mapping map[contact.Field]int, columns int) *binder {
	b := &binder{}
	for _, f := range contact.Fields() {
		if at, ok := mapping[f]; ok && at >= 0 && at < columns {
			b.fields, b.columns = append(b.fields, f), append(b.columns, at)
		}
	}
	return b
}

// bind sets the contact of each row that is not refused. The cells are not copied: a contact's values are the cells.
func (b *binder) bind(rows []Row) {
	if len(b.fields) == 0 {
		return
	}
	for i := range rows {
		if rows[i].Refused != nil {
			continue
		}
		var c contact.Contact
		for n, at := range b.columns {
			if at < len(rows[i].Cells) {
				c.Set(b.fields[n], rows[i].Cells[at])
			}
		}
		rows[i].Contact = c.Cleaned()
	}
}
