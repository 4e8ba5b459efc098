package fakeapi_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

func TestOnlyValidKeysAreServed(t *testing.T) {
	anyKey := start(t, fakeapi.Options{})
	one := start(t, fakeapi.Options{Keys: []string{"right", "also"}})
	for _, c := range []struct {
		a             *api
		authorization string
		status        int
	}{
		{anyKey, "Bearer x", http.StatusOK},
		{anyKey, "", http.StatusUnauthorized},
		{anyKey, "Bearer ", http.StatusUnauthorized},
		{anyKey, "Basic x", http.StatusUnauthorized},
		{anyKey, "x", http.StatusUnauthorized},
		{anyKey, "Bearer  x", http.StatusUnauthorized},
		{one, "Bearer right", http.StatusOK},
		{one, "Bearer also", http.StatusOK},
		{one, "Bearer wrong", http.StatusUnauthorized},
	} {
		if r := c.a.do(t.Context(), http.MethodPost, "/contact", c.authorization, `{"email":"a+match@x.example"}`); r.status != c.status {
			t.Errorf("%q: status %d, expected %d", c.authorization, r.status, c.status)
		}
	}
	if s := one.Stats(); s.Calls != 3 || s.RefusedKeys != 1 || s.Charged != 2 {
		t.Errorf("%d calls, %d refused, %d charged", s.Calls, s.RefusedKeys, s.Charged)
	}
}

func TestAKeyIsRevokedAfterSoManyCalls(t *testing.T) {
	a := start(t, fakeapi.Options{RevokeAfter: 3})
	for i := range 6 {
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusUnauthorized
		}
		if r := a.ask(fmt.Sprintf("a%d@x.example", i)); r.status != want {
			t.Errorf("call %d: status %d, expected %d", i+1, r.status, want)
		}
	}
}

func TestCreditsNeverGoBelowZero(t *testing.T) {
	for _, c := range []struct {
		o      fakeapi.Options
		status int
	}{
		{fakeapi.Options{Match: 1, Credits: 25}, http.StatusOK},
		{fakeapi.Options{Match: 1, Credits: 25, PaymentRequired: true}, http.StatusPaymentRequired},
	} {
		a := start(t, c.o)
		var charged, out atomic.Int64
		var workers sync.WaitGroup
		for w := range 8 {
			workers.Go(func() {
				for i := range 10 {
					r := a.ask(fmt.Sprintf("a%d-%d@x.example", w, i))
					if r.status == http.StatusOK && r.answer(t).Contact.Charged {
						charged.Add(1)
						continue
					}
					if r.status != c.status {
						t.Errorf("status %d: %s", r.status, r.body)
					}
					if got := r; got.status == http.StatusOK && (*got.answer(t).Remaining != 0 || got.answer(t).Contact.Error == nil) {
						t.Errorf("out of credits: %s", got.body)
					}
					out.Add(1)
				}
			})
		}
		workers.Wait()
		if s := a.Stats(); charged.Load() != 25 || out.Load() != 55 || s.Charged != 25 || s.CreditsLeft != 0 {
			t.Errorf("%d charged, %d out, stats %d and %d left", charged.Load(), out.Load(), s.Charged, s.CreditsLeft)
		}
	}
	if r := start(t, fakeapi.Options{Credits: -1}).ask("a+match@x.example"); *r.answer(t).Remaining != 0 || r.answer(t).Contact.Charged {
		t.Errorf("no credits at all: %s", r.body)
	}
}

func TestCallsAboveTheLimitGetA429(t *testing.T) {
	a := start(t, fakeapi.Options{RateLimit: 5, RetryAfter: "7"})
	for i := range 8 {
		r := a.ask(fmt.Sprintf("a%d+match@x.example", i))
		want, wait := http.StatusOK, ""
		if i >= 5 {
			want, wait = http.StatusTooManyRequests, "7"
		}
		if r.status != want || r.header.Get("Retry-After") != wait || r.header.Get("rate_limit") != "5" {
			t.Errorf("call %d: status %d, headers %v", i+1, r.status, r.header)
		}
	}
	if s := a.Stats(); s.RateLimited != 3 || s.Calls != 8 || s.Charged != 5 {
		t.Errorf("%+v", s)
	}
}

func TestTheRateHeaderCanSayAnything(t *testing.T) {
	for text, want := range map[string]string{"": "60000000", "none": "", "a few": "a few", "0": "0"} {
		r := start(t, fakeapi.Options{RateHeader: text}).ask("a@x.example")
		if _, there := r.header["Rate_limit"]; r.header.Get("rate_limit") != want || there == (text == "none") {
			t.Errorf("%q: %v", text, r.header)
		}
	}
}

func TestAnAnswerTakesItsLatency(t *testing.T) {
	const latency = 30 * time.Millisecond
	a := start(t, fakeapi.Options{Latency: latency, LatencyJitter: latency})
	for range 5 {
		began := time.Now()
		a.ask("a@x.example").answer(t)
		if took := time.Since(began); took < latency {
			t.Errorf("took %s, expected at least %s", took, latency)
		}
	}
}
