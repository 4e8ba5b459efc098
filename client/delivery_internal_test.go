package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"testing"

	"enrich/client/internal/connect"
)

// A server closes an idle connection just before a request is written to it. What TLS writes to the connection then is its end, not
// a request: the call does not count as sent or lost.
func TestTheEndOfTLSIsNotARequest(t *testing.T) {
	certificate, _ := testCertificate(t)
	for name, config := range tlsVersions() {
		t.Run(name, func(t *testing.T) {
			for _, request := range []string{"", shortestRequest(t)} {
				c := handshake(t, config, certificate)
				var x trace
				x.gotConn(httptrace.GotConnInfo{Conn: c, Reused: true})
				if _, err := io.WriteString(c, request); err != nil {
					t.Fatal(err)
				}
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				if x.conn.Written() == x.writtenBefore {
					t.Error("TLS wrote nothing when it was closed")
				}
				d, onWire := x.delivery(io.EOF)
				if sent := request != ""; onWire != sent || (d == deliveryCut) != sent || (d == deliveryNotSent) == sent {
					t.Errorf("%d bytes of a request, %d on the wire: %v, %v", len(request), x.conn.Written()-x.writtenBefore, d, onWire)
				}
			}
		})
	}
}

// tlsVersions are the versions and ciphers that a client offers. What closes a connection is longest with CBC.
func tlsVersions() map[string]*tls.Config {
	configs := map[string]*tls.Config{"TLS 1.3": {MinVersion: tls.VersionTLS13}}
	for _, suite := range []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256} {
		configs[tls.CipherSuiteName(suite)] = &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}
	}
	return configs
}

// handshake returns a connection of TLS whose other side reads all that comes.
func handshake(t *testing.T, config *tls.Config, certificate tls.Certificate) *tls.Conn {
	t.Helper()
	near, far := net.Pipe()
	server := config.Clone()
	server.Certificates = []tls.Certificate{certificate}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, tls.Server(far, server)) // it ends when the client closes
		_, _ = io.Copy(io.Discard, far)
		_ = far.Close()
	}()
	t.Cleanup(func() { _ = near.Close(); <-done })
	config = config.Clone()
	config.InsecureSkipVerify = true
	c := tls.Client(&connect.Conn{Conn: near}, config)
	if err := c.HandshakeContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

// shortestRequest is a request with the shortest key, host and contact.
func shortestRequest(t *testing.T) string {
	t.Helper()
	r := requestTemplate(http.MethodPost, &url.URL{Scheme: "https", Host: "a", Path: "/contact"}, &Options{Key: Key{secret: "k"}, UserAgent: "e"})
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte("{}"))), 2
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	if b.Len() <= connect.MaxClosing {
		t.Errorf("a request has only %d bytes", b.Len())
	}
	return b.String()
}
