package contact

import "strings"

// Cleaned returns the contact as it is sent. It is the only way from a row's cells to what is looked up, so validity
// ([Contact.Check]), the request and the identity ([Identity.Keys]) always see the same values:
//
//   - Spaces, format characters and control characters at both ends are removed, and format characters inside an address, a
//     domain and a URL.
//   - Placeholders such as "#N/A" and "-" are empty.
//   - An address is taken out of the text around it: "Ann <a@x.example>", "mailto:a@x.example".
//   - A company's domain is a bare host. A page on a network, such as facebook.com/northwind, is not a company's domain, so it is
//     left out: the API would look among the network's own people.
//
// Cleaning a cleaned contact changes nothing. The cells of the outputs are not cleaned.
func (c Contact) Cleaned() Contact {
	c.cleanFields()
	return c
}

func (c *Contact) cleanFields() {
	c.Email = cleanAddress(c.Email)
	c.FirstName = cleanName(c.FirstName)
	c.LastName = cleanName(c.LastName)
	c.CompanyName = cleanName(c.CompanyName)
	c.CompanyDomain = cleanDomain(c.CompanyDomain)
	c.LinkedInURL = cleanURL(c.LinkedInURL)
	if c.Email == "" && isNobody(c.FirstName) && isNobody(c.LastName) {
		c.FirstName, c.LastName = "", ""
		if isNobody(c.CompanyName) {
			c.CompanyName = ""
		}
	}
}

// Clean makes c the contact as it is sent: cleaned ([Contact.Cleaned]) and, only if it cannot be sent otherwise, with the first and last
// name from fullName. This keeps the keys of rows that could be sent before name splitting existed. split reports whether it was.
//
// It changes c in place: copying a contact several times takes longer than cleaning it.
func (c *Contact) Clean(fullName string) (split bool) {
	c.cleanFields()
	if fullName == "" || c.Email != "" || c.LinkedInURL != "" || c.FirstName != "" && c.LastName != "" || c.CompanyName == "" && c.CompanyDomain == "" {
		return false
	}
	first, last, ok := SplitName(fullName)
	if !ok {
		return false
	}
	named := *c
	named.FirstName, named.LastName = first, last
	if named.cleanFields(); named.FirstName == "" || named.LastName == "" {
		return false
	}
	*c = named
	return true
}

// isPlainName is the fast path of cleanName: it reports whether a name needs no cleaning, as most do not. The only placeholder that begins
// with a letter is "n/a".
func isPlainName(s string) bool {
	return s == "" || isGraphic(s[len(s)-1]) && isLetter(s[0]) && (s[0]|0x20 != 'n' || len(s) > 1 && isLetter(s[1]))
}

func cleanName(s string) string {
	if isPlainName(s) {
		return s
	}
	if s = trim(s); isPlaceholder(s) {
		return ""
	}
	return s
}

// cleanURL cleans a URL or an address: format characters inside are removed, and more words are placeholders.
func cleanURL(s string) string {
	if s == "" {
		return ""
	}
	if s = trim(squeeze(s)); isPlaceholder(s) || isNoValue(s) {
		return ""
	}
	return s
}

// cleanDomain returns the bare host of a web site, or "" if there is none of a company.
func cleanDomain(s string) string {
	if s == "" {
		return ""
	}
	if host := plainHost(s); host != "" {
		return host
	}
	return siteHost(s)
}

// plainHost is the fast path of cleanDomain: the host of a web site that is written as most are, such as "https://www.x.com/about".
// It returns "" for any other.
func plainHost(s string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://"), "/")
	host = strings.TrimPrefix(host, "www.")
	if !isBare(host) || isNetwork(registeredDomain(host)) {
		return ""
	}
	return host
}

// siteHost is cleanDomain for a web site that is written in any way.
func siteHost(s string) string {
	if s = cleanURL(s); s == "" {
		return ""
	}
	host := BareHost(s)
	if !isBare(host) {
		if host = cleanHost(s); host == "" {
			return ""
		}
	}
	if isPage(host, s) {
		return ""
	}
	return host
}

// cleanHost is siteHost for a host that is not bare.
func cleanHost(s string) string {
	host := s
	for { // repeat: "x.com.:80", "www.www.x.com"
		bare := cleanURL(BareHost(host))
		if bare == host {
			break
		}
		host = bare
	}
	if _, rest, ok := strings.Cut(s, "://"); ok && cleanURL(rest) == "" || isCutPlaceholder(host) {
		return ""
	}
	return host
}

// isCutPlaceholder reports whether a host is the beginning of "n/a". Versions before placeholders were known sent it as a domain,
// so ledgers contain it, and a row with "n/a" must still find its answer.
func isCutPlaceholder(host string) bool {
	return len(host) <= 2 && strings.EqualFold(strings.TrimLeft(host, "([<{"), "n")
}

// isBare reports whether a host is a name with a dot from which nothing more can be removed.
func isBare(host string) bool {
	const shortest = len("n.a.") + 1
	if len(host) < shortest || host[len(host)-1] == '.' || host[0]|0x20 == 'w' {
		return false
	}
	dots := 0
	for i := range len(host) {
		if host[i] == '.' {
			dots++
		} else if !hostByte(host[i]) {
			return false
		}
	}
	return dots > 0
}
