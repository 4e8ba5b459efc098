package fakeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"enrich/contact"
)

// The members of a request that are known, in the order of question.raw.
const (
	email = iota
	businessEmail
	firstName
	lastName
	companyName
	companyDomain
	linkedIn
	members
)

// names are the members as the API calls them.
func names() [members]string {
	return [members]string{"email", "business_email", "first_name", "last_name", "company_name", "company_domain", "linkedin_url"}
}

// A question is what a request asks: each known member as the JSON string it came as, quotes included; nil where it
// is not there, or empty.
type question struct {
	raw [members][]byte
}

var (
	errJSON    = errors.New("the body is no JSON: check commas and quotes")
	errObject  = errors.New("the body is no JSON object")
	errNothing = errors.New("one of these is required: linkedin_url; business_email; first_name, last_name and company_domain; first_name, last_name and company_name")
)

// parseQuestion reads a body. The question holds parts of it.
func parseQuestion(body []byte) (question, error) {
	var q question
	if !json.Valid(body) {
		return q, errJSON
	}
	body = bytes.TrimSpace(body)
	if body[0] != '{' {
		return q, errObject
	}
	s := scan{body, 1}
	for s.more() {
		name := s.value()
		s.at++ // the colon
		s.space()
		value := s.value()
		if err := q.set(name, value); err != nil {
			return q, err
		}
	}
	return q, nil
}

// set keeps a member that is known.
func (q *question) set(name, value []byte) error {
	for i, known := range names() {
		if text := name[1 : len(name)-1]; string(text) != known {
			continue
		}
		switch {
		case string(value) == "null" || string(value) == `""`:
			q.raw[i] = nil
		case value[0] != '"':
			return fmt.Errorf("%s must be a string", known)
		case len(value) > contact.MaxField && utf8.RuneCountInString(unquote(value)) > contact.MaxField:
			return fmt.Errorf("%s must be at most %d characters", known, contact.MaxField)
		default:
			q.raw[i] = value
		}
	}
	return nil
}

// check says why the API would refuse the question. required is the only good name of the address; empty: both are.
func (q *question) check(required string) error {
	switch {
	case required == "email" && q.raw[businessEmail] != nil:
		return errors.New("business_email is unknown: email is required")
	case required == "business_email" && q.raw[email] != nil:
		return errors.New("email is unknown: business_email is required")
	case q.address() != nil || q.raw[linkedIn] != nil:
		return nil
	case q.raw[firstName] != nil && q.raw[lastName] != nil && (q.raw[companyDomain] != nil || q.raw[companyName] != nil):
		return nil
	}
	return errNothing
}

func (q *question) address() []byte {
	if q.raw[email] != nil {
		return q.raw[email]
	}
	return q.raw[businessEmail]
}

// contact is what calls are counted by: the address, or the other fields where there is none.
func (q *question) contact() string {
	if raw := q.address(); raw != nil {
		return contact.Normal(unquote(raw))
	}
	var parts []string
	for _, raw := range q.raw {
		if raw != nil {
			parts = append(parts, contact.Normal(unquote(raw)))
		}
	}
	return strings.Join(parts, " ")
}

// unquote is the text of a JSON string.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // it is valid
	return s
}

// A scan walks over JSON that is known to be valid.
type scan struct {
	b  []byte
	at int
}

// more goes to the next member, and says whether there is one.
func (s *scan) more() bool {
	s.space()
	if s.b[s.at] == ',' {
		s.at++
		s.space()
	}
	return s.b[s.at] != '}'
}

func (s *scan) space() {
	for s.at < len(s.b) && (s.b[s.at] == ' ' || s.b[s.at] == '\n' || s.b[s.at] == '\t' || s.b[s.at] == '\r') {
		s.at++
	}
}

// value takes the value that begins here, and the white space after it.
func (s *scan) value() []byte {
	from, depth := s.at, 0
	for ; ; s.at++ {
		switch c := s.b[s.at]; {
		case c == '"':
			s.text()
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		}
		// A scalar ends before what cannot be in it; all else ends with its last byte.
		if next := s.b[s.at+1]; depth == 0 && (next == ',' || next == '}' || next == ']' || next == ':' || next <= ' ') {
			break
		}
	}
	s.at++
	value := s.b[from:s.at]
	s.space()
	return value
}

// text goes to the closing quote.
func (s *scan) text() {
	for s.at++; s.b[s.at] != '"'; s.at++ {
		if s.b[s.at] == '\\' {
			s.at++
		}
	}
}
