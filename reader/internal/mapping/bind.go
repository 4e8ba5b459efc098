package mapping

import (
	"errors"

	"enrich/contact"
)

// A Binder makes contacts of rows. It does what gocsv does with the csv tags of [contact.Contact] (a test compares the two), but
// without an allocation: the reflection of gocsv costs ten a row, and more time than parsing the row.
type Binder struct {
	// The columns of the fields; -1: none.
	email, firstName, lastName, companyName, companyDomain, linkedInURL, fullName int

	bound bool // a field has a column
	// familyFirst says that full names begin with the family name.
	familyFirst bool
	spare       map[contact.Field]int
	cleaning    *contact.Cleaning // nil: not needed
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

// Use makes the binder use these columns for rows that cannot be sent without them (see [Spare]).
func (b *Binder) Use(spare map[contact.Field]int) { b.spare = spare }

// SetFamilyFirst says whether the full names begin with the family name (see [IsFamilyFirst]).
func (b *Binder) SetFamilyFirst(familyFirst bool) { b.familyFirst = familyFirst }

// Fill makes c the contact of a row, cleaned. Cells may be fewer than the columns. They are not copied: the contact's values point
// into them.
func (b *Binder) Fill(c *contact.Contact, cells []string) {
	if !b.bound {
		*c = contact.Contact{}
		return
	}
	c.Email, c.FirstName, c.LastName = cellAt(cells, b.email), cellAt(cells, b.firstName), cellAt(cells, b.lastName)
	c.CompanyName, c.CompanyDomain = cellAt(cells, b.companyName), cellAt(cells, b.companyDomain)
	c.LinkedInURL = cellAt(cells, b.linkedInURL)
	fullName := cellAt(cells, b.fullName)
	if len(b.spare) > 0 {
		AddSpare(c, fullName, b.familyFirst, func(f contact.Field) string {
			at, ok := b.spare[f]
			if !ok {
				return ""
			}
			return cellAt(cells, at)
		})
	}
	Clean(c, fullName, b.familyFirst, b.cleaning)
}

// IsSendable reports whether a contact with these cells could be sent. It collects nothing.
func (b *Binder) IsSendable(cells []string) bool {
	quiet := *b
	quiet.cleaning = nil
	var c contact.Contact
	quiet.Fill(&c, cells)
	return c.Check() == nil
}

// cellAt returns a cell of a row, or "" if the row has none in the column.
func cellAt(cells []string, column int) string {
	if uint(column) < uint(len(cells)) { // -1 is not
		return cells[column]
	}
	return ""
}

// Clean makes c a row's contact as it is sent (see [contact.Contact.Clean]). The cell of the full name may begin with the family name. If
// cleaning is not nil, it collects what was changed.
func Clean(c *contact.Contact, cell string, familyFirst bool, cleaning *contact.Cleaning) {
	fullName := inOrder(cell, familyFirst)
	if cleaning == nil {
		c.Clean(fullName)
		return
	}
	cells := *c
	split := c.Clean(fullName)
	cleaning.Note(&cells, cell, c, split)
}

// AddSpare gives the cells of a contact that cannot be sent the values of the spare columns, where they have none.
func AddSpare(cells *contact.Contact, cell string, familyFirst bool, spare func(contact.Field) string) {
	sent := *cells
	if sent.Clean(inOrder(cell, familyFirst)); !errors.Is(sent.Check(), contact.ErrNothing) {
		return
	}
	for _, f := range contact.Fields() {
		if value := spare(f); value != "" && sent.Get(f) == "" {
			cells.Set(f, value)
		}
	}
}

// inOrder returns a full name as it is split.
func inOrder(cell string, familyFirst bool) string {
	if familyFirst {
		return contact.FamilyFirst(cell)
	}
	return cell
}
