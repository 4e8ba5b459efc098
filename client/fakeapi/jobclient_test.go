package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/client/fakeapi"
)

// inBubble runs a test with a stand-in in this process, whose clock is the bubble's.
func inBubble(t *testing.T, o fakeapi.Options, test func(*testing.T, *api)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := fakeapi.InProcess(o)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		test(t, &api{Server: server, t: t, client: &http.Client{Transport: server, Timeout: time.Hour}})
	})
}

// An accepted is a documented answer to a submission.
type accepted struct {
	ID       string `json:"job_id"`
	Download string `json:"download_url"`
	Expires  string `json:"expiration_date"`
}

// submitBody sends a body to POST /contacts.
func (a *api) submitBody(body string) reply {
	return a.do(a.t.Context(), http.MethodPost, "/contacts", "Bearer secret", body)
}

// contactsBody is a submission of addresses; the id of address i is id-i.
func contactsBody(addresses ...string) string {
	elements := make([]string, len(addresses))
	for i, address := range addresses {
		elements[i] = fmt.Sprintf(`{"business_email":%q,"custom_fields":{"enrich_id":"id-%d"}}`, address, i)
	}
	return `{"contacts":[` + strings.Join(elements, ",") + `]}`
}

func (a *api) submit(addresses ...string) accepted {
	a.t.Helper()
	return a.submitBody(contactsBody(addresses...)).accepted(a.t)
}

func (r reply) accepted(t *testing.T) (got accepted) {
	t.Helper()
	if r.err != nil || r.status != http.StatusOK {
		t.Fatalf("status %d, %v: %s", r.status, r.err, r.body)
	}
	if err := json.Unmarshal(r.body, &got); err != nil || got.ID == "" {
		t.Fatalf("%v: %s", err, r.body)
	}
	return got
}

func (a *api) poll(id string) reply {
	return a.do(a.t.Context(), http.MethodGet, "/contacts/results/"+url.PathEscape(id)+".json", "Bearer secret", "")
}

// elements returns the elements of results by the client's id.
func (r reply) elements(t *testing.T) map[string]map[string]any {
	t.Helper()
	var results struct {
		Contacts []map[string]any `json:"contacts"`
	}
	if r.err != nil || r.status != http.StatusOK {
		t.Fatalf("status %d, %v: %.300s", r.status, r.err, r.body)
	}
	if err := json.Unmarshal(r.body, &results); err != nil {
		t.Fatalf("%v: %.300s", err, r.body)
	}
	all := map[string]map[string]any{}
	for _, e := range results.Contacts {
		fields, ok := e["custom_fields"].(map[string]any)
		if !ok {
			t.Fatalf("custom_fields %v", e["custom_fields"])
		}
		all[fields["enrich_id"].(string)] = e
		delete(e, "custom_fields")
	}
	return all
}

func addresses(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("ann%d@x.example", i)
	}
	return list
}
