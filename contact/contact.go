// Package contact has the values that the other packages exchange: a [Contact] is what is sent about a person, an [Answer] what a
// response says, an [Outcome] the result of an intent, and [Keys] decide whether two contacts are the same.
//
// It guarantees that validity, request and identity see the same, cleaned values ([Contact.Cleaned]), and that cleaning twice
// changes nothing more. Everything in it is a pure function: no input, no output, no state.
package contact

import (
	"strings"
)

// A Field is a field of a request, or of an input.
type Field string

// The fields of a request, named as in the flags (--map FIELD=COLUMN) and in the API's reference page. The address is sent as
// "email" or, with --email-as, as "business_email".
const (
	Email         Field = "email"
	FirstName     Field = "first_name"
	LastName      Field = "last_name"
	CompanyName   Field = "company_name"
	CompanyDomain Field = "company_domain"
	LinkedInURL   Field = "linkedin_url"
)

// FullName is a field of an input and never of a request: the name is split if a row cannot be sent otherwise (see [Contact.Clean]).
const FullName Field = "full_name"

// InputFields lists what a column of an input can be: the fields of a request, and the full name.
func InputFields() []Field { return append(Fields(), FullName) }

// Fields lists the fields of a request, in the order in which they are sent and shown.
func Fields() []Field {
	return []Field{Email, FirstName, LastName, CompanyName, CompanyDomain, LinkedInURL}
}

// A Contact is what the API is sent to look up a person. Its values are cells of a row, cleaned by [Contact.Cleaned]. An empty
// field is not sent.
//
// With the csv tags, gocsv reads contacts from a CSV whose columns have these names.
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

// Clone returns a copy that keeps no other memory: its values share one new string.
func (c Contact) Clone() Contact {
	text := strings.Join([]string{c.Email, c.FirstName, c.LastName, c.CompanyName, c.CompanyDomain, c.LinkedInURL}, "") // + would not copy a single one
	for _, v := range []*string{&c.Email, &c.FirstName, &c.LastName, &c.CompanyName, &c.CompanyDomain, &c.LinkedInURL} {
		*v, text = text[:len(*v)], text[len(*v):]
	}
	return c
}
