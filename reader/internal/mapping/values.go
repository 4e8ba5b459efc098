package mapping

import (
	"slices"
	"strings"
	"unicode"

	"enrich/contact"
)

// A fit is what the values of a column say about a field.
type fit uint8

const (
	empty   fit = iota // the column is empty
	mixed              // some values could be the field
	fits               // most could
	misfits            // none could
)

// fit judges a column by its samples.
func (c *columnData) fit(f contact.Field, column int) fit {
	filled, good := 0, 0
	for _, row := range c.samples {
		cell := Cell(row, column)
		if cell == "" || isPlaceholder(f, cell) {
			continue
		}
		filled++
		if couldBe(f, cell) || f == contact.Email && hasAddress(cell) {
			good++
		}
	}
	switch {
	case filled == 0:
		return empty
	case good == 0:
		return misfits
	case 2*good > filled:
		return fits
	}
	return mixed
}

// Cell returns a cell of a row without the white space around it, or "" if the row has too few cells.
func Cell(row []string, column int) string {
	if column >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[column])
}

// byValues returns the columns that have nothing but e-mail addresses, or nothing but LinkedIn profiles. Other fields cannot be
// recognised by their values alone.
func (m *mapper) byValues(f contact.Field) []candidate {
	if f != contact.Email && f != contact.LinkedInURL {
		return nil
	}
	var found []candidate
	for i := range m.names {
		if !m.isMapped(i) && m.hasOnly(f, i) {
			found = append(found, candidate{column: i, fit: fits})
		}
	}
	return found
}

// hasOnly reports whether a column is filled, and every value could be the field.
func (m *mapper) hasOnly(f contact.Field, column int) bool {
	filled := false
	for _, row := range m.samples {
		if cell := Cell(row, column); cell != "" {
			if !couldBe(f, cell) {
				return false
			}
			filled = true
		}
	}
	return filled
}

// couldBe reports whether a value could be a field's.
func couldBe(f contact.Field, value string) bool {
	switch f {
	case contact.Email:
		return IsAddress(value) || IsAddress(contact.Contact{Email: value}.Cleaned().Email)
	case contact.LinkedInURL:
		return isProfile(value)
	case contact.CompanyDomain:
		return isSite(value)
	}
	if !strings.ContainsFunc(value, unicode.IsLetter) {
		return f == contact.CompanyName && !strings.ContainsFunc(value, unicode.IsDigit)
	}
	return !IsAddress(value) && !isURL(value) && (f != contact.CompanyName || !isSite(value))
}

// isPlaceholder reports whether a request treats a filled cell as empty, such as "n/a". Such a cell says nothing about its column.
func isPlaceholder(f contact.Field, cell string) bool {
	switch f {
	case contact.Email, contact.LinkedInURL, contact.CompanyDomain:
		return contact.Contact{LinkedInURL: cell}.Cleaned().LinkedInURL == ""
	}
	return contact.Contact{CompanyName: cell}.Cleaned().CompanyName == ""
}

// hasAddress reports whether one of the words of a cell is an address. Several addresses in a cell are an error of the row, not a
// sign that the column is another field.
func hasAddress(s string) bool {
	separates := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;|<>()", r) }
	return slices.ContainsFunc(strings.FieldsFunc(s, separates), IsAddress)
}

// IsAddress reports whether a value looks like an e-mail address. It is less strict than [contact.Contact.Check].
func IsAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && !strings.ContainsFunc(s, unicode.IsSpace) && strings.Contains(domain, ".") && !strings.Contains(s, "/")
}

// isURL reports whether a value begins like a URL.
func isURL(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "www.")
}

// isProfile reports whether a value is the URL of a person's LinkedIn profile, not of a company's page.
func isProfile(s string) bool {
	path := contact.LinkedInPath(s)
	return path != strings.TrimSpace(s) && (strings.HasPrefix(path, "/in/") || strings.HasPrefix(path, "/pub/") || strings.HasPrefix(path, "/profile/view?"))
}

// isSite reports whether a value is a host or a URL, but not a page on a network such as facebook.com.
func isSite(s string) bool {
	if IsAddress(s) || strings.ContainsFunc(s, unicode.IsSpace) {
		return false
	}
	host := strings.ToLower(contact.BareHost(s))
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || !strings.ContainsFunc(host[dot+1:], unicode.IsLetter) {
		return false
	}
	return !contact.IsPage(s)
}
