package fakeapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// An effect is what a fault does to a client: a status, an error of the call or of reading the body, and its cost.
type effect struct {
	status  int
	broken  bool // no answer, or an incomplete one
	charged bool
	json    bool // the body is one JSON object
	header  string
}

func faults() map[string]effect {
	return map[string]effect{
		"200": {status: 200, charged: true, json: true}, "201": {status: 201, charged: true, json: true},
		"202": {status: 202, json: true}, "204": {status: 204}, "301": {status: 301, json: true, header: "Location"},
		"304": {status: 304}, "400": {status: 400, json: true}, "401": {status: 401, json: true}, "402": {status: 402, json: true},
		"403": {status: 403, json: true}, "404": {status: 404, json: true}, "408": {status: 408, json: true},
		"422": {status: 422, json: true}, "425": {status: 425, json: true}, "429": {status: 429, json: true},
		"429ra3": {status: 429, json: true, header: "Retry-After"}, "429radate": {status: 429, json: true, header: "Retry-After"},
		"500": {status: 500, json: true}, "502": {status: 502, json: true, charged: true}, "503": {status: 503, json: true},
		"504": {status: 504, json: true, charged: true}, "599": {status: 599, json: true, charged: true},
		"nocredits": {status: 200, json: true}, "nocreditsinside": {status: 200, json: true},
		"slow20ms": {status: 200, charged: true, json: true}, "trickle20ms": {status: 200, charged: true, json: true},
		"reset": {broken: true, charged: true}, "close": {broken: true, charged: true}, "nothttp": {broken: true, charged: true},
		"truncate": {status: 200, broken: true, charged: true}, "cut": {status: 200, broken: true, charged: true},
		"closeafter": {status: 200, charged: true, json: true}, "garbage": {status: 200, charged: true}, "garbage500": {status: 500},
		"html": {status: 200, charged: true}, "html502": {status: 502, charged: true}, "empty": {status: 200, charged: true},
		"empty503": {status: 503}, "array": {status: 200, charged: true}, "string": {status: 200, charged: true},
		"null": {status: 200, charged: true}, "two": {status: 200, charged: true},
		"501": {status: 501, json: true}, "html404": {status: 404}, "gateway404": {status: 404, json: true}, "gateway": {status: 200, charged: true, json: true},
		"bare": {status: 200, charged: true, json: true}, "wrapped": {status: 200, charged: true, json: true}, "list": {status: 200, charged: true, json: true},
		"claims401": {status: 200, json: true}, "claims502": {status: 200, charged: true, json: true}, "claims503": {status: 200, json: true},
		"chargemissing": {status: 200, charged: true, json: true}, "chargenull": {status: 200, charged: true, json: true},
		"chargetext": {status: 200, charged: true, json: true}, "chargeone": {status: 200, charged: true, json: true}, "missmissing": {status: 200, json: true},
		"latin1": {status: 200, charged: true, json: true}, "utf16": {status: 200, charged: true}, "bom": {status: 200, charged: true},
		"keycut": {status: 200, charged: true}, "keycut400": {status: 400},
		"gzip": {status: 200, charged: true, json: true}, "redirect": {status: 307, json: true, header: "Location"},
		"echo": {status: 200, charged: true, json: true}, "echo401": {status: 401, json: true},
	}
}

func TestEachFaultDoesWhatItSays(t *testing.T) {
	for name, o := range map[string]fakeapi.Options{
		"http/1.1": {}, "https": {TLS: true, HTTP1: true}, "HTTP/2": {TLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Match = 1
			a := start(t, o)
			for tag, want := range faults() {
				a.client.CloseIdleConnections() // the previous fault may be about to close its connection
				before := a.Stats()
				r := a.ask("ann+" + tag + "@x.example")
				after := a.Stats()
				check(t, tag, r, want)
				if got := after.Charged - before.Charged; (got == 1) != want.charged {
					t.Errorf("%s: charged %d", tag, got)
				}
				if after.Calls != before.Calls+1 || after.Faults[tag] != 1 || after.Contacts["ann+"+tag+"@x.example"] != 1 {
					t.Errorf("%s: %d calls more, %+v", tag, after.Calls-before.Calls, after)
				}
			}
		})
	}
}

func check(t *testing.T, tag string, r reply, want effect) {
	t.Helper()
	if r.status != want.status && (r.status != 0 || !want.broken) || (r.err != nil) != want.broken {
		t.Errorf("%s: status %d, error %v, expected %+v", tag, r.status, r.err, want)
		return
	}
	var object map[string]any
	if err := json.Unmarshal(r.body, &object); !want.broken && (err == nil && object != nil) != want.json {
		t.Errorf("%s: %v: %.100q", tag, err, r.body)
	}
	if want.header != "" && r.header.Get(want.header) == "" {
		t.Errorf("%s: no %s in %v", tag, want.header, r.header)
	}
	if r.status != 0 && r.header.Get("rate_limit") == "" {
		t.Errorf("%s: no rate_limit in %v", tag, r.header)
	}
}

func TestAResetIsOneAndACloseIsNot(t *testing.T) {
	a := start(t, fakeapi.Options{})
	if r := a.ask("ann+reset@x.example"); !errors.Is(r.err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", r.err)
	}
	if r := a.ask("ann+close@x.example"); !errors.Is(r.err, io.EOF) {
		t.Errorf("close: %v", r.err)
	}
	if r := a.ask("ann+truncate@x.example"); !errors.Is(r.err, io.ErrUnexpectedEOF) || len(r.body) == 0 {
		t.Errorf("truncate: %v after %d bytes", r.err, len(r.body))
	} else if announced, err := strconv.Atoi(r.header.Get("Content-Length")); err != nil || announced <= len(r.body) {
		t.Errorf("truncate: %d bytes of %q", len(r.body), r.header.Get("Content-Length"))
	}
	if r := a.ask("ann+cut@x.example"); r.err == nil || r.header.Get("Content-Length") != "" {
		t.Errorf("cut: %v, length %q", r.err, r.header.Get("Content-Length"))
	}
}

func TestFaultsEndWhenTheirCountIsOver(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for i, want := range []int{500, 500, 429, 200, 200} {
		if r := a.ask("ann+500x2+429x1+nomatch@x.example"); r.status != want {
			t.Errorf("call %d: status %d, expected %d", i+1, r.status, want)
		}
	}
	if n := a.Stats().Contacts["ann+500x2+429x1+nomatch@x.example"]; n != 5 {
		t.Errorf("%d calls counted", n)
	}
}

func TestCountedFaultsNeedNoCountByContact(t *testing.T) {
	a := start(t, fakeapi.Options{Uncounted: true, Faults: []fakeapi.Fault{{Kinds: []string{"503x1"}}}})
	for i, c := range []struct {
		address string
		want    int
	}{{"a@x.example", 503}, {"a@x.example", 200}, {"b@x.example", 503}, {"c+500x1@x.example", 500}, {"c+500x1@x.example", 200}} {
		if r := a.ask(c.address); r.status != c.want {
			t.Errorf("call %d: status %d, expected %d", i+1, r.status, c.want)
		}
	}
	if s := a.Stats(); s.Contacts != nil {
		t.Errorf("contacts %v", s.Contacts)
	}
}

func TestHugeAnswersStopWhenTheClientLeaves(t *testing.T) {
	for name, o := range map[string]fakeapi.Options{"http/1.1": {}, "HTTP/2": {TLS: true}} {
		a := start(t, o)
		for _, tag := range []string{"huge", "bomb", "huge500"} {
			r := a.ask("ann+" + tag + "@x.example")
			if r.err != nil || len(r.body) != 1<<20 || !strings.HasPrefix(string(r.body), `{"contact":{"credit_charged":true,"title":"`) {
				t.Errorf("%s: %s: %d bytes, %v", name, tag, len(r.body), r.err)
			}
		}
	}
}

func TestHangingAnswersEndWithTheClient(t *testing.T) {
	for name, o := range map[string]fakeapi.Options{"http/1.1": {}, "HTTP/2": {TLS: true}} {
		a := start(t, o)
		for _, tag := range []string{"hang", "stall", "slow1h"} {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			r := a.do(ctx, http.MethodPost, "/contact", "Bearer k", `{"email":"ann+`+tag+`@x.example"}`)
			cancel()
			if !errors.Is(r.err, context.DeadlineExceeded) {
				t.Errorf("%s: %s: status %d, %v", name, tag, r.status, r.err)
			}
		}
		eventually(t, func() bool { return a.Stats().InFlight == 0 })
	}
}

func TestHangingAnswersEndWithTheServer(t *testing.T) {
	a := start(t, fakeapi.Options{})
	done := make(chan reply)
	go func() { done <- a.ask("ann+hang@x.example") }()
	eventually(t, func() bool { return a.Stats().InFlight == 1 })
	a.Close()
	if r := <-done; r.err == nil {
		t.Errorf("status %d", r.status)
	}
	a.Close() // again
}

// eventually waits, for a limited time, until a condition is true.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(callTimeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

func TestARedirectCountsRequestsWithTheKey(t *testing.T) {
	a := start(t, fakeapi.Options{})
	a.client.CheckRedirect = nil // follow redirects, unlike the client under test
	a.ask("ann+redirect@x.example")
	if s := a.Stats(); s.Redirected != 1 || s.RedirectedWithKey != 1 {
		t.Errorf("%d followed, %d with the key", s.Redirected, s.RedirectedWithKey)
	}
}

func TestTheKeyIsEchoedInEverySpelling(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for _, tag := range []string{"echo", "echo400"} {
		r := a.ask("ann+" + tag + "@x.example")
		var text strings.Builder
		text.Write(r.body)
		for _, spelling := range []string{"Bearer secret", `\u0073\u0065\u0063`, "%73%65%63"} {
			if !strings.Contains(text.String(), spelling) {
				t.Errorf("%s: no %s in %s", tag, spelling, r.body)
			}
		}
		if r.header.Get("X-Api-Key") != "secret" {
			t.Errorf("%s: %v", tag, r.header)
		}
	}
}

func TestAConnectionIsClosedAfterAnAnswerWithoutNotice(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for tag, want := range map[string]bool{"closeafter": true, "match": false} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(a.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		body := `{"email":"ann+` + tag + `@x.example"}`
		request := fmt.Sprintf("POST /contact HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK || resp.Close {
			t.Errorf("%s: status %d, announced %v, %v", tag, resp.StatusCode, resp.Close, err)
		}
		_ = resp.Body.Close() // it was read
		patience := 300 * time.Millisecond
		if want {
			patience = callTimeout
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := in.ReadByte(); errors.Is(err, io.EOF) != want {
			t.Errorf("%s: %v, expected the end: %v", tag, err, want)
		}
		_ = conn.Close() // everything was read
	}
}
