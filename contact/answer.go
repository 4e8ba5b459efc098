package contact

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
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
	// Member says what the member contact is.
	Member Member
	// Body is the body without white space between its tokens and without a byte order mark.
	Body []byte
}

// A Member is the type of a JSON member.
type Member uint8

// The types that an answer's contact can have.
const (
	MemberMissing Member = iota
	MemberNull
	MemberObject
	MemberOther // a list, a string, a number, true or false
)

// Kind is Matched or NoMatch.
func (a *Answer) Kind() Kind {
	if a.Matched {
		return Matched
	}
	return NoMatch
}

// FromAPI reports whether a 2xx with this body is an answer of the API itself (API.md, "What counts as an answer"): its
// contact is an object or null, or it has none and tells the remaining credits. A contact of another type is never an
// answer: nobody knows what it says.
func (a *Answer) FromAPI() bool {
	switch a.Member {
	case MemberObject, MemberNull:
		return true
	case MemberMissing:
		return a.Remaining != nil
	}
	return false
}

// ErrorStatus is the HTTP status that the body claims to be: its own status, if there is no contact beside it. 0: none.
// A null is not a contact here: an error in an envelope with "contact": null affects every row, and is no row's answer.
func (a *Answer) ErrorStatus() int {
	if a.Member == MemberObject || a.Member == MemberOther {
		return 0
	}
	return a.Status
}

// ParseAnswer reads a body of at most what the caller bounded it to. It returns [ErrAnswer] if the body is not a JSON
// object; whether an object is an answer of the API is what [Answer.FromAPI] says. If a member stands twice, the last
// one counts, except for the charge: the most expensive one counts.
func ParseAnswer(body []byte) (Answer, error) {
	var r reading
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	c := compactor{src: body, dst: make([]byte, 0, len(body)), reading: &r}
	object, ok := c.run()
	if !ok || object[0] != '{' {
		return Answer{}, ErrAnswer
	}
	r.Body, r.Matched = object, r.Matched || r.charge == chargeYes
	r.ChargeUnknown = r.charge == chargeMissing || r.charge == chargeUnreadable
	r.Charged = r.charge == chargeYes || r.ChargeUnknown && r.Matched
	if r.Error = r.inner; r.inner == "" {
		r.Error = cmp.Or(r.top, r.message)
	}
	return r.Answer, nil
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

// A reading is an answer while its body is scanned.
type reading struct {
	Answer
	inContact           bool // the members of the next level are the contact's
	charge              charge
	top, message, inner string
}

// begin is called before a member's value. If contact stands twice, the last one counts.
func (r *reading) begin(depth int, name []byte) {
	if depth > 1 {
		return
	}
	if r.inContact = is(name, "contact"); r.inContact {
		r.Matched, r.inner = false, ""
	}
}

// member is called after a member's value. filled: it is not empty.
func (r *reading) member(depth int, name, value []byte, filled bool) {
	switch {
	case depth == 1:
		r.atTop(name, value)
	case r.inContact:
		r.ofContact(name, value, filled)
	}
}

func (r *reading) atTop(name, value []byte) {
	switch {
	case r.inContact:
		r.Member = memberOf(value)
	case is(name, "remaining_credits"):
		r.remaining(value)
	case is(name, "status"):
		r.Status = statusOf(value)
	case is(name, "error"):
		r.top, r.NamedError = errorOf(value), value[0] == '"'
	case is(name, "message"):
		r.message = errorOf(value)
	}
}

func memberOf(value []byte) Member {
	switch value[0] {
	case '{':
		return MemberObject
	case 'n':
		return MemberNull
	}
	return MemberOther
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

func (r *reading) ofContact(name, value []byte, filled bool) {
	switch {
	case is(name, "credit_charged"):
		r.charge = max(r.charge, chargeOf(value))
	case is(name, "error"):
		r.inner = errorOf(value)
	case is(name, "remaining_credits"):
		r.remaining(value)
	default:
		r.Matched = r.Matched || filled
	}
}

// remaining takes a number, or a string that is one. Most are whole.
func (r *reading) remaining(value []byte) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		text := string(value)
		if value[0] == '"' {
			text = strings.TrimSpace(gjson.ParseBytes(value).Str)
		}
		if n, err = wholeNumber(text); err != nil {
			return
		}
	}
	r.Remaining = &n
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

// is says whether a member's name, with its quotes, is this one.
func is(quoted []byte, name string) bool {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return gjson.ParseBytes(quoted).Str == name
	}
	return string(quoted[1:len(quoted)-1]) == name
}

// errorOf is an error member's text.
func errorOf(value []byte) string {
	if string(value) == "null" {
		return ""
	}
	if value[0] == '{' || value[0] == '[' {
		value, _ = compact(value) // it is valid
	}
	return ErrorText(gjson.ParseBytes(value))
}

// ErrorText is an error member as text: a string, the message of an object, "" for null, otherwise the JSON.
func ErrorText(value gjson.Result) string {
	switch {
	case value.Type == gjson.Null, value.Type == gjson.False:
		return ""
	case value.Type == gjson.String:
		return strings.TrimSpace(value.Str)
	case value.IsObject():
		if m := value.Get("message"); m.Type == gjson.String && m.Str != "" {
			return strings.TrimSpace(m.Str)
		}
	}
	return value.Raw
}
