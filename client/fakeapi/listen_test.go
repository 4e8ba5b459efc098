package fakeapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

func TestOnlyLoopbackIsServed(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:80", "nonsense", "", "127.0.0.1"} {
		server, err := fakeapi.Listen(t.Context(), addr, fakeapi.Options{})
		if err == nil {
			server.Close()
			t.Errorf("%q is served", addr)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "127.8.9.1:0"} {
		server, err := fakeapi.Listen(t.Context(), addr, fakeapi.Options{})
		if err != nil {
			t.Errorf("%q: %v", addr, err)
			continue
		}
		server.Close()
	}
}

func TestInvalidOptionsAreRefused(t *testing.T) {
	for _, o := range []fakeapi.Options{
		{Match: 1.5},
		{Big: 2},
		{Odd: 2},
		{RateLimit: -1},
		{RateLimit: fakeapi.MaxRate + 1},
		{Arrivals: -1},
		{Latency: -1},
		{RequireField: "mail"},
		{RevokeAfter: -1},
		{Faults: []fakeapi.Fault{{Kinds: []string{"nonsense"}}}},
	} {
		server, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", o)
		if err == nil {
			server.Close()
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestAServerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server, err := fakeapi.Listen(ctx, "127.0.0.1:0", fakeapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	cancel()
	eventually(t, func() bool {
		resp, err := http.Get(server.URL + "/_stats")
		if err == nil {
			_ = resp.Body.Close() // it is not read
		}
		return err != nil
	})
}

func TestTLSUsesTheChosenProtocol(t *testing.T) {
	for want, o := range map[string]fakeapi.Options{"HTTP/2.0": {TLS: true}, "HTTP/1.1": {TLS: true, HTTP1: true}} {
		a := start(t, o)
		if r := a.ask("a+match@x.example"); r.proto != want || !strings.HasPrefix(a.URL, "https://") || !r.answer(t).Contact.Charged {
			t.Errorf("%s at %s, expected %s", r.proto, a.URL, want)
		}
	}
}

// The counts decide what was paid: every call, the calls of each contact, and every credit.
func TestTheCountIsExact(t *testing.T) {
	for name, o := range map[string]fakeapi.Options{"http/1.1": {}, "HTTP/2": {TLS: true}} {
		t.Run(name, func(t *testing.T) {
			o.Arrivals = 1000
			a := start(t, o)
			const workers, each, contacts = 16, 50, 7
			var all sync.WaitGroup
			for w := range workers {
				all.Go(func() {
					for i := range each {
						tag := []string{"match", "nomatch", "500", "reset"}[i%4]
						a.ask(fmt.Sprintf("ann%d+%s@x.example", (w+i)%contacts, tag))
					}
				})
			}
			all.Wait()
			s := a.Stats()
			var byContact, byStatus, byFault int64
			for _, n := range s.Contacts {
				byContact += n
			}
			for _, n := range s.Statuses {
				byStatus += n
			}
			for _, n := range s.Faults {
				byFault += n
			}
			const calls = workers * each
			if s.Calls != calls || byContact != calls || byStatus != calls || byFault != calls || len(s.Arrivals) != calls {
				t.Errorf("%d calls, by contact %d, by status %d, by fault %d, %d arrivals, expected %d", s.Calls, byContact, byStatus, byFault, len(s.Arrivals), calls)
			}
			if s.Statuses[500] != s.Faults["500"] || s.Statuses[0] != s.Faults["reset"] || s.Charged > s.Faults["match"]+s.Faults["reset"] || s.Charged < s.Faults["match"] {
				t.Errorf("%+v", s)
			}
			// A reset ends a call for its client before the server is done with it.
			if s.PeakInFlight < 1 || s.PeakInFlight > 2*workers {
				t.Errorf("%d in flight at most", s.PeakInFlight)
			}
			eventually(t, func() bool { return a.Stats().InFlight == 0 })
			for i := 1; i < len(s.Arrivals); i++ {
				if s.Arrivals[i].At < s.Arrivals[i-1].At {
					t.Fatalf("arrival %d is before the one before it", i)
				}
			}
		})
	}
}

func TestStatsAreServed(t *testing.T) {
	a := start(t, fakeapi.Options{})
	a.ask("Ann+match@X.example")
	a.ask("ann+match@x.example")
	r := a.do(t.Context(), http.MethodGet, "/_stats", "", "")
	var s fakeapi.Stats
	if err := json.Unmarshal(r.body, &s); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	if s.Calls != 2 || s.Charged != 2 || s.Contacts["ann+match@x.example"] != 2 || s.Statuses[200] != 2 {
		t.Errorf("%s", r.body)
	}
}

// A request that ends before its body was read is not a call. A request whose client left before the answer is one.
func TestACallCountsWhenItsBodyWasRead(t *testing.T) {
	a := start(t, fakeapi.Options{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // ends when the call has come, or with the test's patience
		defer cancel()
		for began := time.Now(); a.Stats().Charged == 0 && time.Since(began) < callTimeout; {
			time.Sleep(time.Millisecond)
		}
	}()
	if r := a.do(ctx, http.MethodPost, "/contact", "Bearer k", `{"email":"a+match@x.example"}`); r.err == nil {
		t.Fatalf("status %d", r.status)
	}
	if s := a.Stats(); s.Calls != 1 || s.Charged != 1 {
		t.Errorf("%d calls, %d charged", s.Calls, s.Charged)
	}
	if r := a.post(strings.Repeat(" ", 300<<10)); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge request: status %d", r.status)
	}
	if s := a.Stats(); s.Calls != 1 || s.Unread != 1 {
		t.Errorf("%d calls, %d unread", s.Calls, s.Unread)
	}
}
