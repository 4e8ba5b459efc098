package client

import (
	"unicode/utf8"

	"enrich/contact"
)

// appendRequest writes the body for a contact: its fields in the order of contact.Fields, empty ones left out, the
// constants last.
func appendRequest(b []byte, c *contact.Contact, emailAs string, constants Constants) []byte {
	b = append(b, '{')
	for _, f := range [...]struct{ name, value string }{
		{emailAs, c.Email},
		{"first_name", c.FirstName},
		{"last_name", c.LastName},
		{"company_name", c.CompanyName},
		{"company_domain", c.CompanyDomain},
		{"linkedin_url", c.LinkedInURL},
	} {
		if f.value == "" {
			continue
		}
		b = append(append(comma(b), '"'), f.name...)
		b = appendString(append(b, '"', ':'), f.value)
	}
	if len(constants.body) > 0 {
		b = append(comma(b), constants.body...)
	}
	return append(b, '}')
}

func comma(b []byte) []byte {
	if len(b) > 1 {
		return append(b, ',')
	}
	return b
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string. What is no UTF-8 becomes U+FFFD, because no JSON can hold it.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), `\ufffd`...)
				from = i + 1
			}
			i += n
			continue
		case c == '"' || c == '\\':
			b = append(append(b, s[from:i]...), '\\', c)
			from = i + 1
		case c < ' ':
			b = append(append(b, s[from:i]...), '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			from = i + 1
		}
		i++
	}
	return append(append(b, s[from:]...), '"')
}
