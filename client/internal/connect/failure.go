package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// A Failure says why no connection to the API could be made, for people.
type Failure struct {
	Cause     string
	Advice    string // what to do; "": nothing is known
	Permanent bool   // a retry does not help
}

// String returns cause and advice on one line.
func (f Failure) String() string {
	if f.Advice == "" {
		return f.Cause
	}
	return f.Cause + "; " + f.Advice
}

// A Diagnoser explains the errors of calls for which no connection could be made.
type Diagnoser struct {
	API   *url.URL
	Proxy *url.URL // on the way to the API; nil: none
	// ProxyVariable is the environment variable that names the proxy. Messages show it instead of the proxy, whose URL may
	// contain a password.
	ProxyVariable string
	// Clean makes text from outside fit for a message: short, on one line, without the key.
	Clean func(string) string
}

// An endpoint is the host to which a connection was to be made: the API, or the proxy on the way to it.
type endpoint struct {
	name    string // for people
	host    string
	setting string // the flag or variable that names it
}

// Diagnose explains an error of RoundTrip.
func (d *Diagnoser) Diagnose(err error) Failure {
	var refused *proxyStatusError
	if errors.As(err, &refused) {
		return d.proxyFailure(refused)
	}
	to := endpoint{d.API.Host, d.API.Hostname(), "--url"}
	var op *net.OpError
	if d.Proxy != nil && errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks ")) {
		to = endpoint{"the proxy in " + d.ProxyVariable, d.Proxy.Hostname(), d.ProxyVariable}
		if strings.HasPrefix(op.Op, "socks ") {
			return d.socksFailure(op.Err)
		}
	}
	for _, explain := range [...]func(endpoint, error) (Failure, bool){d.certificateFailure, d.tlsFailure, d.dnsFailure, d.networkFailure} {
		if f, ok := explain(to, err); ok {
			return f
		}
	}
	if text := err.Error(); d.Proxy != nil && strings.HasPrefix(text, "malformed HTTP ") {
		return Failure{"the proxy in " + d.ProxyVariable + " does not speak HTTP", "check the scheme and the port in " + d.ProxyVariable, true}
	}
	return Failure{Cause: d.Clean(err.Error())}
}

// certificateFailure explains a certificate that is not accepted. Waiting does not change it.
func (d *Diagnoser) certificateFailure(to endpoint, err error) (Failure, bool) {
	var unknown x509.UnknownAuthorityError
	var otherHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		cause := fmt.Sprintf("the certificate of %s is signed by an unknown authority", to.name)
		if unknown.Cert != nil {
			cause += fmt.Sprintf(" (%.80q)", d.Clean(unknown.Cert.Issuer.CommonName))
		}
		return Failure{cause, "to trust it, name its certificate with --ca-file (a proxy that inspects TLS has its own)", true}, true
	case errors.As(err, &otherHost):
		cause := fmt.Sprintf("the certificate of %s is not for %s", to.name, d.Clean(otherHost.Host))
		if otherHost.Certificate != nil && len(otherHost.Certificate.DNSNames) > 0 {
			cause += fmt.Sprintf(" but for %.80q", d.Clean(strings.Join(otherHost.Certificate.DNSNames, ", ")))
		}
		return Failure{cause, "check the host name in " + to.setting, true}, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		cause := fmt.Sprintf("the certificate of %s expired on %s", to.name, invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
		if time.Now().Before(invalid.Cert.NotBefore) {
			cause = fmt.Sprintf("the certificate of %s is not valid before %s", to.name, invalid.Cert.NotBefore.UTC().Format(time.DateOnly))
		}
		return Failure{cause, "check this machine's clock; if it is right, the host's owner must renew the certificate", true}, true
	case errors.As(err, &verification):
		cause := fmt.Sprintf("the certificate of %s is not accepted: %s", to.name, d.Clean(verification.Err.Error()))
		return Failure{cause, "see --ca-file for certificates to trust", true}, true
	}
	return Failure{}, false
}

// transientAlerts are the texts of TLS alerts after which a retry may help.
var transientAlerts = [...]string{"internal error", "bad record MAC", "unexpected message", "user canceled", "close notify", "error decoding message", "error decrypting message"}

// tlsFailure explains a failed handshake. crypto/tls exports few of its errors: the others are recognised by their prefix.
func (d *Diagnoser) tlsFailure(to endpoint, err error) (Failure, bool) {
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record):
		return Failure{to.name + " answers without TLS", "check the scheme and the port in " + to.setting, true}, true
	case strings.Contains(text, "tls: "):
		_, reason, _ := strings.Cut(text, "tls: ")
		f := Failure{Cause: fmt.Sprintf("no TLS connection to %s: %s", to.name, d.Clean(reason)), Permanent: true}
		for _, alert := range transientAlerts {
			f.Permanent = f.Permanent && !strings.Contains(reason, alert)
		}
		if f.Permanent {
			f.Advice = "it must support TLS 1.2 or later without a client certificate; check " + to.setting
		}
		return f, true
	}
	return Failure{}, false
}

// dnsFailure explains a host name without an address. No host has a name in .invalid (RFC 6761), whatever a resolver says.
func (d *Diagnoser) dnsFailure(to endpoint, err error) (Failure, bool) {
	var dns *net.DNSError
	host := d.Clean(to.host)
	switch {
	case !errors.As(err, &dns):
		return Failure{}, false
	case dns.IsNotFound || strings.HasSuffix(strings.TrimSuffix(to.host, "."), ".invalid"):
		return Failure{"no such host: " + host, "check the host name in " + to.setting, true}, true
	case dns.IsTimeout:
		return Failure{Cause: "the name server does not answer for " + host, Advice: "check this machine's network"}, true
	}
	return Failure{Cause: fmt.Sprintf("the name server cannot resolve %s: %s", host, d.Clean(dns.Err)), Advice: "check this machine's network"}, true
}

// networkFailure explains a host that cannot be reached now.
func (d *Diagnoser) networkFailure(to endpoint, err error) (Failure, bool) {
	var timeout net.Error
	if d.Proxy != nil && to.setting != d.ProxyVariable { // the proxy has accepted the connection; either of them may have failed
		to.name, to.setting = to.name+" or the proxy in "+d.ProxyVariable, to.setting+" and "+d.ProxyVariable
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Failure{Cause: "connection refused by " + to.name, Advice: "check " + to.setting + " if this lasts"}, true
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return Failure{Cause: "no route to " + to.name, Advice: "check this machine's network"}, true
	case isClosed(err):
		return Failure{Cause: "connection closed by " + to.name + " before a request was sent", Advice: "check the scheme and the port in " + to.setting + " if this lasts"}, true
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return Failure{}, false // the call's own time limit: the caller says how long it waited
	case errors.As(err, &timeout) && timeout.Timeout():
		return Failure{Cause: to.name + " does not answer: " + d.Clean(err.Error())}, true
	}
	return Failure{}, false
}

// isClosed reports whether the other side closed the connection. A server of another protocol does so when it reads a handshake.
func isClosed(err error) bool {
	for _, closed := range [...]error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, closed) {
			return true
		}
	}
	return false
}
