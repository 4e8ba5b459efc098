package client

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/client/fakeapi"
	"enrich/contact"
)

// escapedKey has characters that JSON and URLs escape.
var escapedKey = Key{"key/with+odd=chars"}

// startFakeAPI starts the stand-in API, which finds every contact unless a fault says otherwise.
func startFakeAPI(t *testing.T, o fakeapi.Options) (*fakeapi.Server, Options) {
	t.Helper()
	o.Match = 1
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	options := Options{URL: api.URL, Key: escapedKey}
	if o.TLS {
		options.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(options.CAFile, api.CA(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return api, options
}

// checkCounts compares the client's figures with the server's. Every run must pass it.
func checkCounts(t *testing.T, h *harness, s *fakeapi.Stats) {
	t.Helper()
	stats := h.client.Stats()
	if stats.Sent < s.Calls {
		t.Errorf("%d calls arrived, but only %d were counted", s.Calls, stats.Sent)
	}
	if s.Redirected != 0 || s.Strays != 0 {
		t.Errorf("%d redirects were followed, %d unexpected requests came", s.Redirected, s.Strays)
	}
	// The server may notice the end of a call that broke, timed out or was not read only after the next call has come.
	if s.PeakInFlight > int64(h.workers) && !endedEarly(s) {
		t.Errorf("%d calls in flight at once", s.PeakInFlight)
	}
	for row, rs := range h.results {
		arrived := s.Contacts[email(row)]
		last := h.last(row)
		if int64(last.Attempts) < arrived {
			t.Errorf("row %d: %d calls arrived, but %d attempts were reported", row, arrived, last.Attempts)
		}
		for i, r := range rs {
			if r.Outcome.Kind.Answered() && i < len(rs)-1 {
				t.Errorf("row %d was sent again after its answer", row)
			}
			if key := []byte(h.client.o.Key.secret); bytes.Contains(r.Outcome.Body, key) || bytes.Contains([]byte(r.Outcome.Message+r.StopDetail), key) {
				t.Errorf("row %d shows the key", row)
			}
			if r.Outcome.Kind == contact.Refused && r.Outcome.Status == http.StatusOK {
				t.Errorf("row %d got a 200 and counts as refused", row)
			}
		}
	}
}

func endedEarly(s *fakeapi.Stats) bool {
	for name := range s.Faults {
		for _, kind := range [...]string{"hang", "stall", "huge", "bomb", "reset", "truncate", "nothttp"} {
			if strings.HasPrefix(name, kind) {
				return true
			}
		}
	}
	return false
}
