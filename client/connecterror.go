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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// An connectError is why no connection to the API came about, for people.
type connectError struct {
	cause     string
	advice    string // what to do about it; "": nothing is known
	permanent bool   // a retry does not help
}

// String is both parts in one line.
func (o connectError) String() string {
	if o.advice == "" {
		return o.cause
	}
	return o.cause + "; " + o.advice
}

// A endpoint is who a connection was to be made to: the API, or the proxy on the way to it.
type endpoint struct {
	name    string // for people
	host    string
	setting string // the setting that names it
}

// connectError says what an error of a call without a connection means. No text from outside in it is longer than a name, and
// the proxy's password is never in it.
func (c *Client) connectError(err error) connectError {
	var refusal *proxyStatusError
	if errors.As(err, &refusal) {
		return c.proxyRefused(refusal)
	}
	at := endpoint{c.template.URL.Host, c.template.URL.Hostname(), "--url"}
	var op *net.OpError
	if c.proxy != nil && errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks ")) {
		at = endpoint{"the proxy in " + c.o.Proxy.Variable, c.proxy.Hostname(), c.o.Proxy.Variable}
		if strings.HasPrefix(op.Op, "socks ") {
			return c.socksRefused(op.Err)
		}
	}
	for _, diagnose := range [...]func(endpoint, error) (connectError, bool){certificateError, tlsError, dnsError, networkError} {
		if o, ok := diagnose(at, err); ok {
			return o
		}
	}
	if text := err.Error(); c.proxy != nil && strings.HasPrefix(text, "malformed HTTP ") {
		return connectError{"the proxy in " + c.o.Proxy.Variable + " does not speak HTTP", "check the scheme and the port in " + c.o.Proxy.Variable, true}
	}
	return connectError{cause: bounded(c.redactor.String(err.Error()))}
}

// certificateError is for a certificate that is not accepted. Waiting does not change it.
func certificateError(at endpoint, err error) (connectError, bool) {
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		what := fmt.Sprintf("the certificate of %s is signed by an unknown authority", at.name)
		if unknown.Cert != nil {
			what += fmt.Sprintf(" (%.80q)", bounded(unknown.Cert.Issuer.CommonName))
		}
		return connectError{what, "if it is to be trusted, name its certificate with --ca-file (a proxy that inspects TLS has one of its own)", true}, true
	case errors.As(err, &other):
		what := fmt.Sprintf("the certificate of %s is not for %s", at.name, bounded(other.Host))
		if other.Certificate != nil && len(other.Certificate.DNSNames) > 0 {
			what += fmt.Sprintf(" but for %.80q", bounded(strings.Join(other.Certificate.DNSNames, ", ")))
		}
		return connectError{what, "check the host name in " + at.setting, true}, true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		what := fmt.Sprintf("the certificate of %s expired on %s", at.name, invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
		if time.Now().Before(invalid.Cert.NotBefore) {
			what = fmt.Sprintf("the certificate of %s is not valid before %s", at.name, invalid.Cert.NotBefore.UTC().Format(time.DateOnly))
		}
		return connectError{what, "check this machine's clock; if it is right, the host's owner must renew the certificate", true}, true
	case errors.As(err, &verification):
		return connectError{
			fmt.Sprintf("the certificate of %s is not accepted: %s", at.name, bounded(verification.Err.Error())),
			"see --ca-file for certificates to trust", true,
		}, true
	}
	return connectError{}, false
}

// transientAlerts are what TLS says of a moment's trouble.
var transientAlerts = [...]string{"internal error", "bad record MAC", "unexpected message", "user canceled", "close notify", "error decoding message", "error decrypting message"}

// tlsError is for a handshake that fails. crypto/tls exports few of its errors: the others are known by their prefix.
func tlsError(at endpoint, err error) (connectError, bool) {
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record):
		return connectError{at.name + " answers without TLS", "check the scheme and the port in " + at.setting, true}, true
	case strings.Contains(text, "tls: "):
		_, words, _ := strings.Cut(text, "tls: ")
		o := connectError{cause: fmt.Sprintf("no TLS connection to %s: %s", at.name, bounded(words)), permanent: true}
		for _, passing := range transientAlerts {
			o.permanent = o.permanent && !strings.Contains(words, passing)
		}
		if o.permanent {
			o.advice = "it must support TLS 1.2 or later without a client certificate; check " + at.setting
		}
		return o, true
	}
	return connectError{}, false
}

// dnsError is for a host name without an address. No name ends in .invalid (RFC 6761), whoever answers for it.
func dnsError(at endpoint, err error) (connectError, bool) {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return connectError{}, false
	case dns.IsNotFound || strings.HasSuffix(strings.TrimSuffix(at.host, "."), ".invalid"):
		return connectError{"no such host: " + bounded(at.host), "check the host name in " + at.setting, true}, true
	case dns.IsTimeout:
		return connectError{cause: "the name server does not answer for " + bounded(at.host), advice: "check this machine's network"}, true
	}
	return connectError{cause: fmt.Sprintf("the name server cannot tell the address of %s: %s", bounded(at.host), bounded(dns.Err)), advice: "check this machine's network"}, true
}

// networkError is for a host that cannot be reached now.
func networkError(at endpoint, err error) (connectError, bool) {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return connectError{cause: "connection refused by " + at.name, advice: "check " + at.setting + " if this lasts"}, true
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return connectError{cause: "no route to " + at.name, advice: "check this machine's network"}, true
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return connectError{}, false // our own clock: the caller says how long it waited
	case errors.As(err, &timeout) && timeout.Timeout():
		return connectError{cause: at.name + " does not answer: " + bounded(err.Error())}, true
	}
	return connectError{}, false
}

// A proxyStatusError is a proxy's answer to CONNECT other than 200.
type proxyStatusError struct{ status int }

func (p *proxyStatusError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", p.status, http.StatusText(p.status))
}

// checkProxyResponse is called by the transport with the answer to CONNECT.
func checkProxyResponse(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyStatusError{answer.StatusCode}
}

// rejected is for a proxy that does not connect us. A proxy that cannot reach the API says so with 502, 503 or 504: that too is
// permanent, because it is told before any call of the run came through.
func (c *Client) proxyRefused(p *proxyStatusError) connectError {
	host, variable := c.template.URL.Host, c.o.Proxy.Variable
	status := strings.TrimSpace(strconv.Itoa(p.status) + " " + http.StatusText(p.status))
	switch {
	case p.status == http.StatusProxyAuthRequired && c.proxy.User == nil:
		return connectError{fmt.Sprintf("the proxy in %s asks for a user name and a password (%s)", variable, status), "write them into " + variable + " as http://USER:PASSWORD@HOST:PORT", true}
	case p.status == http.StatusProxyAuthRequired:
		return connectError{fmt.Sprintf("the proxy in %s refused the user name or the password (%s)", variable, status), "correct them in " + variable, true}
	case p.status >= 500:
		return connectError{fmt.Sprintf("the proxy in %s cannot connect to %s (%s)", variable, host, status), "ask the proxy's owner, or add the host to NO_PROXY if it can be reached without the proxy", true}
	}
	return connectError{
		fmt.Sprintf("the proxy in %s refuses to connect to %s (%s)", variable, host, status),
		"ask the proxy's owner to allow it, or add the host to NO_PROXY if it can be reached without the proxy", p.status != http.StatusTooManyRequests && p.status != http.StatusRequestTimeout,
	}
}

// permanentSOCKS are the words of net/http's SOCKS client for what waiting does not change.
var permanentSOCKS = [...]string{"authentication", "username/password", "not allowed by ruleset", "unexpected protocol version", "not supported"}

func (c *Client) socksRefused(err error) connectError {
	words := bounded(err.Error())
	o := connectError{cause: fmt.Sprintf("the proxy in %s does not connect to %s: %s", c.o.Proxy.Variable, c.template.URL.Host, words), advice: "check " + c.o.Proxy.Variable}
	for _, text := range permanentSOCKS {
		o.permanent = o.permanent || strings.Contains(words, text)
	}
	return o
}
