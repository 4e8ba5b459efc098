package client

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"enrich/contact"
)

// drip writes a text again and again until the connection ends.
func repeat(conn net.Conn, text string, every time.Duration) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		time.Sleep(every) // the server's pace, which no clock of ours can be
	}
}

// answers reads a request and then says what it is given, and afterwards one text again and again; "": nothing.
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

// callTimeout is how long a call of these tests may take, and patienceForCall when one is taken to hang.
const (
	callTimeout = 150 * time.Millisecond
	hangTimeout = 30 * time.Second
)

// runInTime asks about some rows, each with one attempt, and fails if that does not end.
func runInTime(t *testing.T, o Options) *harness {
	t.Helper()
	o.Timeout, o.MaxAttempts, o.MaxElapsed = callTimeout, 1, time.Second
	c := newHarness(t, 2, o)
	c.lostRetries = 0
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.run(3)
	}()
	select {
	case <-over:
	case <-time.After(hangTimeout):
		t.Fatal("a call does not end")
	}
	return c
}

// TestOurClockEndsEveryCall: however the server keeps an answer back, --timeout ends the call, as lost, because the request was written.
func TestOurClockEndsEveryCall(t *testing.T) {
	t.Parallel()
	const ok, chunked = "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	for name, speak := range map[string]func(*rawServer, net.Conn){
		"an upgrade, then nothing":  answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ""),
		"an upgrade, then noise":    answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "noise"),
		"an upgrade of nothing":     answers("HTTP/1.1 101 Switching Protocols\r\n\r\n", ""),
		"100 without end":           answers("", "HTTP/1.1 100 Continue\r\n\r\n"),
		"103 without end":           answers("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
		"a 102, then nothing":       answers("HTTP/1.1 102 Processing\r\n\r\n", ""),
		"a status line that trails": answers("HTTP/1.1 2", ""),
		"a header that trickles":    answers(ok, "X: y\r\n"),
		"a name that trickles":      answers(ok, "x"),
		"a body that trickles":      answers(ok+"Content-Length: 900000\r\n\r\n", " "),
		"chunks that trickle":       answers(ok+chunked, "1\r\n \r\n"),
		"a chunk's size":            answers(ok+chunked, "0"),
		"a trailer that trickles":   answers(ok+"Trailer: X\r\n"+chunked+"2\r\n{}\r\n0\r\n", "X: y\r\n"),
		"a body up to the close":    answers(ok+"\r\n", " "),
		"a switch in the middle":    answers(ok+"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, listen(t), speak)
			c := runInTime(t, Options{URL: s.url})
			if k := c.kinds(); k[contact.Lost] == 0 || k[contact.Matched]+k[contact.NoMatch] > 0 {
				t.Errorf("ended as %v: %q", k, c.last(1).Message)
			}
		})
	}
}

// TestOurClockEndsHTTP2: the same over HTTP/2, also where the server lets no stream begin.
func TestOurClockEndsHTTP2(t *testing.T) {
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
			c := runInTime(t, Options{URL: "https://" + l.Addr().String(), CAFile: file})
			if k := c.kinds(); k[contact.Matched]+k[contact.NoMatch] > 0 {
				t.Errorf("ended as %v: %q", k, c.last(1).Message)
			}
		})
	}
}

// TestOurClockEndsAProxy: a proxy that stalls at any step is no call, and leaves nothing behind.
func TestOurClockEndsAProxy(t *testing.T) {
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
			c := runInTime(t, Options{URL: "https://api.example", Proxy: proxyAt(t, through)})
			checkNothingSent(t, c, s)
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

// endlessTransport is a carrier whose bodies do not end with the call's context, as those after an upgrade do not.
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

// TestABodyThatIgnoresItsContextIsClosed: if the transport does not end a call, we do.
func TestABodyThatIgnoresItsContextIsClosed(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		c := newHarness(t, workers, Options{transport: endlessTransport{}, MaxAttempts: 1})
		c.lostRetries = 0
		began := time.Now()
		c.run(1)
		if took := time.Since(began); took != time.Minute+abandonAfter || c.kinds()[contact.Lost] != 1 {
			t.Errorf("ended as %v after %v", c.kinds(), took)
		}
	})
}

// TestAnEndedCallLeavesItsConnectionAlone: what a call used is another's once it has returned.
func TestAnEndedCallLeavesItsConnectionAlone(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	var sent trace
	sent.closeOnAbandon(near)
	sent.release()
	sent.abandon()
	if err := near.SetDeadline(time.Now()); err != nil {
		t.Error("it was closed")
	}
	sent.closeOnAbandon(near)
	sent.abandon()
	if err := near.SetDeadline(time.Now()); err == nil {
		t.Error("it was not closed")
	}
}
