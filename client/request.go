package client

import "enrich/contact"

// appendRequest writes the body for a contact: its fields in the order of contact.Fields, empty ones left out, the
// constants last.
func appendRequest(b []byte, c *contact.Contact, emailAs string, constants Constants) []byte {
	b = append(b, '{')
	from := len(b)
	b = c.AppendMembers(b, emailAs)
	if len(constants.body) > 0 {
		if len(b) > from {
			b = append(b, ',')
		}
		b = append(b, constants.body...)
	}
	return append(b, '}')
}
