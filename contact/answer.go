package contact

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"

	"enrich/internal/jsonscan"
)

// ErrAnswer is a body that is not one JSON object.
var ErrAnswer = errors.New("the response is not a JSON object")

// An Answer is what a response's body says, as far as a run must know it. The writer reads the rest from Body.
type Answer struct {
	// Matched: a field of the contact is filled, or a credit was charged.
	Matched bool
	// Charged: the answer counts as charged. It is true if contact.credit_charged is true, "true" or 1, and for a match
	// whose charge cannot be read.
	Charged bool
	// ChargeUnknown: contact.credit_charged is missing, or is neither one of these nor false, "false" or 0.
	ChargeUnknown bool
	// Error is contact.error as text, whatever its type (a string, an object with message, null). If it is empty, Error is
	// the top level's error or message.
	Error string
	// Remaining is remaining_credits, from the top level or from contact, rounded down; nil if it is missing or not a number.
	Remaining *int64
	// Status is the body's own status, if that is a whole number from 400 to 599; otherwise 0. A number says that the body
	// is an error, whatever the HTTP status (see [Answer.ErrorStatus]).
	Status int
	// NamedError: the top level's error is a string, as in the API's own errors.
	NamedError bool
	// Body is the body without white space between its tokens and without a byte order mark.
	Body []byte

	contactType memberType // of the member contact
}

// A memberType is the JSON type of the member contact.
type memberType uint8

const (
	typeMissing memberType = iota
	typeNull
	typeObject
	typeOther // a list, a string, a number, true or false
)

// Kind is Matched or NoMatch.
func (a *Answer) Kind() Kind {
	if a.Matched {
		return Matched
	}
	return NoMatch
}

// FromAPI reports whether a 2xx with this body is an answer of the API itself: its contact is an
// object or null, or it has none and states the remaining credits. A contact of another type is never an
// answer: nobody knows what it says.
func (a *Answer) FromAPI() bool {
	switch a.contactType {
	case typeObject, typeNull:
		return true
	case typeMissing:
		return a.Remaining != nil
	}
	return false
}

// ErrorStatus is the HTTP status that the body claims to be: its own status, if there is no contact beside it. 0: none.
// A null is not a contact here: an error in an envelope with "contact": null affects every row, and is not an answer to a row.
func (a *Answer) ErrorStatus() int {
	if a.contactType == typeObject || a.contactType == typeOther {
		return 0
	}
	return a.Status
}

// ParseAnswer reads a body, which the caller has bounded. It returns [ErrAnswer] if the body is not a JSON object; whether an
// object is an answer of the API is what [Answer.FromAPI] says. If a member is repeated, the last one counts, except for the
// charge: the most expensive one counts.
func ParseAnswer(body []byte) (Answer, error) {
	var p answerParser
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if p.scan.Reset(body, jsonscan.MaxDepth); !p.scan.Object() {
		return Answer{}, ErrAnswer
	}
	p.top()
	if !p.scan.End() {
		return Answer{}, ErrAnswer
	}
	if p.Body = bytes.Clone(body); p.scan.Spaced() {
		p.Body = jsonscan.AppendCompact(p.Body[:0], body)
	}
	p.Matched = p.Matched || p.charge == chargeYes
	p.ChargeUnknown = p.charge == chargeMissing || p.charge == chargeUnreadable
	p.Charged = p.charge == chargeYes || p.ChargeUnknown && p.Matched
	p.Error = cmp.Or(p.contactError, p.topError, p.message)
	return p.Answer, nil
}

// A charge is what credit_charged says. The larger one is the more expensive.
type charge uint8

const (
	chargeMissing charge = iota
	chargeNo
	chargeUnreadable
	chargeYes
)

func chargeOf(value []byte) charge {
	switch string(value) {
	case `true`, `"true"`, `1`:
		return chargeYes
	case `false`, `"false"`, `0`:
		return chargeNo
	}
	return chargeUnreadable
}

// An answerParser collects what an answer says while its body is scanned.
type answerParser struct {
	Answer
	scan                            jsonscan.Scanner[[]byte]
	charge                          charge
	contactError, topError, message string
}

// top reads the members of the body.
func (p *answerParser) top() {
	for name, ok := p.scan.Member(); ok; name, ok = p.scan.Member() {
		if string(name) == "contact" {
			p.contact()
			continue
		}
		value := p.scan.Value()
		if p.scan.Status() != jsonscan.Valid {
			return
		}
		switch string(name) {
		case "remaining_credits":
			p.remaining(value)
		case "status":
			p.Status = statusOf(value)
		case "error":
			p.topError, p.NamedError = errorOf(value), value[0] == '"'
		case "message":
			p.message = errorOf(value)
		}
	}
}

// contact reads the member contact.
func (p *answerParser) contact() {
	p.contactType = typeOf(p.scan.Peek())
	p.Matched, p.contactError = false, ""
	if !p.scan.Object() {
		p.scan.Value()
		return
	}
	for name, ok := p.scan.Member(); ok; name, ok = p.scan.Member() {
		value := p.scan.Value()
		if p.scan.Status() != jsonscan.Valid {
			return
		}
		switch string(name) {
		case "credit_charged":
			p.charge = max(p.charge, chargeOf(value))
		case "error":
			p.contactError = errorOf(value)
		case "remaining_credits":
			p.remaining(value)
		default:
			p.Matched = p.Matched || isFilled(value)
		}
	}
}

// isFilled reports whether a value contains a number, true, or a string that is not blank, however deep.
func isFilled(value []byte) bool {
	for scalar, isName := range jsonscan.Scalars(value) {
		switch {
		case isName, string(scalar) == "null", string(scalar) == "false":
		case scalar[0] != '"', !isBlankString(scalar):
			return true
		}
	}
	return false
}

func isBlankString(quoted []byte) bool {
	text, _ := jsonscan.Unquote(quoted)
	return strings.TrimSpace(text) == ""
}

// typeOf returns the type of a value that begins with a byte.
func typeOf(first byte) memberType {
	switch first {
	case '{':
		return typeObject
	case 'n':
		return typeNull
	}
	return typeOther
}

// statusOf is a number such as 401 or 4.01e2, if it is the status of an HTTP error; otherwise 0. A string is not a number.
func statusOf(value []byte) int {
	if value[0] < '0' || value[0] > '9' {
		return 0
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || n < 400 || n > 599 || n != math.Trunc(n) {
		return 0
	}
	return int(n)
}

// remaining takes a number, or a string that is one. Most are whole.
func (p *answerParser) remaining(value []byte) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		text, _ := jsonscan.ToText(value)
		if n, err = wholeNumber(strings.TrimSpace(text)); err != nil {
			return
		}
	}
	p.Remaining = &n
}

// wholeNumber rounds a JSON number down.
func wholeNumber(text string) (int64, error) {
	if text == "" || strings.Trim(text, "+-0123456789.eE") != "" {
		return 0, strconv.ErrSyntax // ParseFloat would take "inf" and "0x1p2"
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) >= 1<<62 {
		return 0, strconv.ErrRange
	}
	return int64(math.Floor(f)), nil
}

// errorOf returns the text of an error member.
func errorOf(value []byte) string {
	if jsonscan.IsContainer(value) {
		value = jsonscan.AppendCompact(nil, value)
	}
	return ErrorText(value)
}

// ErrorText returns an error member as text: a string, the message of an object, "" for null and false, otherwise its JSON.
// The value is valid JSON, or empty if there is none.
func ErrorText(value []byte) string {
	switch {
	case string(value) == "null", string(value) == "false":
		return ""
	case len(value) > 0 && value[0] == '"':
		text, _ := jsonscan.Unquote(value)
		return strings.TrimSpace(text)
	}
	if message := jsonscan.Get(value, "message"); len(message) > 0 && message[0] == '"' && len(message) > len(`""`) {
		return ErrorText(message)
	}
	return string(value)
}
