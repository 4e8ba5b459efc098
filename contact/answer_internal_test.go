package contact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAnswerAgainstLibrary compares what is read of an answer with what encoding/json reads.
func FuzzAnswerAgainstLibrary(f *testing.F) {
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
		expected, ok := readWithLibrary([]byte(body))
		if (err == nil) != ok {
			t.Fatalf("%q: %v, encoding/json says %v", body, err, ok)
		}
		if utf8.ValidString(body) && !reflect.DeepEqual(got, expected) { // encoding/json replaces what is not UTF-8
			t.Errorf("%q:\ngot      %+v\nexpected %+v", body, got, expected)
		}
	})
}

// readWithLibrary reads an answer with encoding/json.
func readWithLibrary(body []byte) (a Answer, ok bool) {
	var compacted bytes.Buffer
	if json.Compact(&compacted, bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))) != nil || compacted.Bytes()[0] != '{' {
		return Answer{}, false
	}
	a.Body = compacted.Bytes()
	var topError, message, contactError string
	var charged charge
	for _, m := range libraryMembers(a.Body) {
		switch m.name {
		case "contact":
			contactError = a.readContact(m.value, &charged)
		case "remaining_credits":
			a.readRemaining(m.value)
		case "status":
			var n float64
			if a.Status = 0; json.Unmarshal(m.value, &n) == nil && n >= 400 && n <= 599 && n == float64(int(n)) {
				a.Status = int(n)
			}
		case "error":
			topError, a.NamedError = libraryError(m.value), m.value[0] == '"'
		case "message":
			message = libraryError(m.value)
		}
	}
	a.Matched = a.Matched || charged == chargeYes
	a.ChargeUnknown = charged == chargeMissing || charged == chargeUnreadable
	a.Charged = charged == chargeYes || a.ChargeUnknown && a.Matched
	a.Error = cmp.Or(contactError, topError, message)
	return a, true
}

func (a *Answer) readContact(contact json.RawMessage, charged *charge) (failure string) {
	a.Matched, a.contactType = false, typeOther
	switch contact[0] {
	case 'n':
		a.contactType = typeNull
	case '{':
		a.contactType = typeObject
		for _, m := range libraryMembers(contact) {
			switch m.name {
			case "credit_charged":
				*charged = max(*charged, chargeOf(m.value))
			case "error":
				failure = libraryError(m.value)
			case "remaining_credits":
				a.readRemaining(m.value)
			default:
				a.Matched = a.Matched || libraryFilled(m.value)
			}
		}
	}
	return failure
}

func (a *Answer) readRemaining(value json.RawMessage) {
	text := string(value)
	if value[0] == '"' {
		text = strings.TrimSpace(libraryText(value))
	}
	if n, err := wholeNumber(text); err == nil {
		a.Remaining = &n
	}
}

type libraryMember struct {
	name  string
	value json.RawMessage
}

// libraryMembers lists the members of an object, duplicates included.
func libraryMembers(object []byte) (list []libraryMember) {
	d := json.NewDecoder(bytes.NewReader(object))
	_, _ = d.Token()
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		_ = d.Decode(&value)
		list = append(list, libraryMember{name.(string), value})
	}
	return list
}

func libraryText(value json.RawMessage) (text string) {
	_ = json.Unmarshal(value, &text)
	return text
}

func libraryError(value json.RawMessage) string {
	switch value[0] {
	case 'n', 'f':
		return ""
	case '"':
		return strings.TrimSpace(libraryText(value))
	case '{':
		message := ""
		for _, m := range libraryMembers(value) {
			if m.name == "message" {
				message = libraryText(m.value)
			}
		}
		if message != "" {
			return strings.TrimSpace(message)
		}
	}
	return string(value)
}

func libraryFilled(value json.RawMessage) bool {
	switch value[0] {
	case 'n', 'f':
		return false
	case '"':
		return strings.TrimSpace(libraryText(value)) != ""
	case '{':
		return slices.ContainsFunc(libraryMembers(value), func(m libraryMember) bool { return libraryFilled(m.value) })
	case '[':
		var list []json.RawMessage
		_ = json.Unmarshal(value, &list)
		return slices.ContainsFunc(list, libraryFilled)
	}
	return true
}
