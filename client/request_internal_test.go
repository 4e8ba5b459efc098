package client

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The whole request is as expected, except for the headers of the connection.
func TestTheRequestThatIsSent(t *testing.T) {
	constants, err := ParseConstants([]string{"metadata.mobile_phone_enrichment=true", "metadata.source=fair"})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *http.Request, 1)
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body) // compared below
		got <- r
		_, _ = io.WriteString(w, matchBody)
	}))
	defer server.Close()
	h := newHarness(t, 1, Options{URL: server.URL + "/v2", UserAgent: "enrich/1.2.3", EmailAs: "business_email", Set: constants})
	h.run(1)
	r := <-got
	if r.Method != http.MethodPost || r.URL.Path != "/v2/contact" || r.URL.RawQuery != "" {
		t.Errorf("%s %s", r.Method, r.URL)
	}
	want := map[string]string{
		"Authorization": "Bearer secret-key-1", "Content-Type": "application/json", "Accept": "application/json",
		"User-Agent": "enrich/1.2.3", "Accept-Encoding": "gzip", "Content-Length": r.Header.Get("Content-Length"),
	}
	for name := range r.Header { // an Idempotency-Key would let the transport send it again
		if r.Header.Get(name) != want[name] {
			t.Errorf("%s: %q, expected %q", name, r.Header.Get(name), want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("header %s is missing", name)
	}
	if want := `{"business_email":"row1@x.com","metadata":{"mobile_phone_enrichment":true,"source":"fair"}}`; string(body) != want {
		t.Errorf("sent %s, expected %s", body, want)
	}
}

func TestParseConstants(t *testing.T) {
	for _, tt := range []struct {
		settings string
		json     string
		err      string
	}{
		{"", "", ""},
		{"b=2 a=text", `{"a":"text","b":2}`, ""},
		{"a.b.c=true a.b.d=null a.e=false", `{"a":{"b":{"c":true,"d":null},"e":false}}`, ""},
		{`n=1.50 big=12345678901234567890 quoted="12"`, `{"big":12345678901234567890,"n":1.50,"quoted":"12"}`, ""},
		{`object={} array=[] empty= equals=a=b`, `{"array":"[]","empty":"","equals":"a=b","object":"{}"}`, ""},
		{"a", "", "expected NAME=VALUE"},
		{"=1", "", "expected NAME=VALUE"},
		{"a..b=1", "", "part of the name is empty"},
		{"a=1 a=2", "", "given twice"},
		{"a=1 a.b=2", "", `"a" already has a value`},
		{"a.b=1 a=2", "", "given twice"},
		{"email=x", "", "--map"},
		{"business_email.x=1", "", "--map"},
	} {
		c, err := ParseConstants(strings.Fields(tt.settings))
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) || string(c.JSON()) != tt.json {
			t.Errorf("%s: %s, %v", tt.settings, c.JSON(), err)
		}
	}
}
