package contact

import (
	"bytes"
	"cmp"
	"errors"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// ErrAnswer is a body that is no answer: not one JSON object and nothing else.
var ErrAnswer = errors.New("the answer is no JSON object")

// An Answer is what a 2xx body says, as far as a run must know it. The writer reads the rest out of Body.
type Answer struct {
	// Matched: any field of the contact is filled, or a credit was charged.
	Matched bool
	// Charged is contact.credit_charged.
	Charged bool
	// Error is contact.error as text, whatever its shape (a string, an object with message, null); where there
	// is none, the top level's error or message.
	Error string
	// Remaining is remaining_credits, from the top or from inside contact; nil where it was not told.
	Remaining *int64
	// Body is the body as it came, without white space between its tokens.
	Body []byte
}

// Kind is Matched or NoMatch.
func (a *Answer) Kind() Kind {
	if a.Matched {
		return Matched
	}
	return NoMatch
}

// ParseAnswer reads a body of at most what the caller bounded it to. Any JSON object is an answer (API.md: what
// is documented is a reading, and the program survives it being otherwise); a member that stands twice counts as
// the last one says.
func ParseAnswer(body []byte) (Answer, error) {
	var r reading
	c := compactor{src: body, dst: make([]byte, 0, len(body)), reading: &r}
	object, ok := c.run()
	if !ok || object[0] != '{' {
		return Answer{}, ErrAnswer
	}
	r.Body, r.Matched = object, r.Matched || r.Charged
	if r.Error = r.inner; r.inner == "" {
		r.Error = cmp.Or(r.top, r.message)
	}
	return r.Answer, nil
}

// A reading is an answer while its body is passed over.
type reading struct {
	Answer
	inContact           bool // the members of the next level are the contact's
	top, message, inner string
}

// begin is told before a member's value: of a contact that stands twice the last one counts.
func (r *reading) begin(depth int, name []byte) {
	if depth > 1 {
		return
	}
	if r.inContact = is(name, "contact"); r.inContact {
		r.Matched, r.Charged, r.inner = false, false, ""
	}
}

// member is told after it. tells: there is something in it.
func (r *reading) member(depth int, name, value []byte, tells bool) {
	switch {
	case depth == 1:
		r.atTop(name, value)
	case r.inContact:
		r.ofContact(name, value, tells)
	}
}

func (r *reading) atTop(name, value []byte) {
	switch {
	case is(name, "remaining_credits"):
		r.remaining(value)
	case is(name, "error"):
		r.top = errorOf(value)
	case is(name, "message"):
		r.message = errorOf(value)
	}
}

func (r *reading) ofContact(name, value []byte, tells bool) {
	switch {
	case is(name, "credit_charged"):
		r.Charged = value[0] == 't'
	case is(name, "error"):
		r.inner = errorOf(value)
	case is(name, "remaining_credits"):
		r.remaining(value)
	default:
		r.Matched = r.Matched || tells
	}
}

// remaining takes a number; most are whole, and those gjson need not look at.
func (r *reading) remaining(value []byte) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		v := gjson.ParseBytes(value)
		if v.Type != gjson.Number {
			return
		}
		n = v.Int()
	}
	r.Remaining = &n
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
