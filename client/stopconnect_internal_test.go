package client

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// A stall is a place where calls wait before their requests are written.
type stall struct {
	o       Options
	server  *rawServer
	reached <-chan struct{} // gets something when a call is there
}

// silentServer takes part in what comes before a request until it has said hello, and then is silent.
func silentServer(t *testing.T, hello string) (s *rawServer, reached <-chan struct{}) {
	t.Helper()
	there := make(chan struct{}, 100)
	return serveRaw(t, listen(t), func(_ *rawServer, conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = io.WriteString(conn, hello)
		there <- struct{}{}
		_, _ = io.Copy(io.Discard, conn)
	}), there
}

func silentAPI(t *testing.T) stall {
	t.Helper()
	s, reached := silentServer(t, "")
	return stall{Options{URL: strings.Replace(s.url, "http:", "https:", 1)}, s, reached}
}

func silentProxy(scheme, hello string) func(t *testing.T) stall {
	return func(t *testing.T) stall {
		t.Helper()
		s, reached := silentServer(t, hello)
		return stall{Options{URL: "https://api.example", Proxy: proxyAt(t, strings.Replace(s.url, "http", scheme, 1))}, s, reached}
	}
}

func silentNameServer(t *testing.T) stall {
	t.Helper()
	there := make(chan struct{}, 100)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		there <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	return stall{Options{URL: "https://api.example", resolver: resolver}, &rawServer{}, there}
}

// stalls are all steps before a request but one: see TestAStopEndsACallToAHostThatDoesNotAnswer.
var stalls = map[string]func(t *testing.T) stall{
	"a name server":         silentNameServer,
	"TLS":                   silentAPI,
	"a proxy's CONNECT":     silentProxy("http", ""),
	"a tunnel to nowhere":   silentProxy("http", "HTTP/1.1 200 OK\r\n\r\n"),
	"a proxy's TLS":         silentProxy("https", ""),
	"SOCKS":                 silentProxy("socks5", ""),
	"SOCKS after its hello": silentProxy("socks5h", "\x05\x00"),
}

// stopTime is how long a call may take to end when soft is done. A step before the request may take 10 s.
const stopTime = 3 * time.Second

// When soft is done, a call of which nothing was written ends at once, in whatever step it is, and its contact is released.
func TestAStopEndsACallThatOnlyConnects(t *testing.T) {
	t.Parallel()
	for name, begin := range stalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkStopped(t, begin(t))
		})
	}
}

// checkStopped stops a question, a submission and a request for results while they wait.
func checkStopped(t *testing.T, s stall) {
	t.Helper()
	h := newHarness(t, 4, s.o)
	var calls conc.WaitGroup
	var accepted contact.Acceptance
	var poll contact.JobPoll
	calls.Go(func() { h.run(20) })
	<-s.reached
	calls.Go(func() { accepted = h.client.Submit(h.soft, h.hard, testContacts(3), nil) })
	calls.Go(func() { poll = h.client.Poll(h.soft, h.hard, &contact.Job{ID: "1", Contacts: 3}, nil) })
	time.Sleep(50 * time.Millisecond) // they wait for the first call, or in their own steps
	stopped := time.Now()
	h.stopSoft()
	calls.Wait()
	if took := time.Since(stopped); took > stopTime {
		t.Errorf("the calls ended %v after the stop", took)
	}
	k := h.kinds()
	if sent := h.client.Stats().Sent; sent != 0 || s.server.counted() != 0 || k[contact.Released] == 0 || len(k) != 1 || h.stopped != "" {
		t.Errorf("%d sent, %d requests, ended as %v, stop %q: %s", sent, s.server.counted(), k, h.stopped, h.detail)
	}
	if o := accepted.Outcome; o.Kind != contact.Released || o.Attempts != 0 || accepted.Stop != "" {
		t.Errorf("the submission ended as %+v", accepted)
	}
	if poll.Sent != 0 || poll.State != 0 || poll.Stop != "" {
		t.Errorf("the request for results ended as %+v", poll)
	}
}

// The same for a submission, which has a connection of its own.
func TestAStopEndsASubmissionThatOnlyConnects(t *testing.T) {
	t.Parallel()
	for name, begin := range stalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			h := newHarness(t, 1, s.o)
			var call conc.WaitGroup
			var a contact.Acceptance
			call.Go(func() { a = h.client.Submit(h.soft, h.hard, testContacts(3), nil) })
			<-s.reached
			stopped := time.Now()
			h.stopSoft()
			call.Wait()
			if took := time.Since(stopped); took > stopTime || a.Outcome.Kind != contact.Released || a.Outcome.Attempts != 0 || a.Stop != "" {
				t.Errorf("ended after %v as %+v", took, a)
			}
		})
	}
}

// What was written is awaited: it may have been charged.
func TestAStopDoesNotEndACallThatWasWritten(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			came, stopped := make(chan struct{}, 100), make(chan struct{})
			o, s := serveAnswers(t, scheme, func(c net.Conn) bool {
				came <- struct{}{}
				<-stopped
				time.Sleep(200 * time.Millisecond)
				return writeAnswer(c)
			})
			h := newHarness(t, 1, o)
			var run conc.WaitGroup
			run.Go(func() { h.run(5) })
			<-came
			h.stopSoft()
			close(stopped)
			run.Wait()
			if k := h.kinds(); s.counted() != 1 || k[contact.Matched] != 1 || k[contact.Lost]+k[contact.Refused] > 0 {
				t.Errorf("%d requests, ended as %v", s.counted(), k)
			}
		})
	}
}

// serveAnswers answers the requests over connections of a scheme.
func serveAnswers(t *testing.T, scheme string, respond func(c net.Conn) bool) (Options, *rawServer) {
	t.Helper()
	l, o := listenBy(t, scheme)
	return o, serveRaw(t, l, func(s *rawServer, c net.Conn) {
		r := bufio.NewReader(c)
		for s.readRequest(r) && respond(c) {
		}
	})
}

func serveHTTP2(t *testing.T) (Options, *rawServer) {
	t.Helper()
	var s rawServer
	server := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.count()
		_, _ = io.WriteString(w, matchBody)
	}, "HTTP/2.0")
	return Options{URL: server.url, CAFile: server.ca, MaxElapsed: time.Minute}, &s
}

// A stop at any moment: each request that came to the server has its answer, and all other contacts are released.
func TestAStopWhileRequestsBegin(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https", "HTTP/2"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			for range 100 {
				o, s := serveAnswers(t, scheme, writeAnswer)
				if scheme == "HTTP/2" {
					o, s = serveHTTP2(t)
				}
				h := newHarness(t, 16, o)
				h.run(1) // proves the key: the next calls go together
				stop := time.AfterFunc(rand.N(4*time.Millisecond), h.stopSoft)
				h.run(64)
				stop.Stop()
				answered := 0
				for _, results := range h.results {
					for _, r := range results {
						if r.Outcome.Kind == contact.Matched {
							answered++
						}
					}
				}
				if k := h.kinds(); s.counted() != answered || k[contact.Matched]+k[contact.Released] != len(h.results) || h.stopped != "" {
					t.Fatalf("%d requests, %d answers, ended as %v, stop %q", s.counted(), answered, k, h.stopped)
				}
				h.client.Close()
			}
		})
	}
}
