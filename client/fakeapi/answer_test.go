package fakeapi_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

func TestNoMatchIsNotCharged(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for tag, want := range map[string]string{
		"nomatch": "No contact was found.", "nothing": "<nil>", "errorobject": "map[code:17 message:No contact was found.]", "errortop": "<nil>",
	} {
		got := a.ask("ann+" + tag + "@x.example").answer(t)
		if got.Contact.Charged || got.Contact.Title != "" || fmt.Sprint(got.Contact.Error) != want {
			t.Errorf("%s: charged %v, title %q, error %v", tag, got.Contact.Charged, got.Contact.Title, got.Contact.Error)
		}
	}
	if s := a.Stats(); s.Charged != 0 || s.CreditsLeft != fakeapi.DefaultCredits {
		t.Errorf("charged %d, left %d", s.Charged, s.CreditsLeft)
	}
}

func TestTheSameContactGetsTheSameAnswerInEveryRunAndOrder(t *testing.T) {
	first, second := start(t, fakeapi.Options{}), start(t, fakeapi.Options{})
	other := start(t, fakeapi.Options{Seed: 1})
	const contacts = 300
	answers := make([]answer, contacts)
	found, differ := 0, 0
	for i := range contacts {
		address := fmt.Sprintf("ann%d@x.example", i)
		answers[i] = first.ask(address).answer(t)
		if answers[i].Contact.Charged {
			found++
		}
		if other.ask(address).answer(t).Contact.Charged != answers[i].Contact.Charged {
			differ++
		}
	}
	for i, one := range slices.Backward(answers) {
		two := second.ask(fmt.Sprintf("ANN%d@X.example", i)).answer(t)
		if one.Contact.Charged != two.Contact.Charged || one.Contact.Title != two.Contact.Title || one.Contact.Mobile != two.Contact.Mobile {
			t.Fatalf("ann%d: %+v and %+v", i, one, two)
		}
	}
	if found < contacts*7/10 || found > contacts*9/10 {
		t.Errorf("%d of %d found, expected about %v of them", found, contacts, fakeapi.DefaultMatch)
	}
	if differ == 0 {
		t.Error("another seed finds the same contacts")
	}
}

func TestSharesCanBeAllAndNone(t *testing.T) {
	for _, c := range []struct {
		o          fakeapi.Options
		want       bool
		size, most int
	}{
		{fakeapi.Options{Match: -1}, false, 0, 200},
		{fakeapi.Options{Match: 1}, true, 400, 1000},
		{fakeapi.Options{Match: 1, Big: 1}, true, 300 << 10, 500 << 10},
		{fakeapi.Options{Match: 1, Odd: 1}, true, 800, 1500},
	} {
		a := start(t, c.o)
		for i := range 20 {
			r := a.ask(fmt.Sprintf("ann%d@x.example", i))
			if got := r.answer(t); got.Contact.Charged != c.want || len(r.body) < c.size || len(r.body) > c.most {
				t.Fatalf("%+v: charged %v, %d bytes", c.o, got.Contact.Charged, len(r.body))
			}
		}
	}
}

func TestAMatchRepeatsTheRequest(t *testing.T) {
	a := start(t, fakeapi.Options{Match: 1})
	for _, c := range []struct{ body, first, company string }{
		{`{"business_email":"a@x.example","first_name":"J\u00fcrgen \"J\"","company_name":"A/B \\ Söhne"}`, `Jürgen "J"`, `A/B \ Söhne`},
		{`{"first_name":"Li","last_name":"Wu","company_domain":"x.example","company_name":"龙","metadata":{"a":[1,{"}":"{"}]}}`, "Li", "龙"},
	} {
		got := a.post(c.body).answer(t)
		if got.Contact.FirstName != c.first || got.Contact.Company.Name != c.company {
			t.Errorf("%s: %+v", c.body, got.Contact)
		}
	}
	if got := a.post(`{"linkedin_url":"https:\/\/www.linkedin.com/in/grace"}`).answer(t); got.Contact.LinkedIn != "https://www.linkedin.com/in/grace" {
		t.Errorf("linkedin %q", got.Contact.LinkedIn)
	}
}

func TestOddAnswersAreNotAsDocumented(t *testing.T) {
	a := start(t, fakeapi.Options{})
	body := a.ask("ann+odd@x.example").body
	for _, want := range []string{"9007199254740993", "12345678901234567890", `\u001b[31m`, `"request_id"`, "-0.0"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestInvalidRequestsAreRefused(t *testing.T) {
	a := start(t, fakeapi.Options{RequireField: "business_email"})
	long := strings.Repeat("é", 256)
	for _, c := range []struct {
		body   string
		status int
	}{
		{`{"business_email":"a+match@x.example"}`, http.StatusOK},
		{`{"email":"a@x.example"}`, http.StatusBadRequest},
		{`{"business_email":"a@x.example",}`, http.StatusBadRequest}, // the authentication page's own example
		{`{"business_email":"a@x.example"} {}`, http.StatusBadRequest},
		{``, http.StatusBadRequest},
		{`[]`, http.StatusBadRequest},
		{`{}`, http.StatusBadRequest},
		{`{"business_email":7}`, http.StatusBadRequest},
		{`{"business_email":"","first_name":"A","last_name":"B"}`, http.StatusBadRequest},
		{`{"first_name":"A","last_name":"B","company_name":null}`, http.StatusBadRequest},
		{`{"first_name":"A","last_name":"B","company_name":"C"}`, http.StatusOK},
		{`{"linkedin_url":"l","company_name":"` + long[2:] + `"}`, http.StatusOK},
		{`{"linkedin_url":"l","company_name":"` + long + `"}`, http.StatusBadRequest},
	} {
		if r := a.post(c.body); r.err != nil || r.status != c.status {
			t.Errorf("%.60s: status %d, expected %d: %s %v", c.body, r.status, c.status, r.body, r.err)
		}
	}
}

func TestOtherPathsAndMethodsAreNotCalls(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/contact", http.StatusMethodNotAllowed},
		{http.MethodPut, "/contact", http.StatusMethodNotAllowed},
		{http.MethodPost, "/_stats", http.StatusMethodNotAllowed},
		{http.MethodPost, "/", http.StatusNotFound},
		{http.MethodPost, "/v1/contact", http.StatusNotFound},
		{http.MethodPost, "/contact/", http.StatusNotFound},
	} {
		if r := a.do(t.Context(), c.method, c.path, "Bearer k", `{"email":"a@x.example"}`); r.status != c.status {
			t.Errorf("%s %s: status %d, expected %d", c.method, c.path, r.status, c.status)
		}
	}
	if s := a.Stats(); s.Calls != 0 || s.Strays != 6 {
		t.Errorf("%d calls, %d strays", s.Calls, s.Strays)
	}
}
