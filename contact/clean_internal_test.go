package contact

import (
	"strings"
	"testing"
)

// FuzzPlainHost checks that the fast path of cleanDomain returns what the slow one does, or nothing.
func FuzzPlainHost(f *testing.F) {
	for _, s := range []string{
		"x.com", "https://www.x.com/about", "http://x.co.uk", "https://http://x.com", "www.com", "WWW.x.com", "www.www.x.com", "web.de/x", "x.com.", "x.com./", ".x.com/",
		"x.com:80/a", "a@x.com/", "x.com/\u200b", "x\u200b.com/", "x.com?a/b", "x.com#/b", "x.com\\a/b", "x.com/a://", "https:///x.com", "facebook.com", "https://de.Facebook.com/northwind",
		"n.a.", "n.a./x", "n/a", "-.-/", "----.", "null", "x.com/ ", " x.com/", "x.com/\xff", "a.t.me/x", "_._._/", "1.2.3/x", "//x.com", "ftp://x.com/a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, s := range []string{s, "https://" + s, "www." + s, s + "/about"} {
			if fast, slow := plainHost(s), siteHost(s); fast != "" && fast != slow {
				t.Fatalf("%q: %q, expected %q", s, fast, slow)
			}
		}
	})
}

// The fast path is taken by the web sites that lead lists have: they are most of the cells, and the slow path takes ten times as long.
func TestUsualWebSitesArePlain(t *testing.T) {
	for s, host := range map[string]string{
		"https://www.northwind.example/about": "northwind.example", "http://northwind.example": "northwind.example", "northwind.example": "northwind.example",
		"https://shop.north-wind.co.uk/": "shop.north-wind.co.uk", "www.Northwind.example/": "Northwind.example",
	} {
		if got := plainHost(s); got != host {
			t.Errorf("%q: %q, expected %q", s, got, host)
		}
	}
}

// FuzzPlaceholder checks the shortcut for names that begin with an N.
func FuzzPlaceholder(f *testing.F) {
	for _, s := range []string{"n/a", "N/A", "n\u200b/a", "n", "na", "n/", "n/a\u00ad", "n\u0301/a", "Nora"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || s[0]|0x20 != 'n' || len(s) > maxPlaceholder {
			return
		}
		if got, expected := isPlaceholder(s), strings.EqualFold(visible(s), "n/a"); got != expected {
			t.Fatalf("%q: %v", s, got)
		}
	})
}
