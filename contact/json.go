package contact

import "enrich/internal/jsonscan"

// AppendJSON appends the contact as a JSON object: its fields by their names and in the order of [Fields], empty ones
// left out. [ParseJSON] reads it back.
func (c *Contact) AppendJSON(b []byte) []byte {
	b = c.AppendMembers(append(b, '{'), string(Email))
	return append(b, '}')
}

// AppendMembers appends the members of that object, without its braces, the address under the name emailAs.
func (c *Contact) AppendMembers(b []byte, emailAs string) []byte {
	from := len(b)
	for _, f := range [...]struct{ name, value string }{
		{emailAs, c.Email},
		{string(FirstName), c.FirstName},
		{string(LastName), c.LastName},
		{string(CompanyName), c.CompanyName},
		{string(CompanyDomain), c.CompanyDomain},
		{string(LinkedInURL), c.LinkedInURL},
	} {
		if f.value == "" {
			continue
		}
		if len(b) > from {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.name...), '"', ':')
		b = jsonscan.AppendString(b, f.value)
	}
	return b
}

// ParseJSON reads what AppendJSON wrote; it ignores members that it does not know.
func ParseJSON(object []byte) Contact {
	var c Contact
	for name, value := range jsonscan.Members(object) {
		text, _ := jsonscan.ToText(value)
		c.Set(Field(name), text)
	}
	return c
}
