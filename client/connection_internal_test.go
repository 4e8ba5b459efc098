package client

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"enrich/contact"
)

// What fails before a request is written was not charged: it counts neither as a call nor as lost. If it does not pass, the
// run ends as api_down and says why.
func TestAFailedHandshakeIsNotACall(t *testing.T) {
	t.Parallel()
	good, ca := testCertificate(t)
	expired, expiredCA := certificateValidUntil(t, time.Now().Add(-time.Minute), "api.example", net.IPv4(127, 0, 0, 1))
	other, otherCA := certificateValidUntil(t, time.Now().Add(time.Hour), "other.example")
	for _, c := range []struct {
		name   string
		server *tls.Config
		ca     string
		words  string
	}{
		{"an authority that nobody knows", &tls.Config{Certificates: []tls.Certificate{good}}, "", "unknown authority"},
		{"a certificate that is over", &tls.Config{Certificates: []tls.Certificate{expired}}, expiredCA, "expired"},
		{"a certificate of another host", &tls.Config{Certificates: []tls.Certificate{other}}, otherCA, "127.0.0.1"},
		{"TLS 1.1", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ca, "protocol version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := tls.NewListener(listen(t), c.server)
			s := serveRaw(t, l, func(s *rawServer, conn net.Conn) {
				r := bufio.NewReader(conn)
				for s.readRequest(r) && writeAnswer(conn) {
				}
			})
			h := newHarness(t, 4, Options{URL: "https://" + l.Addr().String(), CAFile: c.ca, MaxElapsed: time.Second})
			h.run(20)
			checkNothingSent(t, h, s)
			if !strings.Contains(h.detail, c.words) {
				t.Errorf("%q does not say %q", h.detail, c.words)
			}
		})
	}
}

// With TLS 1.3 a server refuses a client without a certificate after the client has written its first request.
func TestARequiredClientCertificateIsNotACall(t *testing.T) {
	t.Parallel()
	certificate, ca := testCertificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}
	s := serveRaw(t, listen(t), func(_ *rawServer, conn net.Conn) {
		if err := tls.Server(conn, config).HandshakeContext(t.Context()); err == nil {
			t.Error("the server accepted the client")
		}
		_, _ = io.Copy(io.Discard, conn) // until the client has read why
	})
	h := newHarness(t, 4, Options{URL: strings.Replace(s.url, "http:", "https:", 1), CAFile: ca, MaxElapsed: time.Second})
	h.run(20)
	checkNothingSent(t, h, s)
	if !strings.Contains(h.detail, "certificate required") || !strings.Contains(h.detail, "without a client certificate") {
		t.Errorf("%q does not say why", h.detail)
	}
}

// The timeout ends the call before anything of the request was written.
func TestAStalledHandshakeIsNotACall(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, listen(t), func(_ *rawServer, conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1)) // and says nothing
		time.Sleep(time.Second)           // longer than the call may take
	})
	h := newHarness(t, 4, Options{URL: strings.Replace(s.url, "http:", "https:", 1), Timeout: 50 * time.Millisecond, MaxElapsed: time.Second})
	h.run(20)
	checkNothingSent(t, h, s)
}

func checkNothingSent(t *testing.T, h *harness, s *rawServer) {
	t.Helper()
	k := h.kinds()
	if sent := h.client.Stats().Sent; sent != 0 || s.counted() != 0 || k[contact.Lost]+k[contact.Refused] > 0 || h.stopped != contact.StopAPIDown {
		t.Errorf("%d sent, %d requests came, ended as %v, stop %q", sent, s.counted(), k, h.stopped)
	}
}

// The name server says that there is no such host.
func TestAnUnknownHostIsNotACall(t *testing.T) {
	t.Parallel()
	names := serveNames(t)
	h := newHarness(t, 4, Options{URL: "https://api.example", MaxElapsed: time.Second, resolver: names.resolver()})
	h.run(20)
	checkNothingSent(t, h, &rawServer{})
	if !strings.Contains(h.detail, "no such host") {
		t.Errorf("%q does not say why", h.detail)
	}
}

// The API moves to another address during a run, and the old server closes its connections after an answer. No row is lost.
func TestANewAddressIsFollowed(t *testing.T) {
	t.Parallel()
	const rows, moveAt = 60, 20
	old := listen(t)
	_, port, err := net.SplitHostPort(old.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	moved, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Skipf("there is no second loopback address here: %v", err) // macOS
	}
	names := serveNames(t, net.IPv4(127, 0, 0, 1))
	certificate, ca := testCertificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	before := serveRaw(t, tls.NewListener(old, config), func(s *rawServer, conn net.Conn) {
		r := bufio.NewReader(conn)
		for s.readRequest(r) {
			if s.counted() < moveAt {
				writeAnswer(conn)
				continue
			}
			names.move(net.IPv4(127, 0, 0, 2))
			_, _ = conn.Write([]byte(strings.Replace(string(benchAnswer), "\r\n", "\r\nConnection: close\r\n", 1)))
			return
		}
	})
	after := serveRaw(t, tls.NewListener(moved, config), func(s *rawServer, conn net.Conn) {
		r := bufio.NewReader(conn)
		for s.readRequest(r) && writeAnswer(conn) {
		}
	})
	h := newHarness(t, 1, Options{URL: "https://api.example:" + port, CAFile: ca, MaxElapsed: time.Minute, resolver: names.resolver()})
	h.run(rows)
	if k := h.kinds(); k[contact.Matched] != rows || before.counted() != moveAt || after.counted() != rows-moveAt {
		t.Errorf("%d requests at the old address, %d at the new one, ended as %v: %s", before.counted(), after.counted(), k, h.detail)
	}
}
