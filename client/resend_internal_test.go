package client

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// A rawServer writes to connections by hand, and counts the requests that it read.
type rawServer struct {
	url      string
	mu       sync.Mutex
	requests int
}

// serveRaw calls speak for each connection until the test ends.
func serveRaw(t *testing.T, l net.Listener, speak func(*rawServer, net.Conn)) *rawServer {
	t.Helper()
	s := &rawServer{url: "http://" + l.Addr().String()}
	ctx, end := context.WithCancel(context.Background())
	var serving conc.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			forget := context.AfterFunc(ctx, func() { _ = c.Close() })
			serving.Go(func() {
				defer forget()
				defer func() { _ = c.Close() }()
				speak(s, c)
			})
		}
	})
	t.Cleanup(func() {
		end()
		_ = l.Close()
		serving.Wait()
	})
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *rawServer) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
}

func (s *rawServer) counted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// readRequest reads one HTTP/1.1 request, and reports whether there was one.
func (s *rawServer) readRequest(r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	if err == nil {
		s.count()
	}
	return err == nil
}

func writeAnswer(c net.Conn) bool {
	_, err := c.Write(benchAnswer)
	return err == nil
}

// The worst moment for an idle connection to close is when the next request is on its way. The server has read it and does
// not answer: the request is lost once, and does not come again.
func TestTheTransportNeverSendsTwice(t *testing.T) {
	for name, end := range map[string]func(net.Conn){
		"closed": func(net.Conn) {},
		"reset":  func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
	} {
		t.Run(name, func(t *testing.T) {
			const rows = 200
			var ended atomic.Int64 // connections with a second request; on a busy machine, one may have been idle for too long to get it
			s := serveRaw(t, listen(t), func(s *rawServer, c net.Conn) {
				r := bufio.NewReader(c)
				if s.readRequest(r) && writeAnswer(c) && s.readRequest(r) {
					ended.Add(1)
					end(c)
				}
			})
			h := newHarness(t, 1, Options{URL: s.url, MaxElapsed: time.Minute})
			h.lostRetries = 0
			h.run(rows)
			k, lost := h.kinds(), int(ended.Load())
			if s.counted() != rows || k[contact.Matched] != rows-lost || k[contact.Lost] != lost || lost == 0 {
				t.Errorf("%d requests of %d rows, %d connections ended, contacts ended as %v, stop %q", s.counted(), rows, lost, k, h.stopped)
			}
			if got := h.client.Stats().Sent; got != rows {
				t.Errorf("%d sent", got)
			}
		})
	}
}

// The server closes each connection after its answer without announcing it. What the client had begun to write is reported as
// lost or was never read, and no request arrives more often than reported.
func TestAnswerThenClose(t *testing.T) {
	const rows = 300
	s := serveRaw(t, listen(t), func(s *rawServer, c net.Conn) {
		r := bufio.NewReader(c)
		if s.readRequest(r) {
			writeAnswer(c)
		}
	})
	h := newHarness(t, 8, Options{URL: s.url, MaxElapsed: time.Minute})
	h.lostRetries = 0
	h.run(rows)
	k := h.kinds()
	if k[contact.Matched]+k[contact.Lost] != rows || s.counted() > rows || int64(s.counted()) > h.client.Stats().Sent {
		t.Errorf("%d requests, %d sent, ended as %v", s.counted(), h.client.Stats().Sent, k)
	}
}

// What was never on the wire counts neither as a call nor as lost.
func TestACallThatWasNotWrittenIsNotLost(t *testing.T) {
	l := listen(t)
	url := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, 8, Options{URL: url, MaxElapsed: time.Second})
	h.run(50)
	k := h.kinds()
	if s := h.client.Stats(); s.Sent != 0 || k[contact.Lost]+k[contact.Refused] > 0 || h.stopped != contact.StopAPIDown {
		t.Errorf("%d sent, ended as %v, stop %q", s.Sent, k, h.stopped)
	}
}

func TestBadCAFileIsRefused(t *testing.T) {
	for _, file := range []string{filepath.Join(t.TempDir(), "none.pem"), t.TempDir(), "doc.go"} {
		if _, err := New(Options{URL: "https://x.com", Key: Key{"k"}, CAFile: file}); err == nil {
			t.Errorf("%q is accepted", file)
		}
	}
}
