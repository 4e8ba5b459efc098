package ledger

import (
	"slices"
	"strings"

	"enrich/contact"
	"enrich/internal/jsonscan"
)

// A Filter selects what a deletion request is about: everything that was sent or answered about one person. Fields are compared
// as contacts are: normalised. An empty filter would match everyone: check [Filter.IsEmpty].
type Filter struct{ fields fields }

// fields are the normalised fields of a contact; the first one is the address.
type fields [6]string

func normalised(c contact.Contact) fields {
	return fields{
		contact.Normal(c.Email), contact.Normal(c.FirstName), contact.Normal(c.LastName), contact.Normal(c.CompanyName),
		contact.Normal(contact.BareHost(c.CompanyDomain)), contact.Normal(contact.LinkedInPath(c.LinkedInURL)),
	}
}

// NewFilter returns the filter for a person, given by any of the fields. If the address is written as in a cell of a list
// ("Ann <ann@x.example>"), it is cleaned as that cell would be.
func NewFilter(who contact.Contact) Filter {
	if address := (contact.Contact{Email: who.Email}).Cleaned().Email; address != "" {
		who.Email = address
	}
	return Filter{normalised(who)}
}

// IsEmpty reports whether no field is given, after normalisation.
func (f *Filter) IsEmpty() bool { return f.fields == fields{} }

// MatchesRequest reports whether a request is about the person: all given fields match, as it was sent or as it would be sent
// today.
func (f *Filter) MatchesRequest(c contact.Contact) bool {
	return f.matches(normalised(c)) || f.matches(normalised(c.Cleaned()))
}

func (f *Filter) matches(got fields) bool {
	for i, field := range f.fields {
		if field != "" && got[i] != field {
			return false
		}
	}
	return true
}

// MatchesAnswer reports whether the body of an answer is about the person: all given fields match its contact. The address
// also matches if it is anywhere else in the body.
func (f *Filter) MatchesAnswer(body []byte) bool {
	if len(body) == 0 {
		return false
	}
	person := jsonscan.Get(body, "contact")
	field := func(path ...string) string {
		text, _ := jsonscan.ToText(jsonscan.Get(person, path...))
		return text
	}
	c := contact.Contact{
		Email: field("email"), FirstName: field("first_name"), LastName: field("last_name"),
		CompanyName: field("company", "name"), CompanyDomain: field("company", "website"), LinkedInURL: field("linkedin"),
	}
	if f.fields[0] != "" && f.addressIn(body) {
		c.Email = f.fields[0]
	}
	return f.MatchesRequest(c)
}

// MatchesText reports whether a text that need not be valid JSON contains all given fields. It may be about another person: two
// fields may be of two persons. What is not a character separates words.
func (f *Filter) MatchesText(text []byte) bool {
	valid := strings.ReplaceAll(jsonscan.Unescape(strings.ToValidUTF8(string(text), " ")), "\ufffd", " ")
	normal := contact.Normal(valid)
	for i, field := range f.fields {
		if field == "" {
			continue
		}
		if i == 0 && !containsAddress(normal, field) || !strings.Contains(normal, field) {
			return false
		}
	}
	return !f.IsEmpty()
}

// A RawMatcher looks for the person of a filter in what could not be understood of the results of jobs, which is kept in pieces.
type RawMatcher struct {
	filter *Filter
	job    int64
	before []byte // the end of the piece before, of the same job
}

// NewRawMatcher returns a matcher that has seen no piece.
func NewRawMatcher(f *Filter) *RawMatcher { return &RawMatcher{filter: f} }

// maxSpan is how many bytes at the end of a piece are looked at again together with the next piece: one contact may be in both.
const maxSpan = 16 << 10

// Matches reports whether a piece, alone or with the piece before, contains all given fields. The pieces of a job come one after the
// other, in order.
func (m *RawMatcher) Matches(job int64, piece []byte) bool {
	if job != m.job {
		m.job, m.before = job, m.before[:0]
	}
	text := slices.Concat(m.before, piece)
	m.before = append(m.before[:0], text[max(0, len(text)-maxSpan):]...)
	return m.filter.MatchesText(text)
}

// addressIn reports whether a value contains the address, at any depth, also as a member's name.
func (f *Filter) addressIn(value []byte) bool {
	for scalar := range jsonscan.Scalars(value) {
		if scalar[0] != '"' {
			continue
		}
		if text, _ := jsonscan.Unquote(scalar); containsAddress(contact.Normal(text), f.fields[0]) {
			return true
		}
	}
	return false
}

// containsAddress reports whether a text contains an address as a whole: joann@x.com does not contain ann@x.com.
func containsAddress(text, address string) bool {
	for {
		i := strings.Index(text, address)
		if i < 0 {
			return false
		}
		if !continuesAddress(text[:i], text[i+len(address):]) {
			return true
		}
		text = text[i+1:]
	}
}

// continuesAddress reports whether the text before or after an address belongs to it, so that it is part of a longer one.
func continuesAddress(before, after string) bool {
	if before != "" && isAddressByte(before[len(before)-1]) || after != "" && isAddressByte(after[0]) && after[0] != '.' {
		return true
	}
	return len(after) > 1 && after[0] == '.' && isAddressByte(after[1]) // x.com.au
}

func isAddressByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 0x80 || strings.IndexByte("._%+-", b) >= 0
}
