package mapping

import (
	"slices"
	"strings"
	"unicode"

	"enrich/contact"
)

// A fit is what the samples say of a column and a field.
type fit uint8

const (
	empty   fit = iota // nothing is in it
	mixed              // some values could be the field
	fits               // most could
	misfits            // none could
)

// fit looks at a column's samples.
func (m *mapper) fit(f contact.Field, column int) fit {
	filled, good := 0, 0
	for _, row := range m.samples {
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

// unnamed are the columns of a file without a header that hold nothing but addresses, or nothing but profiles. No other
// field shows by its values alone.
func (m *mapper) unnamed(f contact.Field) []candidate {
	if f != contact.Email && f != contact.LinkedInURL {
		return nil
	}
	var found []candidate
	for i := range m.columns {
		if !m.taken(i) && m.only(f, i) {
			found = append(found, candidate{column: i, fit: fits})
		}
	}
	return found
}

// only says whether a column is filled with the field and nothing else.
func (m *mapper) only(f contact.Field, column int) bool {
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

// couldBe says whether a value could be the field's.
func couldBe(f contact.Field, value string) bool {
	switch f {
	case contact.Email:
		return IsAddress(value) || IsAddress(contact.Contact{Email: value}.Cleaned().Email)
	case contact.LinkedInURL:
		return isProfile(value)
	case contact.CompanyDomain:
		return isSite(value)
	}
	if strings.IndexFunc(value, unicode.IsLetter) < 0 {
		return f == contact.CompanyName && strings.IndexFunc(value, unicode.IsDigit) < 0
	}
	return !IsAddress(value) && !isURL(value) && (f == contact.CompanyName && !isSite(value) || f != contact.CompanyName)
}

// isPlaceholder reports whether a request would treat a filled cell as empty, such as "n/a". It then says nothing about its column.
func isPlaceholder(f contact.Field, cell string) bool {
	switch f {
	case contact.Email, contact.LinkedInURL, contact.CompanyDomain:
		return contact.Contact{LinkedInURL: cell}.Cleaned().LinkedInURL == ""
	}
	return contact.Contact{CompanyName: cell}.Cleaned().CompanyName == ""
}

// hasAddress reports whether an address is among the words of a cell. In a column that is named for addresses, several in one
// cell are a fault of the row, not a sign of another column.
func hasAddress(s string) bool {
	between := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;|<>()", r) }
	return slices.ContainsFunc(strings.FieldsFunc(s, between), IsAddress)
}

// IsAddress says whether a value is an e-mail address, or nearly.
func IsAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && !strings.ContainsFunc(s, unicode.IsSpace) && strings.Contains(domain, ".") && !strings.Contains(s, "/")
}

// isURL says whether a value begins as a URL does.
func isURL(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "www.")
}

// isProfile says whether a value is the URL of a person's LinkedIn profile; a company's page is none.
func isProfile(s string) bool {
	path := contact.LinkedInPath(s)
	return path != strings.TrimSpace(s) && (strings.HasPrefix(path, "/in/") || strings.HasPrefix(path, "/pub/"))
}

// isSite says whether a value is a host or a URL on one, and not a page on a network.
func isSite(s string) bool {
	if IsAddress(s) || strings.ContainsFunc(s, unicode.IsSpace) {
		return false
	}
	host := strings.ToLower(contact.BareHost(s))
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || strings.IndexFunc(host[dot+1:], unicode.IsLetter) < 0 {
		return false
	}
	return !contact.IsPage(s)
}
