package fakeapi_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// callTimeout bounds every call of the tests.
const callTimeout = 20 * time.Second

// An api is a stand-in with a client.
type api struct {
	*fakeapi.Server
	t      *testing.T
	client *http.Client
	limit  int64 // how much of a body is read; 0: 1 MiB
}

func start(t *testing.T, o fakeapi.Options) *api {
	t.Helper()
	server, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64}
	if o.TLS {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(server.CA()) {
			t.Fatal("the CA is not a PEM certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return &api{Server: server, t: t, client: &http.Client{
		Transport: transport, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A reply is the result of a call.
type reply struct {
	status int
	header http.Header
	proto  string
	body   []byte
	err    error // of the call, or of reading the body
}

// post sends a body with the key "secret" and reads the answer to its end, at most 1 MiB of it.
func (a *api) post(body string) reply {
	return a.do(a.t.Context(), http.MethodPost, "/contact", "Bearer secret", body)
}

// ask sends an address.
func (a *api) ask(address string) reply { return a.post(fmt.Sprintf(`{"email":%q}`, address)) }

func (a *api) do(ctx context.Context, method, path, authorization, body string) reply {
	req, err := http.NewRequestWithContext(ctx, method, a.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	r := reply{status: resp.StatusCode, header: resp.Header, proto: resp.Proto}
	r.body, r.err = io.ReadAll(io.LimitReader(resp.Body, cmp.Or(a.limit, 1<<20)))
	return r
}

// An answer is a documented 200.
type answer struct {
	Contact struct {
		Charged   bool   `json:"credit_charged"`
		Error     any    `json:"error"`
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Email     string `json:"email"`
		Office    string `json:"office_phone"`
		Mobile    string `json:"mobile_phone"`
		Location  place  `json:"location"`
		Title     string `json:"title"`
		Level     string `json:"job_level"`
		Dept      string `json:"department"`
		LinkedIn  string `json:"linkedin"`
		Company   struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Website     string `json:"website"`
			Employees   string `json:"employees_category"`
			Revenue     string `json:"revenue_category"`
			Location    place  `json:"location"`
		} `json:"company"`
		Remaining *int64 `json:"remaining_credits"`
	} `json:"contact"`
	Remaining *int64 `json:"remaining_credits"`
}

type place struct {
	Country string `json:"country"`
	State   string `json:"state"`
	ZIP     string `json:"zip_code"`
}

func (r reply) answer(t *testing.T) (a answer) {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.status != http.StatusOK {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	if err := json.Unmarshal(r.body, &a); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return a
}

func TestAMatchHasEveryDocumentedField(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for _, tag := range []string{"match", "big", "odd", "inside", "errornull"} {
		r := a.ask("ann+" + tag + "@x.example")
		got := r.answer(t)
		c := got.Contact
		for name, value := range map[string]string{
			"first_name": c.FirstName, "last_name": c.LastName, "office_phone": c.Office, "mobile_phone": c.Mobile,
			"country": c.Location.Country, "state": c.Location.State, "zip_code": c.Location.ZIP, "title": c.Title,
			"job_level": c.Level, "department": c.Dept, "linkedin": c.LinkedIn, "company": c.Company.Name,
			"description": c.Company.Description, "website": c.Company.Website, "employees": c.Company.Employees,
			"revenue": c.Company.Revenue, "company's country": c.Company.Location.Country,
		} {
			if value == "" {
				t.Errorf("%s: %s is empty: %.300s", tag, name, r.body)
			}
		}
		if !c.Charged || c.Email != "ann+"+tag+"@x.example" || (got.Remaining == nil) == (c.Remaining == nil) {
			t.Errorf("%s: charged %v, email %q, credits %v and %v", tag, c.Charged, c.Email, got.Remaining, c.Remaining)
		}
		if r.header.Get("rate_limit") != "60000000" {
			t.Errorf("%s: rate_limit is %q", tag, r.header.Get("rate_limit"))
		}
	}
}
