// Package connect makes the connections to an API, directly or through a proxy, and says why a connection could not be made.
//
// It guarantees that the transport never sends a request twice and follows no redirect, that every step before the first
// request is bounded in time and ends with a stop, that a connection counts the bytes written to it (this tells "nothing was sent"
// from "may have been charged"), that no request is written to a connection of HTTP/1 on which more has come than the responses to
// earlier ones, and that no message shows a proxy's password.
//
// It does not bound a call: its context does. It does not retry. What comes over HTTP/1 after a request was written is taken for its
// response.
package connect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Bounds of a connection.
const (
	dialTimeout = 10 * time.Second
	tlsTimeout  = 10 * time.Second
	// idleTimeout is shorter than the shortest keep-alive of common servers (2 s, of Gunicorn): a request that is written while the
	// server closes the connection may have been charged, and is lost. Connections also follow a change of the host's address.
	idleTimeout = time.Second
	// setupTimeout bounds all steps before the first request on a connection (a proxy's CONNECT or SOCKS, TLS), also after
	// the call that needed the connection has ended.
	setupTimeout = dialTimeout + tlsTimeout
	// pingAfter and pingTimeout detect an HTTP/2 connection that is dead but not closed.
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second
	// http2Window and http2StreamWindow bound what the transport buffers of answers over HTTP/2, for one connection and for one
	// call; the defaults are 1 GiB and 4 MiB. Answers are read at once, so this delays only large answers on slow lines.
	http2Window       = 1 << 20
	http2StreamWindow = 64 << 10
	maxResponseHeader = 64 << 10
	// bufferSize is that of a connection's two buffers; the default of 4 KiB would take 2 MiB more with 512 workers. A request and
	// most answers fit, and what is larger is read past the buffer.
	bufferSize = 2 << 10
	maxCAFile  = 4 << 20
)

// Options configure a transport.
type Options struct {
	// CAFile names a file of PEM certificates to trust in addition to the system's; "": none.
	CAFile string
	// Proxy returns the proxy for a URL, or nil for none; nil: no URL has a proxy.
	Proxy func(*url.URL) (*url.URL, error)
	// OnlyHTTP1 turns HTTP/2 off. It must be set if a proxy is connected to by TLS: net/http offers HTTP/2 to such a proxy, but
	// speaks only HTTP/1.1 to it.
	OnlyHTTP1 bool
	// MaxIdle is how many idle connections are kept. 0: none is, and no request uses the connection of an earlier one.
	MaxIdle int
	// SetupTimeout bounds the steps before the first request on a connection; at most 20 s.
	SetupTimeout time.Duration
	// OnUnsolicited is called if the server sends more than its responses over HTTP/1; nil: it is not called. It may be called more
	// than once, and at once.
	OnUnsolicited func()
	// Resolver resolves host names; nil: the system's resolver.
	Resolver *net.Resolver
}

// NewTransport returns a transport. Its RoundTrip follows no redirect, and sends a request only once if the request has no
// GetBody and no Idempotency-Key.
func NewTransport(o *Options) (*http.Transport, error) {
	roots, err := loadRoots(o.CAFile)
	if err != nil {
		return nil, err
	}
	d := &dialer{
		Dialer: net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second, Resolver: o.Resolver},
		setup:  min(setupTimeout, o.SetupTimeout), unsolicited: o.OnUnsolicited,
	}
	return &http.Transport{
		Proxy:                  proxyFunc(o.Proxy),
		OnProxyConnectResponse: checkProxyResponse,
		DialContext:            d.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		TLSHandshakeTimeout:    tlsTimeout,
		ForceAttemptHTTP2:      !o.OnlyHTTP1, // a DialContext turns it off
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: pingAfter, PingTimeout: pingTimeout,
			MaxReceiveBufferPerConnection: http2Window, MaxReceiveBufferPerStream: http2StreamWindow,
		},
		DisableKeepAlives:      o.MaxIdle == 0,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    o.MaxIdle,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
		ReadBufferSize:         bufferSize,
		WriteBufferSize:        bufferSize,
	}, nil
}

// loadRoots returns the system's certificates and those of a file; nil, which means the system's, if there is no file.
func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	if info.IsDir() || info.Size() > maxCAFile {
		return nil, fmt.Errorf("--ca-file: %s is a directory or too large: expected PEM certificates", file)
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("--ca-file: the system's certificates: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca-file: %w in %s: expected PEM, which begins with -----BEGIN CERTIFICATE-----", errNoCertificate, file)
	}
	return roots, nil
}

var errNoCertificate = errors.New("no certificate")

func proxyFunc(proxy func(*url.URL) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if proxy == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }
}
