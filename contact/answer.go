package contact

import (
	"errors"
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
	object, ok := compact(body)
	if !ok || object[0] != '{' {
		return Answer{}, ErrAnswer
	}
	a := Answer{Body: object}
	var top, inner string
	gjson.ParseBytes(a.Body).ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "contact":
			inner = a.contact(value)
		case "remaining_credits":
			a.remaining(value)
		case "error":
			top = ErrorText(value)
		case "message":
			if top == "" {
				top = ErrorText(value)
			}
		}
		return true
	})
	if a.Error = inner; inner == "" {
		a.Error = top
	}
	return a, nil
}

// contact reads the contact object and returns its error.
func (a *Answer) contact(value gjson.Result) (failure string) {
	a.Matched, a.Charged = false, false
	if !value.IsObject() {
		return ""
	}
	value.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "credit_charged":
			a.Charged = value.Type == gjson.True
		case "error":
			failure = ErrorText(value)
		case "remaining_credits":
			a.remaining(value)
		default:
			a.Matched = a.Matched || filled(value)
		}
		return true
	})
	a.Matched = a.Matched || a.Charged
	return failure
}

func (a *Answer) remaining(value gjson.Result) {
	if value.Type == gjson.Number {
		n := value.Int()
		a.Remaining = &n
	}
}

// filled says whether a value tells anything: not null, false, blank, nor an object or array of such.
func filled(value gjson.Result) bool {
	switch value.Type {
	case gjson.Null, gjson.False:
		return false
	case gjson.String:
		return strings.TrimSpace(value.Str) != ""
	case gjson.JSON:
		any := false
		value.ForEach(func(_, v gjson.Result) bool {
			any = filled(v)
			return !any
		})
		return any
	}
	return true
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
