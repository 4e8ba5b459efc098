package reader

import "enrich/contact"

// A binder makes contacts of rows. gocsv could do it by the csv tags of contact.Contact, and a test compares the two; but its
// reflection cost ten allocations a row, and more than reading the row did.
type binder struct {
	fields   []contact.Field
	columns  []int             // their indexes in a row's cells
	fullName int               // the index of the full name; -1: none
	cleaning *contact.Cleaning // nil: nobody asks
}

// newBinder takes the mapping of fields to columns, and the number of columns.
func newBinder(mapping map[contact.Field]int, columns int) *binder {
	b := &binder{fullName: -1}
	for _, f := range contact.Fields() {
		if at, ok := mapping[f]; ok && at >= 0 && at < columns {
			b.fields, b.columns = append(b.fields, f), append(b.columns, at)
		}
	}
	if at, ok := mapping[contact.FullName]; ok && at >= 0 && at < columns {
		b.fullName = at
	}
	return b
}

// bind sets the contact of each row that is not refused. The cells are not copied: a contact's values are pieces of them.
func (b *binder) bind(rows []Row) {
	if len(b.fields) == 0 && b.fullName < 0 {
		return
	}
	for i := range rows {
		if rows[i].Refused != nil {
			continue
		}
		var c contact.Contact
		cells, fullName := rows[i].Cells, ""
		for n, at := range b.columns {
			if at < len(cells) {
				c.Set(b.fields[n], cells[at])
			}
		}
		if b.fullName >= 0 && b.fullName < len(cells) {
			fullName = cells[b.fullName]
		}
		rows[i].Contact = clean(c, fullName, b.cleaning)
	}
}

// clean makes a row's contact, and notes what it changed if somebody asks.
func clean(c contact.Contact, fullName string, cleaning *contact.Cleaning) contact.Contact {
	if cleaning == nil && fullName == "" {
		return c.Cleaned()
	}
	sent, split := contact.Clean(c, fullName)
	if cleaning != nil {
		cleaning.Note(c, fullName, sent, split)
	}
	return sent
}
