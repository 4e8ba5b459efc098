package contact

import (
	"bytes"
	"cmp"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// What an answer says is read while it is compacted. It is the same as what a JSON library reads.
func FuzzAnswerIsReadAsALibraryReadsIt(f *testing.F) {
	for _, body := range []string{
		`{"contact":{"email":"a@x.com","credit_charged":true},"remaining_credits":7}`,
		` { "contact" : { "company" : { "name" : " " , "tags" : [ null , false , "" ] } , "error" : { "message" : " gone " } } } `,
		`{"contact":{"title":"x"},"contact":{"title":null,"credit_charged":false}}`,
		`{"contact":{"credit_charged":true,"credit_charged":false}}`,
		`{"contact":{"n":0},"error":[1, 2],"message":"m"}`,
		`{"contact":[{"title":"x"}],"meta":{"error":"no","remaining_credits":1}}`,
		`{"con\u0074act":{"t\u0069tle":"\u00a0\t"},"contact":{"x":"\u3000 y"},"remaining_credits":-1e3}`,
		`{"contact":{"error":"e","remaining_credits":12345678901234567890,"a":[[[true]]]}}`,
		"\xef\xbb\xbf" + `{"contact":{"credit_charged":"true"},"status":401.0,"error":"e"}`, `{"contact":null,"status":4.01e2,"remaining_credits":"7.5"}`,
		`{"contact":{"credit_charged":false},"contact":{"credit_charged":1}}`, `{"contact":[],"status":"401","remaining_credits":-0.5}`,
		`{"contact":{"a":"\ud800"}}`, "{\"contact\":{\"a\":\"\xff\"}}", `[]`, `null`, ``, `{"contact":{`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := ParseAnswer([]byte(body))
		want, ok := readByLibrary([]byte(body))
		if (err == nil) != ok {
			t.Fatalf("%q: %v, a library says %v", body, err, ok)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n%+v, a library reads\n%+v", body, got, want)
		}
	})
}

func readByLibrary(body []byte) (a Answer, ok bool) {
	object, ok := compact(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if !ok || object[0] != '{' {
		return Answer{}, false
	}
	a.Body = object
	var top, message, inner string
	var said charge
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "contact":
			inner = a.readContact(value, &said)
		case "remaining_credits":
			a.readRemaining(value)
		case "status":
			a.Status = 0
			if n := value.Num; value.Type == gjson.Number && n >= 400 && n <= 599 && n == float64(int(n)) {
				a.Status = int(n)
			}
		case "error":
			top, a.NamedError = ErrorText(value), value.Type == gjson.String
		case "message":
			message = ErrorText(value)
		}
		return true
	})
	a.Matched = a.Matched || said == chargeYes
	a.ChargeUnknown = said == chargeMissing || said == chargeUnreadable
	a.Charged = said == chargeYes || a.ChargeUnknown && a.Matched
	a.Error = cmp.Or(inner, top, message)
	return a, true
}

func (a *Answer) readContact(contact gjson.Result, said *charge) (failure string) {
	a.Matched = false
	switch {
	case contact.Type == gjson.Null:
		a.Member = MemberNull
	case contact.IsObject():
		a.Member = MemberObject
	default:
		a.Member = MemberOther
	}
	if !contact.IsObject() {
		return ""
	}
	contact.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "credit_charged":
			*said = max(*said, chargeOf([]byte(value.Raw)))
		case "error":
			failure = ErrorText(value)
		case "remaining_credits":
			a.readRemaining(value)
		default:
			a.Matched = a.Matched || filled(value)
		}
		return true
	})
	return failure
}

func (a *Answer) readRemaining(value gjson.Result) {
	text := value.Raw
	if value.Type == gjson.String {
		text = strings.TrimSpace(value.Str)
	}
	if n, err := wholeNumber(text); err == nil {
		a.Remaining = &n
	}
}

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
