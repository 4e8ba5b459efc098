package mapping

import "enrich/contact"

// A Binder makes contacts of rows. It does what gocsv does with the csv tags of [contact.Contact] (a test compares the two), but
// without an allocation: the reflection of gocsv costs ten a row, and more time than parsing the row.
type Binder struct {
	fields   []contact.Field
	columns  []int             // their columns
	fullName int               // its column; -1: none
	cleaning *contact.Cleaning // nil: not needed
}

// NewBinder takes the column of each field, and the number of columns. If cleaning is not nil, it collects what cleaning
// changed.
func NewBinder(mapping map[contact.Field]int, width int, cleaning *contact.Cleaning) *Binder {
	b := &Binder{fullName: -1, cleaning: cleaning}
	for _, f := range contact.Fields() {
		if at, ok := mapping[f]; ok && at >= 0 && at < width {
			b.fields, b.columns = append(b.fields, f), append(b.columns, at)
		}
	}
	if at, ok := mapping[contact.FullName]; ok && at >= 0 && at < width {
		b.fullName = at
	}
	return b
}

// Contact returns a row's contact, cleaned. Cells may be fewer than the columns. They are not copied: the contact's values point
// into them.
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

// Clean returns a row's contact as it is sent (see [contact.Clean]). If cleaning is not nil, it collects what was changed.
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
