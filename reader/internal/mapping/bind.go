package mapping

import "enrich/contact"

// A Binder makes contacts of rows. gocsv could do it by the csv tags of contact.Contact, and a test compares the two; but its
// reflection cost ten allocations a row, and more than reading the row did.
type Binder struct {
	fields   []contact.Field
	columns  []int             // their indexes in a row's cells
	fullName int               // the index of the full name; -1: none
	cleaning *contact.Cleaning // nil: nobody asks
}

// NewBinder takes the mapping of fields to columns, and the number of columns. Cleaning, if it is not nil, collects what
// cleaning changed.
func NewBinder(mapping map[contact.Field]int, columns int, cleaning *contact.Cleaning) *Binder {
	b := &Binder{fullName: -1, cleaning: cleaning}
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

// Contact makes a contact of a row's cells, which may be fewer than the columns. The cells are not copied: a contact's values
// are pieces of them.
func (b *Binder) Contact(cells []string) contact.Contact {
	if len(b.fields) == 0 && b.fullName < 0 {
		return contact.Contact{}
	}
	var c contact.Contact
	fullName := ""
	for n, at := range b.columns {
		if at < len(cells) {
			c.Set(b.fields[n], cells[at])
		}
	}
	if b.fullName >= 0 && b.fullName < len(cells) {
		fullName = cells[b.fullName]
	}
	return Clean(c, fullName, b.cleaning)
}

// Clean makes a row's contact, and notes what it changed if somebody asks.
func Clean(c contact.Contact, fullName string, cleaning *contact.Cleaning) contact.Contact {
	if cleaning == nil && fullName == "" {
		return c.Cleaned()
	}
	sent, split := contact.Clean(c, fullName)
	if cleaning != nil {
		cleaning.Note(c, fullName, sent, split)
	}
	return sent
}
