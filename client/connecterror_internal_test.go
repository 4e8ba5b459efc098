package client

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/contact"
)

// The first call that cannot connect for a permanent reason ends the run without a retry, with the cause and advice.
func TestAPermanentConnectionFailureStopsTheRun(t *testing.T) {
	t.Parallel()
	good, ca := testCertificate(t)
	expired, expiredCA := certificateValidUntil(t, time.Now().Add(-time.Minute), "api.example", net.IPv4(127, 0, 0, 1))
	early, earlyCA := certificateValidUntil(t, time.Now().Add(4*time.Hour), "api.example", net.IPv4(127, 0, 0, 1))
	other, otherCA := certificateValidUntil(t, time.Now().Add(time.Hour), "other.example")
	secure := func(c *tls.Config) func(net.Listener) net.Listener {
		return func(l net.Listener) net.Listener { return tls.NewListener(l, c) }
	}
	plain := func(l net.Listener) net.Listener { return l }
	says := func(text string) func(*rawServer, net.Conn) {
		return func(_ *rawServer, conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, text)
		}
	}
	answer := func(status string) func(*rawServer, net.Conn) {
		return says("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n")
	}
	const proxied = "https://api.example"
	for name, tt := range map[string]struct {
		wrap        func(net.Listener) net.Listener
		speak       func(*rawServer, net.Conn)
		ca, proxy   string // proxy: the scheme and user of one, which the listener is
		words, help string
	}{
		"an unknown authority":    {secure(&tls.Config{Certificates: []tls.Certificate{good}}), nil, "", "", "unknown authority", "--ca-file"},
		"an expired certificate":  {secure(&tls.Config{Certificates: []tls.Certificate{expired}}), nil, expiredCA, "", "expired on", "clock"},
		"a certificate too early": {secure(&tls.Config{Certificates: []tls.Certificate{early}}), nil, earlyCA, "", "is not valid before", "clock"},
		"another host's":          {secure(&tls.Config{Certificates: []tls.Certificate{other}}), nil, otherCA, "", "is not for 127.0.0.1", "--url"},
		"an old TLS":              {secure(&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}), nil, ca, "", "protocol version", "TLS 1.2"},
		"a client certificate":    {secure(&tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), nil, ca, "", "handshake failure", "--url"},
		"plain HTTP":              {plain, says("HTTP/1.1 400 Bad Request\r\n\r\n"), "", "", "answers without TLS", "--url"},
		"another protocol":        {plain, says("SSH-2.0-OpenSSH_9.7\r\n"), "", "", "answers without TLS", "--url"},
		"407":                     {plain, answer("407 Proxy Authentication Required"), "", "http://", "asks for a user name", "HTTPS_PROXY"},
		"407 again":               {plain, answer("407 Proxy Authentication Required"), "", "http://u:pa55word@", "refused the user name or the password", "HTTPS_PROXY"},
		"403":                     {plain, answer("403 Forbidden"), "", "http://", "refuses to connect to api.example (403 Forbidden)", "NO_PROXY"},
		"503":                     {plain, answer("503 Service Unavailable"), "", "http://u:pa55word@", "cannot connect to api.example (503", "proxy's owner"},
		"302":                     {plain, answer("302 Found"), "", "http://", "(302 Found)", "proxy's owner"},
		"no proxy":                {plain, says("220 mail.example ESMTP\r\n"), "", "http://", "does not speak HTTP", "HTTPS_PROXY"},
		"a proxy without TLS":     {plain, says("HTTP/1.1 400 Bad Request\r\n\r\n"), "", "https://u:pa55word@", "the proxy in HTTPS_PROXY answers without TLS", "HTTPS_PROXY"},
		"an unknown proxy":        {secure(&tls.Config{Certificates: []tls.Certificate{good}}), nil, "", "https://", "the certificate of the proxy in HTTPS_PROXY is signed by an unknown authority", "--ca-file"},
		"no SOCKS":                {plain, says("HTTP/1.1 400 Bad Request\r\n\r\n"), "", "socks5://", "unexpected protocol version", "HTTPS_PROXY"},
		"SOCKS with a password":   {plain, says("\x05\xff"), "", "socks5h://", "authentication", "HTTPS_PROXY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			speak := tt.speak
			if speak == nil {
				speak = func(_ *rawServer, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
			}
			l := listen(t)
			s := serveRaw(t, tt.wrap(l), speak)
			o := Options{URL: "https://" + l.Addr().String(), CAFile: tt.ca, MaxElapsed: time.Hour}
			if tt.proxy != "" {
				o.URL, o.Proxy = proxied, proxyAt(t, tt.proxy+l.Addr().String())
			}
			checkStopsAtOnce(t, o, s, tt.words, tt.help)
		})
	}
}

// checkStopsAtOnce runs some rows with an hour for retries, which must not be used.
func checkStopsAtOnce(t *testing.T, o Options, s *rawServer, words, help string) {
	t.Helper()
	h := newHarness(t, 4, o)
	h.run(20)
	checkNothingSent(t, h, s)
	what, advice, _ := strings.Cut(h.detail, "\n")
	if !strings.Contains(what, words) || !strings.Contains(advice, help) || strings.Contains(h.detail, "pa55word") {
		t.Errorf("%q does not say %q and %q", h.detail, words, help)
	}
	if stats := h.client.Stats(); !stats.Unreachable || len(stats.Retried) > 0 {
		t.Errorf("%+v", stats)
	}
}

// The host of the API or of the proxy does not exist.
func TestAnUnknownHostStopsTheRun(t *testing.T) {
	t.Parallel()
	names := serveNames(t)
	checkStopsAtOnce(t, Options{URL: "https://api.exmaple.example", MaxElapsed: time.Hour, resolver: names.resolver()}, &rawServer{}, "no such host: api.exmaple.example", "--url")
	checkStopsAtOnce(t, Options{URL: "https://api.example", MaxElapsed: time.Hour, resolver: names.resolver(), Proxy: proxyAt(t, "http://u:pa55word@proxy.example:8080")},
		&rawServer{}, "no such host: proxy.example", "HTTPS_PROXY")
}

// A failure that may pass, or any failure after an answer, does not end the run at once, and no row fails because of it.
func TestATransientConnectionFailureIsRetried(t *testing.T) {
	for name, fault := range map[string]error{
		"a name server that fails": &net.DNSError{Err: "server misbehaving", Name: "api.example", IsTemporary: true},
		"refused":                  &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connect: %w", syscall.ECONNREFUSED)},
		"an alert that passes":     &net.OpError{Op: "remote error", Err: errors.New("tls: internal error")},
		"after an answer":          &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				network := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
					if in.n > 5 && in.n <= 12 || in.n <= 4 && name != "after an answer" {
						return fakeResponse{err: fault}
					}
					return ok()
				}}
				h := newHarness(t, workers, Options{transport: network, MaxAttempts: 2})
				h.run(30)
				if k := h.kinds(); k[contact.Matched] != 30 || h.stopped != "" {
					t.Errorf("ended as %v, stop %q: %s", k, h.stopped, h.detail)
				}
			})
		})
	}
}

// An outage fails no row, however few attempts are allowed.
func TestNoRowFailsWithoutAConnection(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		for _, rows := range []int64{1, 3, 30} {
			network := &fakeNetwork{answer: func(fakeRequest) fakeResponse {
				return fakeResponse{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
			}}
			h := newHarness(t, workers, Options{transport: network, MaxAttempts: 1, MaxElapsed: 20 * time.Second})
			began := time.Now()
			h.run(rows)
			if k := h.kinds(); k[contact.Refused]+k[contact.Lost] > 0 || h.stopped != contact.StopAPIDown || !bytes.Contains([]byte(h.detail), []byte("connection refused")) {
				t.Errorf("%d rows ended as %v, stop %q: %s", rows, k, h.stopped, h.detail)
			}
			if took := time.Since(began); took < 15*time.Second || took > 25*time.Second {
				t.Errorf("it gave up after %v", took)
			}
		}
	})
}
