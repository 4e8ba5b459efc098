package fakeapi

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"enrich/contact"
	"enrich/internal/jsonscan"
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
	errJSON    = errors.New("the body is not JSON: check commas and quotes")
	errObject  = errors.New("the body is not a JSON object")
	errNothing = errors.New("one of these is required: linkedin_url; business_email; first_name, last_name and company_domain; first_name, last_name and company_name")
)

// parseQuestion reads a body. The question shares its memory.
func parseQuestion(body []byte) (question, error) {
	var q question
	var scan jsonscan.Scanner[[]byte]
	scan.Reset(body, jsonscan.MaxDepth)
	if !scan.Object() {
		if scan.Value(); scan.End() {
			return q, errObject
		}
		return q, errJSON
	}
	var wrong error // the first member that is wrong; a body that is not JSON comes first
	for name, ok := scan.Member(); ok; name, ok = scan.Member() {
		value := scan.Value()
		if scan.Status() == jsonscan.Valid && wrong == nil {
			wrong = q.set(name, value)
		}
	}
	if !scan.End() {
		return question{}, errJSON
	}
	return q, wrong
}

// set keeps a member that is known.
func (q *question) set(name, value []byte) error {
	for i, known := range names() {
		if string(name) != known {
			continue
		}
		switch {
		case string(value) == "null" || string(value) == `""`:
			q.raw[i] = nil
		case value[0] != '"':
			return fmt.Errorf("%s must be a string", known)
		case len(value) > contact.MaxField && utf8.RuneCountInString(text(value)) > contact.MaxField:
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
		return contact.Normal(text(raw))
	}
	var parts []string
	for _, raw := range q.raw {
		if raw != nil {
			parts = append(parts, contact.Normal(text(raw)))
		}
	}
	return strings.Join(parts, " ")
}

// text returns the text of a JSON string.
func text(raw []byte) string {
	text, _ := jsonscan.Unquote(raw)
	return text
}
