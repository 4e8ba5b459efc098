package main

import (
	"net/url"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

// A proxy variable that cannot be used is a usage error, whether this URL would need it or not; the message names the
// variable and does not show its value.
func TestAProxyVariableThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.list("l.csv", 2, "")
	for _, setting := range []string{
		"HTTPS_PROXY=http://u:p%zz@proxy:8080", "https_proxy=http://u:p%zz@proxy:8080", "HTTP_PROXY=http://u:p%zz@proxy",
		"http_proxy=u:pzz@proxy:port", "ALL_PROXY=socks4://u:pzz@proxy", "all_proxy=ftp://u:pzz@proxy", "HTTPS_PROXY=http://", "HTTPS_PROXY= http://u:pzz@proxy",
		"HTTPS_PROXY=http://u:pzz@proxy:99999", "HTTPS_PROXY=http://u:pzz@proxy:0", "HTTPS_PROXY=http://u:pzz@:8080", "HTTPS_PROXY=http://u:pzz@pro xy:8080",
		"HTTPS_PROXY=http://u:pzz#@proxy:8080", "HTTPS_PROXY=http://[::1:pzz", "HTTPS_PROXY=pzz\x7f",
	} {
		c := s.command("run", "l.csv")
		c.Env = append(c.Env, "NO_PROXY=*", setting)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		c.ends(exitUsage)
		name, _, _ := strings.Cut(setting, "=")
		if said := c.said.String(); !strings.Contains(said, name) || strings.Contains(said, "zz") {
			t.Errorf("%q: %s", setting, said)
		}
	}
	s.calls(0)
	s.absent("l.results.csv", "l.summary.json", "ledger.db")
}

func TestTheProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ env, url, proxy, variable string }{
		{"", "https://api.example", "", ""},
		{"HTTPS_PROXY=", "https://api.example", "", ""},
		{"HTTPS_PROXY=http://p:1", "https://api.example", "http://p:1", "HTTPS_PROXY"},
		{"https_proxy=p:1", "https://api.example", "http://p:1", "https_proxy"},
		{"HTTPS_PROXY=,https_proxy=127.0.0.1:1", "https://api.example", "http://127.0.0.1:1", "https_proxy"},
		{"HTTPS_PROXY=http://p:1,https_proxy=http://q:1", "https://api.example", "http://p:1", "HTTPS_PROXY"},
		{"ALL_PROXY=socks5h://p:1", "https://api.example", "socks5h://p:1", "ALL_PROXY"},
		{"ALL_PROXY=socks5h://p:1,HTTPS_PROXY=https://q", "https://api.example", "https://q", "HTTPS_PROXY"},
		{"HTTPS_PROXY=http://u:p%40ss@p:1", "https://api.example", "http://u:p%40ss@p:1", "HTTPS_PROXY"},
		{"HTTPS_PROXY=http://[::1]:8080", "https://api.example", "http://[::1]:8080", "HTTPS_PROXY"},
		{"HTTPS_PROXY=http://p:1,NO_PROXY=.example", "https://api.example", "", "HTTPS_PROXY"},
		{"HTTPS_PROXY=http://p:1,HTTP_PROXY=http://p:1", "http://127.0.0.1:9", "", "HTTPS_PROXY"},
		{"HTTP_PROXY=http://p:1", "https://api.example", "", ""},
	} {
		env := map[string]string{}
		for _, setting := range strings.Split(tt.env, ",") {
			name, value, _ := strings.Cut(setting, "=")
			env[name] = value
		}
		proxy, err := proxyFromEnv(func(name string) (string, bool) { value, ok := env[name]; return value, ok })
		if err != nil {
			t.Errorf("%s: %v", tt.env, err)
			continue
		}
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := proxy.For(u)
		if text := ""; err != nil || proxy.Variable != tt.variable || got != nil && got.String() != tt.proxy || got == nil && tt.proxy != text {
			t.Errorf("%s for %s: %v from %q, %v", tt.env, tt.url, got, proxy.Variable, err)
		}
	}
}
