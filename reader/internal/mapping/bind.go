package mapping

import "enrich/contact"

// A Binder makes contacts of rows. It does what gocsv does with the csv tags of [contact.Contact] (a test compares the two), but
// without an allocation: the reflection of gocsv costs ten a row, and more time than parsing the row.
type Binder struct {
	// The columns of the fields; -1: none.
	email, firstName, lastName, companyName, companyDomain, linkedInURL, fullName int

	bound    bool              // a field has a column
	cleaning *contact.Cleaning // nil: not needed
}

// NewBinder takes the column of each field, and the number of columns. If cleaning is not nil, it collects what cleaning
// changed.
func NewBinder(mapping map[contact.Field]int, width int, cleaning *contact.Cleaning) *Binder {
	b := &Binder{cleaning: cleaning}
	column := func(f contact.Field) int {
		at, ok := mapping[f]
		if !ok || at < 0 || at >= width {
			return -1
		}
		b.bound = true
		return at
	}
	b.email, b.firstName, b.lastName = column(contact.Email), column(contact.FirstName), column(contact.LastName)
	b.companyName, b.companyDomain = column(contact.CompanyName), column(contact.CompanyDomain)
	b.linkedInURL, b.fullName = column(contact.LinkedInURL), column(contact.FullName)
	return b
}

// Contact returns a row's contact, cleaned. Cells may be fewer than the columns. They are not copied: the contact's values point
// into them.
func (b *Binder) Contact(cells []string) contact.Contact {
	if !b.bound {
		return contact.Contact{}
	}
	c := contact.Contact{
		Email: cellAt(cells, b.email), FirstName: cellAt(cells, b.firstName), LastName: cellAt(cells, b.lastName),
		CompanyName: cellAt(cells, b.companyName), CompanyDomain: cellAt(cells, b.companyDomain), LinkedInURL: cellAt(cells, b.linkedInURL),
	}
	if b.fullName < 0 && b.cleaning == nil {
		return c.Cleaned()
	}
	return Clean(c, cellAt(cells, b.fullName), b.cleaning)
}

// cellAt returns a cell of a row, or "" if the row has none in the column.
func cellAt(cells []string, column int) string {
	if column < 0 || column >= len(cells) {
		return ""
	}
	return cells[column]
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
