package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// repeat writes a text again and again until the connection ends.
func repeat(conn net.Conn, text string, every time.Duration) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		time.Sleep(every) // the server is not in fake time
	}
}

// answers reads a request, writes head, and then again in a loop; "": nothing.
func answers(head, again string) func(*rawServer, net.Conn) {
	return func(s *rawServer, conn net.Conn) {
		r := bufio.NewReader(conn)
		if !s.readRequest(r) {
			return
		}
		if _, err := io.WriteString(conn, head); err != nil {
			return
		}
		if again == "" {
			_, _ = io.Copy(io.Discard, r)
			return
		}
		repeat(conn, again, time.Millisecond)
	}
}

// callTimeout is --timeout in these tests. A call that takes hangTimeout hangs.
const (
	callTimeout = 500 * time.Millisecond // a busy machine connects late
	hangTimeout = time.Minute
)

// runInTime runs some rows with one attempt each, and fails if the run hangs.
func runInTime(t *testing.T, o Options) *harness {
	t.Helper()
	o.Timeout, o.MaxAttempts, o.MaxElapsed = callTimeout, 1, time.Second
	h := newHarness(t, 2, o)
	h.lostRetries = 0
	over := make(chan struct{})
	go func() {
		defer close(over)
		h.run(3)
	}()
	select {
	case <-over:
	case <-time.After(hangTimeout):
		t.Fatal("a call hangs")
	}
	return h
}

// However a server delays its answer, --timeout ends the call. The call is lost, because the request was written.
func TestTheTimeoutEndsEveryCall(t *testing.T) {
	t.Parallel()
	const ok, chunked = "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	for name, speak := range map[string]func(*rawServer, net.Conn){
		"an upgrade, then nothing":    answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ""),
		"an upgrade, then garbage":    answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "noise"),
		"an upgrade of nothing":       answers("HTTP/1.1 101 Switching Protocols\r\n\r\n", ""),
		"100 without end":             answers("", "HTTP/1.1 100 Continue\r\n\r\n"),
		"103 without end":             answers("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
		"a 102, then nothing":         answers("HTTP/1.1 102 Processing\r\n\r\n", ""),
		"a status line that trickles": answers("HTTP/1.1 2", ""),
		"a header that trickles":      answers(ok, "X: y\r\n"),
		"a name that trickles":        answers(ok, "x"),
		"a body that trickles":        answers(ok+"Content-Length: 900000\r\n\r\n", " "),
		"chunks that trickle":         answers(ok+chunked, "1\r\n \r\n"),
		"a chunk's size":              answers(ok+chunked, "0"),
		"a trailer that trickles":     answers(ok+"Trailer: X\r\n"+chunked+"2\r\n{}\r\n0\r\n", "X: y\r\n"),
		"a body up to the close":      answers(ok+"\r\n", " "),
		"a switch in the middle":      answers(ok+"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, listen(t), speak)
			h := runInTime(t, Options{URL: s.url})
			if k := h.kinds(); k[contact.Lost] == 0 || k[contact.Matched]+k[contact.NoMatch] > 0 {
				t.Errorf("ended as %v: %q", k, h.last(1).Message)
			}
		})
	}
}

// The same over HTTP/2, even if the server allows no stream.
func TestTheTimeoutEndsHTTP2Calls(t *testing.T) {
	t.Parallel()
	for name, speak := range map[string]func(s *rawServer, c h2Conn){
		"silence": func(_ *rawServer, c h2Conn) { _, _ = io.Copy(io.Discard, c) },
		"no answer": func(s *rawServer, c h2Conn) {
			c.speak(s, func(uint32, int) bool { return true })
		},
		"no streams": func(_ *rawServer, c h2Conn) {
			c.frame(frameSettings, 0, 0, []byte{0, 3, 0, 0, 0, 0}) // at most 0 streams at once
			_, _ = io.Copy(io.Discard, c)
		},
		"a header without a body": func(s *rawServer, c h2Conn) {
			c.speak(s, func(stream uint32, _ int) bool { return c.frame(frameHeaders, flagEndHeaders, stream, []byte{0x88}) })
		},
		"an upgrade": func(s *rawServer, c h2Conn) {
			c.speak(s, func(stream uint32, _ int) bool {
				return c.frame(frameHeaders, flagEndHeaders, stream, []byte{0x08, 3, '1', '0', '1'})
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certificate, file := testCertificate(t)
			l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
			serveRaw(t, l, func(s *rawServer, conn net.Conn) { speak(s, h2Conn{conn}) })
			h := runInTime(t, Options{URL: "https://" + l.Addr().String(), CAFile: file})
			if k := h.kinds(); k[contact.Matched]+k[contact.NoMatch] > 0 {
				t.Errorf("ended as %v: %q", k, h.last(1).Message)
			}
		})
	}
}

// A proxy that stalls at any step does not count as a call, and leaks nothing.
func TestTheTimeoutEndsProxySetup(t *testing.T) {
	t.Parallel()
	silent := func(_ *rawServer, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	for name, proxy := range map[string]struct {
		scheme string
		speak  func(*rawServer, net.Conn)
	}{
		"CONNECT without an answer": {"http", silent},
		"a header that trickles":    {"http", func(_ *rawServer, conn net.Conn) { repeat(conn, "HTTP/1.1 200 OK\r\nX: y\r\n", time.Millisecond) }},
		"a tunnel to nowhere": {"http", func(_ *rawServer, conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		}},
		"TLS":                   {"https", silent},
		"SOCKS":                 {"socks5", silent},
		"SOCKS after its hello": {"socks5h", func(_ *rawServer, conn net.Conn) { _, _ = conn.Write([]byte{5, 0}); _, _ = io.Copy(io.Discard, conn) }},
		"a SOCKS that trickles": {"socks5", func(_ *rawServer, conn net.Conn) { repeat(conn, "\x05", 10*time.Millisecond) }},
		"a CONNECT that upgrades": {"http", func(_ *rawServer, conn net.Conn) {
			repeat(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n", time.Millisecond)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, listen(t), proxy.speak)
			through := strings.Replace(s.url, "http", proxy.scheme, 1)
			h := runInTime(t, Options{URL: "https://api.example", Proxy: proxyAt(t, through)})
			checkNothingSent(t, h, s)
		})
	}
}

func proxyAt(t *testing.T, text string) Proxy {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return Proxy{For: func(*url.URL) (*url.URL, error) { return u, nil }, Variable: "HTTPS_PROXY"}
}

// endlessTransport returns bodies that do not end with the call's context, as those after an upgrade do not.
type endlessTransport struct{}

type endlessBody struct{ closed chan struct{} }

func (b endlessBody) Read([]byte) (int, error) {
	<-b.closed
	return 0, errors.New("closed")
}

func (b endlessBody) Close() error {
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return nil
}

func (endlessTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: endlessBody{make(chan struct{})}}, nil
}

// If the transport does not end a call, the client does.
func TestABodyThatIgnoresItsContextIsClosed(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		h := newHarness(t, workers, Options{transport: endlessTransport{}, MaxAttempts: 1})
		h.lostRetries = 0
		began := time.Now()
		h.run(1)
		if took := time.Since(began); took != time.Minute+abandonAfter || h.kinds()[contact.Lost] != 1 {
			t.Errorf("ended as %v after %v", h.kinds(), took)
		}
		if message := h.last(1).Message; message != "the answer was lost: no answer within 1m" {
			t.Errorf("the message is %q", message)
		}
	})
}

// After a call has returned, its connection may be used by another.
func TestAbandonClosesOnlyWhatTheCallStillUses(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	var sent trace
	sent.closeOnAbandon(near)
	sent.release()
	sent.abandon()
	if err := near.SetDeadline(time.Now()); err != nil {
		t.Error("a connection that is not used any more was closed")
	}
	sent.closeOnAbandon(near)
	sent.abandon()
	if err := near.SetDeadline(time.Now()); err == nil {
		t.Error("a connection in use was not closed")
	}
}

// A context is used again only after a whole answer, and ends with the cause of its end.
func TestADeadlineIsUsedAgainOnlyAfterAWholeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deadline
		hard, cancel := context.WithCancel(t.Context())
		defer cancel()
		d.begin(t.Context(), hard, time.Second)
		first := d.ctx
		time.Sleep(900 * time.Millisecond) // fake time
		d.end(true)
		d.begin(t.Context(), hard, time.Second)
		if d.ctx != first {
			t.Error("a new context after a whole answer")
		}
		time.Sleep(900 * time.Millisecond) // the time of the call before does not count
		if d.ctx.Err() != nil {
			t.Fatal("the time of the call before counts")
		}
		time.Sleep(101 * time.Millisecond)
		if err := d.errorOf(errors.New("transport: closed")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the timeout the error is %v", err)
		}
		d.end(true)
		d.begin(t.Context(), hard, time.Second)
		if d.ctx == first || d.ctx.Err() != nil {
			t.Error("a context that has ended is used again")
		}
		cancel()
		if err := d.errorOf(context.Canceled); errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the end of the run the error is %v", err)
		}
		d.end(false)
	})
}
