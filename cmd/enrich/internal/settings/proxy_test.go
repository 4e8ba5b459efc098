package settings

import (
	"net/url"
	"strings"
	"testing"
)

// TestAProxyVariableThatCannotBeUsedIsRefused without showing its value, which may contain a password.
func TestAProxyVariableThatCannotBeUsedIsRefused(t *testing.T) {
	for _, setting := range [][2]string{
		{"HTTPS_PROXY", "http://u:p%zz@proxy:8080"},
		{"http_proxy", "u:pzz@proxy:port"},
		{"ALL_PROXY", "socks4://u:pzz@proxy"},
		{"HTTPS_PROXY", "http://"},
		{"HTTPS_PROXY", " http://u:pzz@proxy"},
		{"HTTPS_PROXY", "http://u:pzz@proxy:99999"},
		{"HTTPS_PROXY", "http://u:pzz@proxy:0"},
		{"HTTPS_PROXY", "pzz\x7f"},
	} {
		_, err := Proxy(environment(setting[0] + "=" + setting[1]))
		if err == nil || !strings.Contains(err.Error(), setting[0]) || strings.Contains(err.Error(), "zz") {
			t.Errorf("%q: %v", setting, err)
		}
	}
}

// TestTheProxyOfTheEnvironment: which variable counts, for which URL.
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
		proxy, err := Proxy(func(name string) (string, bool) { value, ok := env[name]; return value, ok })
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
