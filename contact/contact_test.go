package contact_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"go.uber.org/goleak"

	"enrich/contact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContactsThatCannotBeSentAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		c    contact.Contact
		want error
	}{
		"address":               {contact.Contact{Email: "ann@x.com"}, nil},
		"plus and dots":         {contact.Contact{Email: "a.b+c@sub.x.co.uk"}, nil},
		"umlauts":               {contact.Contact{Email: "jürgen@müller.de"}, nil},
		"quoted local":          {contact.Contact{Email: `"a"@x.com`}, nil},
		"linkedin":              {contact.Contact{LinkedInURL: "https://linkedin.com/in/ann"}, nil},
		"name and domain":       {contact.Contact{FirstName: "A", LastName: "B", CompanyDomain: "x.com"}, nil},
		"name and company":      {contact.Contact{FirstName: "A", LastName: "B", CompanyName: "X"}, nil},
		"empty":                 {contact.Contact{}, contact.ErrNothing},
		"name alone":            {contact.Contact{FirstName: "A", LastName: "B"}, contact.ErrNothing},
		"company alone":         {contact.Contact{CompanyDomain: "x.com"}, contact.ErrNothing},
		"no at":                 {contact.Contact{Email: "ann.x.com"}, contact.ErrAddress},
		"bad address, linkedin": {contact.Contact{Email: "n/a", LinkedInURL: "x"}, contact.ErrAddress},
		"two addresses":         {contact.Contact{Email: "a@x.com;b@x.com"}, contact.ErrAddress},
		"two with a space":      {contact.Contact{Email: "a@x.com b@x.com"}, contact.ErrAddress},
		"named address":         {contact.Contact{Email: "Ann <ann@x.com>"}, contact.ErrAddress},
		"no domain":             {contact.Contact{Email: "ann@"}, contact.ErrAddress},
		"no local":              {contact.Contact{Email: "@x.com"}, contact.ErrAddress},
		"no dot":                {contact.Contact{Email: "ann@localhost"}, contact.ErrAddress},
		"numbers":               {contact.Contact{Email: "ann@1.2.3.4"}, contact.ErrAddress},
		"double dot":            {contact.Contact{Email: "ann@x..com"}, contact.ErrAddress},
		"long name":             {contact.Contact{Email: "a@x.com", FirstName: strings.Repeat("ü", 256)}, contact.ErrTooLong},
		"255 characters":        {contact.Contact{Email: "a@x.com", FirstName: strings.Repeat("ü", 255)}, nil},
	} {
		if err := tt.c.Check(); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, expected %v", name, err, tt.want)
		}
	}
}

func TestACloneKeepsNothingOfTheOriginal(t *testing.T) {
	text := []byte("a@x.example|Ann|Smith|Acme|acme.example|in/ann")
	view := func(from, to int) string { return unsafe.String(&text[from], to-from) }
	c := contact.Contact{
		Email: view(0, 11), FirstName: view(12, 15), LastName: view(16, 21), CompanyName: view(22, 26),
		CompanyDomain: view(27, 39), LinkedInURL: view(40, 46),
	}
	clone := c.Clone()
	clear(text)
	want := contact.Contact{
		Email: "a@x.example", FirstName: "Ann", LastName: "Smith", CompanyName: "Acme", CompanyDomain: "acme.example", LinkedInURL: "in/ann",
	}
	if clone != want {
		t.Errorf("got %+v", clone)
	}
	if empty := (contact.Contact{}).Clone(); empty != (contact.Contact{}) {
		t.Errorf("of nothing: %+v", empty)
	}
	text = []byte("a@x.example")
	lone := contact.Contact{Email: view(0, 11)}.Clone()
	clear(text)
	if lone != (contact.Contact{Email: "a@x.example"}) {
		t.Errorf("of one value: %+v", lone)
	}
}

func TestTheSameContactHasTheSameKey(t *testing.T) {
	id := contact.NewIdentity("https://api.selling.com", nil)
	a := contact.Contact{
		Email: "Ann@X.com", FirstName: "Zoë", CompanyName: "Big  Co", CompanyDomain: "https://www.Big.com/about",
		LinkedInURL: "https://www.linkedin.com/in/ann/?x=1",
	}
	b := contact.Contact{
		Email: " ann@x.com ", FirstName: "ZOE\u0308", CompanyName: "big co", CompanyDomain: "big.com.",
		LinkedInURL: "http://de.linkedin.com/in/Ann",
	}
	if id.Keys(a) != id.Keys(b) {
		t.Error("two spellings of one question have two keys")
	}
	b.LastName = "Other"
	ka, kb := id.Keys(a), id.Keys(b)
	if ka.Request == kb.Request {
		t.Error("another name is the same question")
	}
	if ka.Email != kb.Email {
		t.Error("one address has two keys")
	}
	for name, other := range map[string]contact.Identity{
		"API":       contact.NewIdentity("http://127.0.0.1:1", nil),
		"constants": contact.NewIdentity("https://api.selling.com", []byte(`{"a":1}`)),
	} {
		if other.Keys(a).Request == ka.Request {
			t.Errorf("another %s has the same key", name)
		}
	}
	shifted := contact.Contact{FirstName: "a", LastName: "b"}
	if id.Keys(shifted) == id.Keys(contact.Contact{FirstName: "ab"}) {
		t.Error("values run together")
	}
}

func TestParseAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		body             string
		matched, charged bool
		failure          string
		remaining        int64 // -1: not stated
		want             error
	}{
		"match":             {`{"contact": {"credit_charged": true, "email":"a@x.com"}, "remaining_credits": 10}`, true, true, "", 10, nil},
		"charged, empty":    {`{"contact":{"credit_charged":true}}`, true, true, "", -1, nil},
		"no match":          {`{"contact":{"credit_charged":false,"email":"","location":{"country":null}}}`, false, false, "", -1, nil},
		"filled, uncharged": {`{"contact":{"credit_charged":false,"location":{"country":"DE"}}}`, true, false, "", -1, nil},
		"error":             {`{"contact":{"credit_charged":false,"error":"not found"}}`, false, false, "not found", -1, nil},
		"error object":      {`{"contact":{"error":{"message":"not found","code":3}}}`, false, false, "not found", -1, nil},
		"error null":        {`{"contact":{"error":null}}`, false, false, "", -1, nil},
		"error elsewhere":   {`{"error":"Out of credits","remaining_credits":0}`, false, false, "Out of credits", 0, nil},
		"credits inside":    {`{"contact":{"remaining_credits":7}}`, false, false, "", 7, nil},
		"contact null":      {`{"contact":null}`, false, false, "", -1, nil},
		"contact a string":  {`{"contact":"x"}`, false, false, "", -1, nil},
		"byte order mark":   {"\xef\xbb\xbf" + `{"contact":{"credit_charged":true}}`, true, true, "", -1, nil},
		"credits as text":   {`{"contact":{"credit_charged":false},"remaining_credits":" 7 "}`, false, false, "", 7, nil},
		"half a credit":     {`{"contact":{"credit_charged":false},"remaining_credits":-7.5}`, false, false, "", -8, nil},
		"credits no number": {`{"contact":{"credit_charged":false},"remaining_credits":"many"}`, false, false, "", -1, nil},
		"credits infinite":  {`{"contact":{"credit_charged":false},"remaining_credits":"Inf"}`, false, false, "", -1, nil},
		"empty object":      {`{}`, false, false, "", -1, nil},
		"array":             {`[{}]`, false, false, "", -1, contact.ErrAnswer},
		"null":              {`null`, false, false, "", -1, contact.ErrAnswer},
		"string":            {`"x"`, false, false, "", -1, contact.ErrAnswer},
		"empty":             {``, false, false, "", -1, contact.ErrAnswer},
		"html":              {`<html>`, false, false, "", -1, contact.ErrAnswer},
		"two objects":       {`{}{}`, false, false, "", -1, contact.ErrAnswer},
		"cut":               {`{"contact":{"email":"a`, false, false, "", -1, contact.ErrAnswer},
	} {
		a, err := contact.ParseAnswer([]byte(tt.body))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, expected %v", name, err, tt.want)
			continue
		}
		remaining := int64(-1)
		if a.Remaining != nil {
			remaining = *a.Remaining
		}
		if a.Matched != tt.matched || a.Charged != tt.charged || a.Error != tt.failure || remaining != tt.remaining {
			t.Errorf("%s: got %+v remaining %d", name, a, remaining)
		}
	}
}

func TestAnswersKeepTheirNumbers(t *testing.T) {
	const body = `{ "contact": {"n": 12345678901234567890.10, "u": "\u00e4\/ä" } }`
	a, err := contact.ParseAnswer([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"contact":{"n":12345678901234567890.10,"u":"\u00e4\/ä"}}`; string(a.Body) != want {
		t.Errorf("got %s, expected %s", a.Body, want)
	}
}

func TestNormalURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://API.selling.com/":     "https://api.selling.com",
		"https://api.selling.com:443":  "https://api.selling.com",
		"https://x.com/v1/":            "https://x.com/v1",
		"http://127.0.0.1:8080":        "http://127.0.0.1:8080",
		"http://[::1]:80/":             "http://[::1]",
		"http://localhost:9":           "http://localhost:9",
		"http://api.selling.com":       "",
		"http://127.0.0.1.evil.com":    "",
		"ftp://x.com":                  "",
		"api.selling.com":              "",
		"https://u:p@x.com":            "",
		"https://x.com?key=1":          "",
		"https://":                     "",
		"http://10.0.0.1":              "",
		"http://localhost.example.com": "",
		"https://x.com:65535":          "https://x.com:65535",
		"https://x.com:65536":          "",
		"https://x.com:0":              "",
		"https://x.com:99999999999999": "",
	} {
		got, err := contact.NormalURL(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v; expected %q", in, got, err, want)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"contact":{"credit_charged":true,"error":{"message":"x"}},"remaining_credits":1e400}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := contact.ParseAnswer(body)
		if err != nil {
			return
		}
		b, err := contact.ParseAnswer(a.Body)
		if err != nil || string(a.Body) != string(b.Body) || a.Matched != b.Matched || a.Error != b.Error {
			t.Errorf("read again it differs: %s, %s, %v", a.Body, b.Body, err)
		}
	})
}

func FuzzNormal(f *testing.F) {
	f.Add("  Zoe\u0308  B ")
	f.Add("ǅ\u0345ΰ")
	f.Fuzz(func(t *testing.T, s string) {
		if n := contact.Normal(s); contact.Normal(n) != n {
			t.Errorf("normalising %q twice gives %q, then %q", s, n, contact.Normal(n))
		}
	})
}

func BenchmarkKeys(b *testing.B) {
	id := contact.NewIdentity("https://api.selling.com", nil)
	c := contact.Contact{Email: "ann.smith@example.com", FirstName: "Ann", LastName: "Smith", CompanyName: "Example"}
	b.ReportAllocs()
	for b.Loop() {
		id.Keys(c)
	}
}

func BenchmarkParseAnswer(b *testing.B) {
	body := []byte(`{"contact":{"credit_charged":true,"first_name":"Ann","last_name":"Smith","email":"ann.smith@example.com","office_phone":"+18005551234","mobile_phone":"","location":{"country":"United States","state":"CA","zip_code":"94016"},"title":"VP Sales","job_level":"VP","department":"Sales","linkedin":"https://linkedin.com/in/ann","company":{"name":"Example","description":"Makes examples","website":"example.com","employees_category":"500-1,000","revenue_category":"$50M","location":{"country":"US","state":"CA","zip_code":"94016"}}},"remaining_credits":10}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := contact.ParseAnswer(body); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAPageOnANetworkIsNotACompanysDomain: facebook.com as the domain would look among the people of Facebook.
func TestAPageOnANetworkIsNotACompanysDomain(t *testing.T) {
	for site, want := range map[string]string{
		"https://www.facebook.com/northwind": "", "facebook.com/northwind/": "", "https://de.linkedin.com/company/northwind": "", "http://x.com/northwind": "",
		"facebook.com": "facebook.com", "https://facebook.com/": "facebook.com",
		"//facebook.com": "facebook.com", "//facebook.com/northwind": "", "facebook.com/?utm=1": "facebook.com", "https://facebook.com?next=/x": "facebook.com", "facebook.com/#top": "facebook.com",
		"facebook.com//": "facebook.com", "facebook.com/ ": "facebook.com", `facebook.com\northwind`: "", "https://twitter.com/#!/northwind": "", "facebook.com/northwind?utm=1": "", "x.com:443/": "x.com", "https://www.northwind.example/about": "northwind.example",
		"notfacebook.com/x": "notfacebook.com", "facebook.com.example/x": "facebook.com.example",
	} {
		got := contact.Contact{FirstName: "Ann", LastName: "Smith", CompanyDomain: site}.Cleaned()
		if got.CompanyDomain != want {
			t.Errorf("%s: %q, expected %q", site, got.CompanyDomain, want)
		}
		if err := got.Check(); (err != nil) != (want == "") {
			t.Errorf("%s: %v", site, err)
		}
	}
}
