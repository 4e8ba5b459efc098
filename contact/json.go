package contact

import (
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

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
		b = AppendString(b, f.value)
	}
	return b
}

// ParseJSON reads what AppendJSON wrote; members it does not know are passed over.
func ParseJSON(object []byte) Contact {
	var c Contact
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		c.Set(Field(name.Str), value.String())
		return true
	})
	return c
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string, with no more escapes than JSON wants. Bytes that are no UTF-8 become U+FFFD,
// because no JSON can hold them.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		case c == '"' || c == '\\':
			b = append(append(b, s[from:i]...), '\\', c)
			from = i + 1
		case c < ' ':
			b = appendControl(append(b, s[from:i]...), c)
			from = i + 1
		}
		i++
	}
	return append(append(b, s[from:]...), '"')
}

func appendControl(b []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
