package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"
)

// Bounds of a connection. The time-out of a whole call is an option, and bounds the wait for the answer's header too.
const (
	dialTimeout = 10 * time.Second
	tlsTimeout  = 10 * time.Second
	// idleTimeout is shorter than the shortest keep-alive of common servers (5 s): a request written on a connection
	// that the server is closing at that moment may have been charged, and is lost. It also makes a change of the
	// name's address be followed.
	idleTimeout = 3 * time.Second
	// setupTimeout bounds all that comes before the first request on a connection, also when the call that needed it is
	// leave: a proxy's CONNECT or SOCKS, and TLS.
	setupTimeout = dialTimeout + tlsTimeout
	// pingAfter and pingTimeout find an HTTP/2 connection that is dead without having been closed.
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second
	// http2Window and http2StreamWindow bound what the transport buffers of answers over HTTP/2: of all calls of one
	// connection, and of one call. They are read at once, so this only delays answers of several hundred KiB on slow lines.
	// The defaults are 1 GiB and 4 MiB.
	http2Window       = 1 << 20
	http2StreamWindow = 64 << 10
	// maxHeader bounds an answer's header.
	maxHeader = 64 << 10
	// maxCAFile bounds the file of --ca-file.
	maxCAFile = 4 << 20
)

// newTransport makes the one transport of a client. It is used through RoundTrip, which follows no redirect. A request
// without GetBody and Idempotency-Key is one that it never sends twice.
func newTransport(o *Options) (*http.Transport, error) {
	roots, err := rootsWith(o.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second, Resolver: o.resolver}
	return &http.Transport{
		Proxy:                  proxyOf(o),
		OnProxyConnectResponse: checkProxyResponse,
		DialContext:            countingDial(dialer, min(setupTimeout, o.Timeout)),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		TLSHandshakeTimeout:    tlsTimeout,
		ForceAttemptHTTP2:      true, // which our own DialContext would turn off
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: pingAfter, PingTimeout: pingTimeout,
			MaxReceiveBufferPerConnection: http2Window, MaxReceiveBufferPerStream: http2StreamWindow,
		},
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    o.Workers,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}, nil
}

// rootsWith is the system's roots and those of a file; nil, which means the system's, without one.
func rootsWith(file string) (*x509.CertPool, error) {
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

// proxyOf is the transport's way to ask for a proxy.
func proxyOf(o *Options) func(*http.Request) (*url.URL, error) {
	if o.Proxy.For == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) { return o.Proxy.For(r.URL) }
}

// A countedConn counts the bytes that were written to it: what tells "nothing was sent" from "may have been charged".
// Until ready it has a deadline, because the transport bounds none of the steps before the first request by itself once
// the call that began them has ended.
type countedConn struct {
	net.Conn
	written atomic.Int64
	isReady atomic.Bool
}

// ready ends the time in which the connection must become usable.
func (c *countedConn) ready() {
	if !c.isReady.Swap(true) {
		_ = c.SetDeadline(time.Time{}) // it fails only on a closed connection
	}
}

func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.written.Add(int64(n))
	return n, err
}

func countingDial(d *net.Dialer, setup time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := c.SetDeadline(time.Now().Add(setup)); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return &countedConn{Conn: c}, nil
	}
}

// info is the counted connection below one, which may be TLS, through a proxy or not; nil: there is none.
func counted(c net.Conn) *countedConn {
	for c != nil {
		switch next := c.(type) {
		case *countedConn:
			return next
		case interface{ NetConn() net.Conn }:
			c = next.NetConn()
		default:
			return nil
		}
	}
	return nil
}
