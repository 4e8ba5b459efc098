package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"enrich/client/fakeapi"
)

// Where the account's credits fall faster than this program counts, it says so, also with --quiet.
func TestCreditsThatFallFasterThanCountedAreTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cost, perCall int64
		told          string
	}{
		"as counted":   {1, 1, ""},
		"more":         {3, 1, "the balance fell by 38 more credits than this run used"},
		"as was said":  {3, 3, ""},
		"less":         {1, 5, ""},
		"nothing told": {0, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{})
			var left atomic.Int64
			left.Store(1000)
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				remaining := ""
				if tt.cost > 0 {
					remaining = fmt.Sprintf(`,"remaining_credits":%d`, left.Add(-tt.cost))
				}
				_, _ = fmt.Fprintf(w, `{"contact":{"credit_charged":true,"title":"CEO"}%s}`, remaining) // the caller is the test
			}))
			defer api.Close()
			s.list("l.csv", 20, "")
			c := s.run(exitOK, "run", "--quiet", "--url", api.URL, "--workers", "1", "--credits-per-call", fmt.Sprint(tt.perCall), "l.csv")
			if said := c.said.String(); !strings.Contains(said, tt.told) || (said != "") != (tt.told != "") {
				t.Errorf("expected %q: %q", tt.told, said)
			}
		})
	}
}
