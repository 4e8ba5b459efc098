package settings

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"enrich/client"
)

// The environment variables that name a proxy, in the order in which the first that is set counts. Go reads the same,
// except ALL_PROXY: most other programs do.
var (
	httpsProxyNames = []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"}
	httpProxyNames  = []string{"HTTP_PROXY", "http_proxy"}
)

// proxySchemes are the kinds of proxy that net/http can use.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// Proxy finds the proxy for the API. net/http ignores a proxy variable that it cannot parse, and the calls bypass the proxy.
// Here such a variable is an error, which never shows the value: it may contain a password.
func Proxy(lookup Lookup) (client.Proxy, error) {
	for _, name := range slices.Concat(httpsProxyNames, httpProxyNames) {
		if value, _ := lookup(name); value != "" {
			if err := checkProxy(value); err != nil {
				return client.Proxy{}, fmt.Errorf("the proxy in the environment variable %s cannot be used: %w", name, err)
			}
		}
	}
	variable, https := firstSet(lookup, httpsProxyNames...)
	_, http := firstSet(lookup, httpProxyNames...)
	_, except := firstSet(lookup, "NO_PROXY", "no_proxy")
	config := httpproxy.Config{HTTPProxy: http, HTTPSProxy: https, NoProxy: except}
	return client.Proxy{For: config.ProxyFunc(), Variable: variable}, nil
}

// firstSet returns the first variable that is not empty, and its value.
func firstSet(lookup Lookup, names ...string) (name, value string) {
	for _, name := range names {
		if value, _ := lookup(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

var errProxyForm = errors.New("expected a form such as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with %XX for special characters in the password")

// checkProxy refuses a value that net/http would drop, or could not connect to. As in Go, a value without
// a scheme means http.
func checkProxy(value string) error {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return errProxyForm // err has the value
	case !slices.Contains(proxySchemes, u.Scheme):
		return fmt.Errorf("the scheme is not one of %s", strings.Join(proxySchemes, ", "))
	case u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " \t/\\"):
		return errProxyForm
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return errors.New("the port is not a number from 1 to 65535")
		}
	}
	return nil
}
