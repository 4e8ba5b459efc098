package connect

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func diagnoser(t *testing.T, proxy string) *Diagnoser {
	t.Helper()
	d := &Diagnoser{API: parse(t, "https://api.example:8443"), ProxyVariable: "HTTPS_PROXY", Clean: func(s string) string {
		return strings.ReplaceAll(s, "secret", "[key]")
	}}
	if proxy != "" {
		d.Proxy = parse(t, proxy)
	}
	return d
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Each failure is explained: what it is, whether a retry helps, and which setting to check.
func TestDiagnose(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for _, tt := range []struct {
		err       error
		proxy     string
		cause     string
		advice    string
		permanent bool
	}{
		{dial(syscall.ECONNREFUSED), "", "connection refused by api.example:8443", "--url", false},
		{dial(syscall.EHOSTUNREACH), "", "no route to api.example:8443", "network", false},
		{dial(syscall.ENETUNREACH), "", "no route to", "network", false},
		{dial(os.ErrDeadlineExceeded), "", "api.example:8443 does not answer", "", false},
		{io.EOF, "", "connection closed by api.example:8443 before a request was sent", "the scheme and the port in --url", false},
		{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, "", "connection closed by api.example:8443 before", "--url", false},
		{&net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}, "", "connection closed by api.example:8443 before", "--url", false},
		{io.ErrUnexpectedEOF, "http://u:password@p.example", "closed by api.example:8443 or the proxy in HTTPS_PROXY before", "in --url and HTTPS_PROXY", false},
		{&net.OpError{Op: "proxyconnect", Err: io.EOF}, "https://p.example", "closed by the proxy in HTTPS_PROXY before", "the port in HTTPS_PROXY", false},
		{&net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}, "http://p.example", "api.example:8443 or the proxy in HTTPS_PROXY does not answer", "", false},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, "", "no such host: api.example", "host name in --url", true},
		{&net.DNSError{Err: "timeout", IsTimeout: true}, "", "does not answer for api.example", "network", false},
		{&net.DNSError{Err: "server misbehaving", IsTemporary: true}, "", "cannot resolve api.example: server misbehaving", "network", false},
		{x509.UnknownAuthorityError{}, "", "signed by an unknown authority", "--ca-file", true},
		{x509.UnknownAuthorityError{Cert: &x509.Certificate{Issuer: pkix.Name{CommonName: "Proxy\x00CA"}}}, "", `unknown authority ("Proxy\x00CA")`, "--ca-file", true},
		{x509.HostnameError{Host: "api.example", Certificate: &x509.Certificate{DNSNames: []string{"a.example", "b.example"}}}, "", `is not for api.example but for "a.example, b.example"`, "--url", true},
		{x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{NotBefore: past, NotAfter: past}}, "", "expired on", "clock", true},
		{x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{NotBefore: future, NotAfter: future}}, "", "is not valid before", "clock", true},
		{&tls.CertificateVerificationError{Err: errors.New("x509: odd")}, "", "is not accepted: x509: odd", "--ca-file", true},
		{http.ErrSchemeMismatch, "", "answers without TLS", "scheme and the port in --url", true},
		{tls.RecordHeaderError{}, "", "answers without TLS", "--url", true},
		{errors.New("remote error: tls: protocol version not supported"), "", "protocol version not supported", "TLS 1.2", true},
		{errors.New("remote error: tls: internal error"), "", "internal error", "", false},
		{errors.New("an odd secret error"), "", "an odd [key] error", "", false},
		{&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}, "http://u:password@p.example", "connection refused by the proxy in HTTPS_PROXY", "HTTPS_PROXY", false},
		{&net.OpError{Op: "proxyconnect", Err: &net.DNSError{IsNotFound: true}}, "http://u:password@p.example", "no such host: p.example", "HTTPS_PROXY", true},
		{&net.OpError{Op: "proxyconnect", Err: &net.DNSError{IsTemporary: true}}, "http://p.invalid.", "no such host: p.invalid", "HTTPS_PROXY", true},
		{errors.New(`malformed HTTP response "220"`), "http://p.example", "the proxy in HTTPS_PROXY does not speak HTTP", "scheme", true},
		{&proxyStatusError{407}, "http://p.example", "asks for a user name and a password (407 Proxy Authentication Required)", "http://USER:PASSWORD@HOST:PORT", true},
		{fmt.Errorf("call: %w", &proxyStatusError{407}), "http://u:password@p.example", "refused the user name or the password", "HTTPS_PROXY", true},
		{&proxyStatusError{502}, "http://p.example", "cannot connect to api.example:8443 (502 Bad Gateway)", "NO_PROXY", true},
		{&proxyStatusError{403}, "http://p.example", "refuses to connect to api.example:8443 (403 Forbidden)", "allow it", true},
		{&proxyStatusError{429}, "http://p.example", "(429 Too Many Requests)", "NO_PROXY", false},
		{&proxyStatusError{408}, "http://p.example", "(408 Request Timeout)", "NO_PROXY", false},
		{&proxyStatusError{299}, "http://p.example", "(299)", "NO_PROXY", true},
		{&net.OpError{Op: "socks connect", Err: errors.New("unknown error general SOCKS server failure")}, "socks5://p.example", "does not connect to api.example:8443: unknown error", "HTTPS_PROXY", false},
		{&net.OpError{Op: "socks connect", Err: errors.New("no acceptable authentication methods")}, "socks5://u:password@p.example", "no acceptable authentication methods", "HTTPS_PROXY", true},
	} {
		f := diagnoser(t, tt.proxy).Diagnose(tt.err)
		if !strings.Contains(f.Cause, tt.cause) || !strings.Contains(f.Advice, tt.advice) || (f.Advice == "") != (tt.advice == "") || f.Permanent != tt.permanent {
			t.Errorf("%v: %+v", tt.err, f)
		}
		if text := f.String(); strings.Contains(text, "password@") || !strings.HasPrefix(text, f.Cause) || !strings.HasSuffix(text, f.Advice) {
			t.Errorf("%v is shown as %s", tt.err, text)
		}
	}
}

func TestUnwrapFindsTheCountedConnection(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = near.Close(); _ = far.Close() }()
	c := &Conn{Conn: near}
	if Unwrap(tls.Client(c, &tls.Config{ServerName: "x"})) != c || Unwrap(c) != c {
		t.Error("the counted connection is not found")
	}
	if Unwrap(nil) != nil || Unwrap(far) != nil || Unwrap(tls.Client(far, &tls.Config{ServerName: "x"})) != nil {
		t.Error("a connection that is not counted is taken for one")
	}
}

// Only what was written counts, even if the connection breaks in the middle.
func TestConnCountsWhatWasWritten(t *testing.T) {
	near, far := net.Pipe()
	c := &Conn{Conn: near}
	read := make(chan error)
	go func() {
		_, err := far.Read(make([]byte, 3))
		_ = far.Close()
		read <- err
	}()
	n, err := c.Write([]byte("12345"))
	if rerr := <-read; rerr != nil {
		t.Fatal(rerr)
	}
	if err == nil || n != 3 || c.Written() != 3 {
		t.Errorf("wrote %d, counted %d: %v", n, c.Written(), err)
	}
}

func TestLoadRootsRefusesWhatIsNotPEM(t *testing.T) {
	for file, message := range map[string]string{
		t.TempDir() + "/none.pem": "no such file", t.TempDir(): "is a directory", "failure.go": "no certificate",
	} {
		if _, err := loadRoots(file); err == nil || !strings.HasPrefix(err.Error(), "--ca-file: ") || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if roots, err := loadRoots(""); roots != nil || err != nil {
		t.Errorf("without a file: %v, %v", roots, err)
	}
}
