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
			t.Errorf("%s: %q, expected %q (%v)", body, q.contact(), want, err)
		}
	}
}

// FuzzParseQuestion compares what is read of a request with what encoding/json reads.
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
				t.Fatalf("%q is accepted: %v", body, jerr)
			}
			return
		}
		if err != nil {
			return // a known member that is not a string, or too long: TestInvalidRequestsAreRefused
		}
		for i, name := range names() {
			raw := string(want[name])
			if raw == "null" || raw == `""` {
				raw = ""
			}
			if raw != string(q.raw[i]) {
				t.Fatalf("%q: %s is %q, expected %q", body, name, q.raw[i], raw)
			}
		}
	})
}
