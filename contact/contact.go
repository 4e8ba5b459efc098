// Package contact is what is asked about a person and what came back.
//
// It holds the values that travel between the rooms: a [Contact] is the question, an [Answer] what a body
// says, an [Outcome] how one asking ended, a [Key] what makes two questions the same. Nothing here does
// input or output, so every rule in it is a pure function.
package contact

import (
	"strings"
)

// A Field is one thing that the API can be asked by.
type Field string

// The fields of a request, by their name in our flags (--map FIELD=COLUMN) and in the API's reference page.
// The address goes out as "email" or, with --email-as, as "business_email".
const (
	Email         Field = "email"
	FirstName     Field = "first_name"
	LastName      Field = "last_name"
	CompanyName   Field = "company_name"
	CompanyDomain Field = "company_domain"
	LinkedInURL   Field = "linkedin_url"
)

// FullName is a field of an input and never of a request: the name is split if a row cannot be sent otherwise (see [Clean]).
const FullName Field = "full_name"

// InputFields lists what a column of an input can be: the fields of a request, and the full name.
func InputFields() []Field { return append(Fields(), FullName) }

// Fields lists the fields of a request, in the order in which they are sent and shown.
func Fields() []Field {
	return []Field{Email, FirstName, LastName, CompanyName, CompanyDomain, LinkedInURL}
}

// A Contact is what is known of a person, and what the API is sent to look them up. Its values are the cells of a row, cleaned by
// [Contact.Cleaned]. An empty string is a field that is not sent.
//
// The csv tags are the names that gocsv binds a mapped header to.
type Contact struct {
	Email         string `csv:"email"`
	FirstName     string `csv:"first_name"`
	LastName      string `csv:"last_name"`
	CompanyName   string `csv:"company_name"`
	CompanyDomain string `csv:"company_domain"`
	LinkedInURL   string `csv:"linkedin_url"`
}

// Get returns the value of one field, and "" for a field that does not exist.
func (c *Contact) Get(f Field) string {
	if p := c.pointer(f); p != nil {
		return *p
	}
	return ""
}

// Set gives one field a value; a field that does not exist is ignored.
func (c *Contact) Set(f Field, value string) {
	if p := c.pointer(f); p != nil {
		*p = value
	}
}

func (c *Contact) pointer(f Field) *string {
	switch f {
	case Email:
		return &c.Email
	case FirstName:
		return &c.FirstName
	case LastName:
		return &c.LastName
	case CompanyName:
		return &c.CompanyName
	case CompanyDomain:
		return &c.CompanyDomain
	case LinkedInURL:
		return &c.LinkedInURL
	}
	return nil
}

// Clone returns a contact whose values share one string of their own, so that it keeps nothing else in memory.
func (c Contact) Clone() Contact {
	text := strings.Join([]string{c.Email, c.FirstName, c.LastName, c.CompanyName, c.CompanyDomain, c.LinkedInURL}, "") // + would hand on a lone one
	for _, v := range []*string{&c.Email, &c.FirstName, &c.LastName, &c.CompanyName, &c.CompanyDomain, &c.LinkedInURL} {
		*v, text = text[:len(*v)], text[len(*v):]
	}
	return c
}
