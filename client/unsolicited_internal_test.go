package client

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"enrich/contact"
	"enrich/internal/jsonscan"
)

// An echo is a server whose answers name the contact that was asked about.
type echo struct {
	*rawServer
	unpooled atomic.Int64 // requests that said that their connection is not used again
}

// listenBy listens for connections of a scheme, and returns the options of their client.
func listenBy(t *testing.T, scheme string) (net.Listener, Options) {
	t.Helper()
	certificate, ca := testCertificate(t)
	l := listen(t)
	o := Options{URL: scheme + "://" + l.Addr().String(), CAFile: ca, MaxElapsed: time.Minute}
	if scheme == "https" {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	return l, o
}

// serveEcho calls respond with the answer to the nth request.
func serveEcho(t *testing.T, scheme string, respond func(c net.Conn, answer []byte, nth int)) (Options, *echo) {
	t.Helper()
	l, o := listenBy(t, scheme)
	var e echo
	ready := make(chan struct{})
	e.rawServer = serveRaw(t, l, func(s *rawServer, c net.Conn) {
		<-ready
		r := bufio.NewReader(c)
		for answer := e.answer(r); answer != nil; answer = e.answer(r) {
			respond(c, answer, s.counted())
		}
	})
	close(ready)
	return o, &e
}

// answer reads a request and returns its answer; nil: there is no request.
func (e *echo) answer(r *bufio.Reader) []byte {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil
	}
	question, err := io.ReadAll(req.Body)
	if err != nil {
		return nil
	}
	e.count()
	if req.Close {
		e.unpooled.Add(1)
	}
	email, _ := jsonscan.ToText(jsonscan.Get(question, "email"))
	body := fmt.Sprintf(`{"contact":{"credit_charged":true,"email":%q},"remaining_credits":9}`, email)
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// swapped returns how many contacts have the answer of another.
func (h *harness) swapped() (n int) {
	for row := range h.results {
		if body := h.last(row).Body; body != nil && !bytes.Contains(body, []byte(`"`+email(row)+`"`)) {
			n++
		}
	}
	return n
}

// A server sends more than its responses, in one piece with them. No contact gets the answer of another, none is sent twice, and each request soon has a
// connection of its own. Without these measures up to 4 contacts of 10 got the answer of another.
func TestNoAnswerIsTakenForAnother(t *testing.T) {
	t.Parallel()
	write := func(c net.Conn, parts ...[]byte) { _, _ = c.Write(bytes.Join(parts, nil)) }
	garbage := bytes.Repeat([]byte("garbage "), 20)
	for name, respond := range map[string]func(c net.Conn, answer []byte, nth int){
		"two in one write":        func(c net.Conn, answer []byte, _ int) { write(c, answer, answer) },
		"garbage in one write":    func(c net.Conn, answer []byte, _ int) { write(c, answer, garbage) },
		"an empty line":           func(c net.Conn, answer []byte, _ int) { write(c, answer, []byte("\r\n")) },
		"two, but not from first": func(c net.Conn, answer []byte, nth int) { write(c, answer, answer[:len(answer)*min(1, nth/100)]) },
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" by "+scheme, func(t *testing.T) {
				t.Parallel()
				const rows = 500
				var said atomic.Int64
				o, s := serveEcho(t, scheme, respond)
				o.OnUnsolicited = func() { said.Add(1) }
				h := newHarness(t, 32, o)
				h.run(rows)
				if k := h.kinds(); h.swapped() > 0 || k[contact.Matched] != rows || s.counted() != rows {
					t.Errorf("%d contacts have the answer of another; %d requests, ended as %v, %q: %s", h.swapped(), s.counted(), k, h.stopped, h.detail)
				}
				if n := s.unpooled.Load(); n < rows/2 || said.Load() != 1 {
					t.Errorf("%d requests of %d had a connection of their own; reported %d times", n, rows, said.Load())
				}
			})
		}
	}
}

// whenPrompt judges a server whose second write is not late. On a busy machine it may be, and then it is taken for an answer: try is
// called again.
func whenPrompt(t *testing.T, try func() (late bool, problem string)) {
	t.Helper()
	for range 50 {
		late, problem := try()
		if problem == "" {
			return
		}
		if !late {
			t.Error(problem)
			return
		}
	}
	t.Error("the server's second write was late each time")
}

// soon is less than the time for which a connection must be silent before it is used again.
const soon = 5 * time.Millisecond

// What follows each answer comes when the connection is in the pool. It is found out before a second request is written to any
// connection. This test is not parallel, so that the server is seldom late.
func TestWhatComesLaterIsNotTakenForAnAnswer(t *testing.T) {
	for name, later := range map[string]struct {
		after time.Duration
		text  string // "": the answer again
	}{
		"a copy at once": {}, "a copy after 1 ms": {after: time.Millisecond}, "garbage at once": {text: strings.Repeat("garbage ", 20)},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" by "+scheme, func(t *testing.T) {
				const rows = 200
				whenPrompt(t, func() (late bool, problem string) {
					var wasLate atomic.Bool
					o, s := serveEcho(t, scheme, func(c net.Conn, answer []byte, _ int) {
						began := time.Now()
						_, _ = c.Write(answer)
						time.Sleep(later.after)
						_, _ = c.Write([]byte(cmp.Or(later.text, string(answer))))
						if time.Since(began) > soon {
							wasLate.Store(true)
						}
					})
					h := newHarness(t, 8, o)
					h.run(rows)
					if k := h.kinds(); h.swapped() > 0 || k[contact.Matched] != rows || s.counted() != rows {
						problem = fmt.Sprintf("%d contacts have the answer of another; %d requests, ended as %v", h.swapped(), s.counted(), k)
					}
					return wasLate.Load(), problem
				})
			})
		}
	}
}

// A connection that is refused costs neither an attempt nor a delay of the row, nor a call.
func TestARefusedConnectionIsNotAnAttempt(t *testing.T) {
	t.Parallel()
	whenPrompt(t, func() (late bool, problem string) {
		var wasLate atomic.Bool
		o, s := serveEcho(t, "https", func(c net.Conn, answer []byte, nth int) {
			began := time.Now()
			_, _ = c.Write(answer)
			if nth == 1 {
				time.Sleep(soon) // the next call waits for silence meanwhile
				_, _ = c.Write(answer)
				wasLate.Store(time.Since(began) > 2*soon)
			}
		})
		o.MaxAttempts = 1
		h := newHarness(t, 1, o)
		h.run(20)
		if k := h.kinds(); k[contact.Matched] != 20 || s.counted() != 20 || h.client.Stats().Sent != 20 || h.swapped() > 0 {
			problem = fmt.Sprintf("%d requests, %d sent, ended as %v, %d have the answer of another", s.counted(), h.client.Stats().Sent, k, h.swapped())
		}
		return wasLate.Load(), problem
	})
}

// A server that answers as it should keeps its connections.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https"} {
		o, s := serveEcho(t, scheme, func(c net.Conn, answer []byte, _ int) { _, _ = c.Write(answer) })
		o.OnUnsolicited = func() { t.Error("the server is said to send more than its answers") }
		h := newHarness(t, 8, o)
		h.run(500)
		if k := h.kinds(); k[contact.Matched] != 500 || s.counted() != 500 || s.unpooled.Load() != 0 {
			t.Errorf("%d requests, %d of them with a connection of their own, ended as %v", s.counted(), s.unpooled.Load(), k)
		}
	}
}

// The wait before a connection is used again is not the API's.
func TestTheWaitForSilenceIsNoLatency(t *testing.T) {
	t.Parallel()
	const quiet = 20 // milliseconds, of package connect
	o, _ := serveEcho(t, "http", func(c net.Conn, answer []byte, _ int) { _, _ = c.Write(answer) })
	fastest := math.Inf(1)
	for range 50 { // a busy machine is slow, but not each time
		h := newHarness(t, 1, o)
		h.run(2)
		fastest = min(fastest, h.client.Stats().Max)
	}
	if fastest >= quiet {
		t.Errorf("the slower of two calls took %v ms at least", fastest)
	}
}

// When the client is closed, net/http may not have looked at a connection since its last answer. That says nothing about the server.
func TestCloseReportsNothing(t *testing.T) {
	t.Parallel()
	o, _ := serveEcho(t, "http", func(c net.Conn, answer []byte, _ int) { _, _ = c.Write(answer) })
	o.OnUnsolicited = func() { t.Error("the server is said to send more than its answers") }
	h := newHarness(t, 1, o)
	h.run(2)
	h.client.Close()
	h.client.stopPooling() // as such a connection does
}
