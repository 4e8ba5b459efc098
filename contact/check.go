package contact

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"enrich/internal/phrase"
)

// MaxField is the most characters a field of a request may have (the API's reference page).
const MaxField = 255

// Reasons why a contact cannot be sent. [Contact.Check] wraps them in a message.
var (
	// ErrNothing: the row has none of the combinations of fields that the API accepts.
	ErrNothing = errors.New("nothing to look up by: an e-mail address, a LinkedIn URL, or first and last name with a company are needed")
	// ErrAddress: the e-mail address cannot be one.
	ErrAddress = errors.New("is not an e-mail address")
	// ErrTooLong: a field is longer than MaxField.
	ErrTooLong = fmt.Errorf("is longer than %d characters, which the API refuses", MaxField)
)

// Bounds of an address (RFC 5321, 4.5.3.1, and RFC 1035, 2.3.4), in bytes.
const (
	maxLocal = 64
	maxLabel = 63
)

// maxQuoted is how many characters of a value a message has.
const maxQuoted = 60

// Check reports why a cleaned contact cannot be sent, or nil. The accepted combinations of fields are those of the API's reference
// page, and an address alone.
func (c *Contact) Check() error {
	if err := c.checkLengths(); err != nil {
		return err
	}
	if c.Email != "" {
		if why := badAddress(c.Email); why != "" {
			return fmt.Errorf("%s %w: %s", phrase.Quote(c.Email, maxQuoted), ErrAddress, why)
		}
		return nil
	}
	named := c.FirstName != "" && c.LastName != ""
	if c.LinkedInURL != "" || named && (c.CompanyDomain != "" || c.CompanyName != "") {
		return nil
	}
	return ErrNothing
}

// checkLengths returns an error for the first field that is too long.
func (c *Contact) checkLengths() error {
	if max(len(c.Email), len(c.FirstName), len(c.LastName), len(c.CompanyName), len(c.CompanyDomain), len(c.LinkedInURL)) <= MaxField {
		return nil // as most are; a character has at least one byte
	}
	for _, f := range [...]struct {
		name  Field
		value string
	}{
		{Email, c.Email},
		{FirstName, c.FirstName},
		{LastName, c.LastName},
		{CompanyName, c.CompanyName},
		{CompanyDomain, c.CompanyDomain},
		{LinkedInURL, c.LinkedInURL},
	} {
		if utf8.RuneCountInString(f.value) > MaxField {
			return fmt.Errorf("%s %w", f.name, ErrTooLong)
		}
	}
	return nil
}

// badAddress returns why s is not an e-mail address, or "". It refuses only what no mail server accepts: the API knows whether the
// address exists.
func badAddress(s string) string {
	if isPlainAddress(s) {
		return ""
	}
	return addressFault(s)
}

// addressFault is badAddress without its fast path.
func addressFault(s string) string {
	at := strings.LastIndexByte(s, '@')
	switch {
	case at < 0:
		return "no @"
	case at == 0:
		return "nothing before the @"
	case at == len(s)-1:
		return "nothing after the @"
	}
	why := badLocal(s[:at])
	switch {
	case why != "" && len(addresses(s)) > 1:
		return "the cell has more than one address; keep one"
	case len(s) > 254:
		return "longer than 254 characters"
	case strings.ContainsFunc(s, func(r rune) bool { return isBlank(r) || unicode.IsControl(r) }):
		return "white space in it"
	case strings.ContainsFunc(s, isFormat):
		return "a character in it that is not visible"
	case why != "":
		return why
	}
	return badDomain(s[at+1:])
}

// isPlainAddress is the fast path of badAddress: an address as most are has nothing against it.
func isPlainAddress(s string) bool {
	if !isPlain(s) {
		return false
	}
	at := strings.IndexByte(s, '@')
	return at <= maxLocal && isPlainDomain(s[at+1:])
}

// isPlainDomain reports whether each label begins and ends with a letter or a digit, and the last one ends with a letter.
func isPlainDomain(s string) bool {
	if len(s) > maxLabel || s == "" || !isAlphanumeric(s[0]) || !isLetter(s[len(s)-1]) {
		return false
	}
	dots := 0
	for i := range len(s) {
		switch {
		case s[i] != '.':
			if !hostByte(s[i]) {
				return false
			}
		case !isAlphanumeric(s[i-1]) || !isAlphanumeric(s[i+1]): // neither end is a dot
			return false
		default:
			dots++
		}
	}
	return dots > 0
}

// badLocal accepts RFC 5322's atext and dots, any letter beyond ASCII (RFC 6531), and a quoted string.
func badLocal(s string) string {
	if len(s) > maxLocal {
		return "more than 64 characters before the @"
	}
	if len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return ""
	}
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			return "not valid text"
		case r == '@':
			return "more than one @"
		case r < 0x80 && !atext(byte(r)):
			return fmt.Sprintf("%q is not allowed before the @", r)
		}
	}
	return ""
}

func atext(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", b) >= 0
}

func badDomain(s string) string {
	s = strings.TrimSuffix(s, ".")
	dot := strings.LastIndexByte(s, '.')
	if dot < 0 {
		return "no dot in its domain"
	}
	for l := range strings.SplitSeq(s, ".") {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' {
			return "its domain is not valid"
		}
		for _, r := range l {
			if r == utf8.RuneError || r < 0x80 && !hostByte(byte(r)) {
				return fmt.Sprintf("%q is not allowed in a domain", r)
			}
		}
	}
	if digits(s[dot+1:]) {
		return "its domain is not valid"
	}
	return ""
}

// hostByte also accepts the underscore, which some real domains have.
func hostByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_'
}
