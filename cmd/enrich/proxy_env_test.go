package main

import (
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
