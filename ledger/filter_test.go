package ledger_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
)

// TestMatchesText finds a person in results that are not valid JSON, however the characters are written.
func TestMatchesText(t *testing.T) {
	byAddress := contact.Contact{Email: "Ann <ann.ö@x.example>"}
	byName := contact.Contact{FirstName: "Ann", LastName: "O'Hara", CompanyDomain: "https://www.x.example/"}
	for text, matches := range map[string][2]bool{
		`{"contacts":[{"email":"ANN.ö@x.example"`:   {true, false},
		`"ann.\u00f6\u0040x\u002eexample`:           {true, false},
		"\xffann.o\u0308@X.example":                 {true, false},
		`\nann.ö@x.example\n`:                       {true, false},
		`joann.ö@x.example`:                         {false, false},
		`ann.ö@x.example.com`:                       {false, false},
		`"first_name":"ann","last":"O\u0027Hara"`:   {false, false},
		`"ann" "O\u0027HARA" "https:\/\/X.example"`: {false, true},
		`\ud83dann.ö@x.example\`:                    {true, false},
		``:                                          {false, false},
	} {
		for i, who := range []contact.Contact{byAddress, byName} {
			if f := ledger.NewFilter(who); f.MatchesText([]byte(text)) != matches[i] {
				t.Errorf("%s: %+v: expected %v", text, who, matches[i])
			}
		}
	}
	empty := ledger.NewFilter(contact.Contact{})
	if empty.MatchesText([]byte("x")) {
		t.Error("nobody matches a text")
	}
}

// TestAllGivenFieldsMatch: an address that several people share does not select the others if a name is given, too.
func TestAllGivenFieldsMatch(t *testing.T) {
	const shared = "info@x.example"
	for name, tt := range map[string]struct {
		who     contact.Contact
		body    string
		matches bool
	}{
		"the address alone":             {contact.Contact{Email: shared}, `{"contact":{"email":"info@x.example","first_name":"Bo"}}`, true},
		"the address alone, elsewhere":  {contact.Contact{Email: shared}, `{"contact":{"first_name":"Bo"},"others":["INFO@x.example"]}`, true},
		"both":                          {contact.Contact{Email: shared, FirstName: "Ann"}, `{"contact":{"email":"info@x.example","first_name":"ANN"}}`, true},
		"both, the address elsewhere":   {contact.Contact{Email: shared, FirstName: "Ann"}, `{"contact":{"email":"a@x.example","first_name":"Ann"},"others":["info@x.example"]}`, true},
		"another name":                  {contact.Contact{Email: shared, FirstName: "Ann"}, `{"contact":{"email":"info@x.example","first_name":"Bo"}}`, false},
		"another name, elsewhere":       {contact.Contact{Email: shared, FirstName: "Ann"}, `{"contact":{"first_name":"Bo"},"others":["info@x.example"]}`, false},
		"another profile":               {contact.Contact{Email: shared, LinkedInURL: "linkedin.com/in/ann"}, `{"contact":{"email":"info@x.example","linkedin":"linkedin.com/in/bo"}}`, false},
		"the name, but another address": {contact.Contact{Email: shared, FirstName: "Ann"}, `{"contact":{"email":"a@x.example","first_name":"Ann"}}`, false},
	} {
		if f := ledger.NewFilter(tt.who); f.MatchesAnswer([]byte(tt.body)) != tt.matches {
			t.Errorf("%s: expected %t", name, tt.matches)
		}
	}
}

// TestMatchesTextAgreesWithJSON: an address that is found in valid JSON is found in any part of it that contains it whole.
func TestMatchesTextAgreesWithJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringMatching(`[a-z\x{e0}-\x{17f}]{1,8}`).Draw(t, "local")
		address := local + "@x.example"
		body := jsonscan.AppendString(nil, rapid.String().Draw(t, "before")+" "+address+" "+rapid.String().Draw(t, "after"))
		f := ledger.NewFilter(contact.Contact{Email: address})
		if f.IsEmpty() || !f.MatchesAnswer([]byte(`{"contact":{"notes":`+string(body)+`}}`)) {
			t.Skip("not an address")
		}
		if cut := strings.TrimSuffix(string(body), `"`); !f.MatchesText([]byte(cut)) {
			t.Fatalf("%q is not found in %q", address, cut)
		}
	})
}
