package ledger

import (
	"strings"

	"github.com/tidwall/gjson"

	"enrich/contact"
)

// A Matcher compares as contacts are compared: normalised.
type Matcher struct{ want [6]string }

func normalised(c contact.Contact) [6]string {
	return [6]string{
		contact.Normal(c.Email), contact.Normal(c.FirstName), contact.Normal(c.LastName), contact.Normal(c.CompanyName),
		contact.Normal(contact.BareHost(c.CompanyDomain)), contact.Normal(contact.LinkedInPath(c.LinkedInURL)),
	}
}

// NewMatcher takes the address as a row's would be taken, if there is one in it.
func NewMatcher(who contact.Contact) Matcher {
	if address := (contact.Contact{Email: who.Email}).Cleaned().Email; address != "" {
		who.Email = address
	}
	return Matcher{normalised(who)}
}

// Asks reports whether a request is about the person, as it was sent or as it would be sent today.
func (m *Matcher) Asks(c contact.Contact) bool {
	return m.fits(normalised(c)) || m.fits(normalised(c.Cleaned()))
}

func (m *Matcher) fits(got [6]string) bool {
	for i, want := range m.want {
		if want != "" && got[i] != want {
			return false
		}
	}
	return true
}

// Answers says whether an answer is about the person: its contact has all that is wanted, or it holds the address
// anywhere.
func (m *Matcher) Answers(body []byte) bool {
	if len(body) == 0 {
		return false
	}
	c := gjson.GetBytes(body, "contact")
	return m.Asks(contact.Contact{
		Email: c.Get("email").String(), FirstName: c.Get("first_name").String(), LastName: c.Get("last_name").String(),
		CompanyName: c.Get("company.name").String(), CompanyDomain: c.Get("company.website").String(), LinkedInURL: c.Get("linkedin").String(),
	}) || m.want[0] != "" && m.names(gjson.ParseBytes(body))
}

// names says whether a value has the address in it, however deep.
func (m *Matcher) names(v gjson.Result) bool {
	if v.Type == gjson.String {
		return holdsAddress(contact.Normal(v.Str), m.want[0])
	}
	if !v.IsObject() && !v.IsArray() {
		return false
	}
	found := false
	v.ForEach(func(name, v gjson.Result) bool {
		found = m.names(v) || name.Type == gjson.String && holdsAddress(contact.Normal(name.Str), m.want[0])
		return !found
	})
	return found
}

// holdsAddress says whether an address stands in a text by itself: ann@x.com is not in joann@x.com.
func holdsAddress(text, address string) bool {
	for {
		i := strings.Index(text, address)
		if i < 0 {
			return false
		}
		if before, after := text[:i], text[i+len(address):]; !addressGoesOn(before, after) {
			return true
		}
		text = text[i+1:]
	}
}

// addressGoesOn says whether what stands around an address belongs to it.
func addressGoesOn(before, after string) bool {
	if before != "" && inAddress(before[len(before)-1]) || after != "" && inAddress(after[0]) && after[0] != '.' {
		return true
	}
	return len(after) > 1 && after[0] == '.' && inAddress(after[1]) // x.com.au
}

func inAddress(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 0x80 || strings.IndexByte("._%+-", b) >= 0
}
