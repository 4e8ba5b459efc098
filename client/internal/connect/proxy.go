package connect

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A proxyStatusError is a proxy's answer to CONNECT other than 200.
type proxyStatusError struct{ status int }

func (e *proxyStatusError) Error() string { return "the proxy answered " + statusLine(e.status) }

func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// checkProxyResponse is called by the transport with the answer to CONNECT.
func checkProxyResponse(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyStatusError{answer.StatusCode}
}

// proxyFailure explains a proxy that does not connect to the API. A proxy that cannot reach the API answers 502, 503 or 504.
// That is permanent too, because the caller acts on it only before the first answer of a run.
func (d *Diagnoser) proxyFailure(e *proxyStatusError) Failure {
	host, variable, status := d.API.Host, d.ProxyVariable, statusLine(e.status)
	const orNoProxy = ", or add the host to NO_PROXY if it can be reached without the proxy"
	switch {
	case e.status == http.StatusProxyAuthRequired && d.Proxy.User == nil:
		return Failure{
			fmt.Sprintf("the proxy in %s asks for a user name and a password (%s)", variable, status),
			"write them into " + variable + " as http://USER:PASSWORD@HOST:PORT", true,
		}
	case e.status == http.StatusProxyAuthRequired:
		return Failure{fmt.Sprintf("the proxy in %s refused the user name or the password (%s)", variable, status), "correct them in " + variable, true}
	case e.status >= 500:
		return Failure{fmt.Sprintf("the proxy in %s cannot connect to %s (%s)", variable, host, status), "ask the proxy's owner" + orNoProxy, true}
	}
	return Failure{
		fmt.Sprintf("the proxy in %s refuses to connect to %s (%s)", variable, host, status), "ask the proxy's owner to allow it" + orNoProxy,
		e.status != http.StatusTooManyRequests && e.status != http.StatusRequestTimeout,
	}
}

// permanentSOCKS are texts of net/http's SOCKS client for failures that waiting does not change.
var permanentSOCKS = [...]string{"authentication", "username/password", "not allowed by ruleset", "unexpected protocol version", "not supported"}

func (d *Diagnoser) socksFailure(err error) Failure {
	reason := d.Clean(err.Error())
	f := Failure{Cause: fmt.Sprintf("the proxy in %s does not connect to %s: %s", d.ProxyVariable, d.API.Host, reason), Advice: "check " + d.ProxyVariable}
	for _, text := range permanentSOCKS {
		f.Permanent = f.Permanent || strings.Contains(reason, text)
	}
	return f
}
