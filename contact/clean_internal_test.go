package contact

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
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

// An address that is plain needs no cleaning: the slow path would return it as it is. Each byte is tried in each place.
func TestPlainAddressesNeedNoCleaning(t *testing.T) {
	plain := 0
	for b := range 256 {
		c := string([]byte{byte(b)})
		for _, s := range []string{c, c + "@x.example", "a" + c + "b@x.example", "a" + c + "@x.example", "a@" + c + "x.example", "a@x" + c + "example", "a@x.example" + c, "a" + c + "x.example"} {
			if !isPlain(s) {
				continue
			}
			plain++
			if cleaned := cleanURL(s); cleaned != s || strings.Count(s, "@") != 1 || strings.Trim(s, ".-_+") != s {
				t.Errorf("%q: cleaned %q", s, cleaned)
			}
		}
	}
	const letters, marks = 26 + 26 + 10, 4
	if expected := 6*letters + 4*marks + 1; plain != expected {
		t.Errorf("%d addresses are plain, expected %d", plain, expected)
	}
	if isPlain("") || isPlain("@x.example") || isPlain("ann.x.example") {
		t.Error("a text that is not an address is plain")
	}
}

// Each byte of an address decides whether it is plain, wherever it is in an address of any length.
func TestPlainAddressesOfAnyLength(t *testing.T) {
	const longest = 40
	for n := range longest {
		for at := range n {
			for b := range 256 {
				for _, whole := range []string{strings.Repeat("a", n), "a@" + strings.Repeat("a", n)} {
					s := []byte(whole)
					s[len(s)-1-at] = byte(b)
					isOther := func(r rune) bool { return r > 'z' || !isAlphanumeric(byte(r)) && !strings.ContainsRune(".-_+@", r) }
					expected := strings.Count(string(s), "@") == 1 && strings.Trim(string(s), ".-_+") == string(s) && s[0] != '@' && strings.IndexFunc(string(s), isOther) < 0
					if got := isPlain(string(s)); got != expected {
						t.Fatalf("%q: %v", s, got)
					}
				}
			}
		}
	}
}

// FuzzPlainAddress checks that the fast path accepts no address that is refused without it.
func FuzzPlainAddress(f *testing.F) {
	for _, s := range []string{"ann@x.example", "a.b-c_d+e@x-y.example", "a@x", "a@x..y", "a@x.-y.z", "a@x.y-.z", "a@-x.y", "a@x.y-", "a@x.y.", "a@.x.y", "a@x.1", "a@x.a1", "a@1.2.3.c", "a@x_y.z", "a@x+y.z", "a@", "@a", strings.Repeat("a", 64) + "@x.y", strings.Repeat("a", 65) + "@x.y", "a@" + strings.Repeat("x", 63) + ".y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if why := addressFault(s); isPlainAddress(s) && why != "" {
			t.Errorf("%q is plain, and refused: %s", s, why)
		}
	})
}

// TestUsualAddressesArePlain: without it, no address could be.
func TestUsualAddressesArePlain(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("aZ1.-_+@")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := letters.Draw(t, "s") + "@" + letters.Draw(t, "domain")
		if why := addressFault(s); isPlainAddress(s) && why != "" {
			t.Errorf("%q is plain, and refused: %s", s, why)
		}
	})
	for _, s := range []string{"ann@x.example", "Ann.Lee+list@mail.x-y.example", "a_b-c@1a.x9.example", "person1@company2.example"} {
		if !isPlainAddress(s) {
			t.Errorf("%q is not plain", s)
		}
	}
}

// FuzzName checks that a name is cleaned as it would be without the fast path.
func FuzzName(f *testing.F) {
	for _, s := range []string{"Ann", "Nora", "n/a", "N/A", "Ann ", "Ann\u200b", "Ann\x7f", "\u00c4nne", "A\u00e9", "#N/A", "-", "(blank)", "\\N", "a\x00", "[a", "@a", "`a", "{a", "Z", "z."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		expected := strings.TrimFunc(s, isMargin)
		if isPlaceholder(expected) {
			expected = ""
		}
		if got := cleanName(s); got != expected {
			t.Fatalf("%q: %q, expected %q", s, got, expected)
		}
		if isPlainName(s) && expected != s {
			t.Fatalf("%q is plain, expected %q", s, expected)
		}
	})
}

// A change of any one field of a row is counted, and so is a full name that was split; a row that is sent as it is counts nothing.
func TestEachChangeIsCounted(t *testing.T) {
	same := Contact{Email: "ann@x.example", FirstName: "Ann", LastName: "Lee", CompanyName: "X", CompanyDomain: "x.example", LinkedInURL: "linkedin.com/in/ann"}
	count := func(cells Contact, fullName string) string {
		var c Cleaning
		sent := cells
		split := sent.Clean(fullName)
		c.Note(&cells, fullName, &sent, split)
		var kinds []string
		for _, k := range c.Kinds() {
			kinds = append(kinds, fmt.Sprint(k.Kind, k.Cells))
		}
		return strings.Join(kinds, " ")
	}
	if got := count(same, "Ann Lee"); got != "" {
		t.Errorf("an unchanged row: %q", got)
	}
	for _, f := range Fields() {
		cells := same
		cells.Set(f, cells.Get(f)+" ")
		if got := count(cells, ""); got != "trimmed1" {
			t.Errorf("%s: %q", f, got)
		}
	}
	if got := count(Contact{CompanyName: "X"}, "Ann Lee"); got != "name1" {
		t.Errorf("a full name: %q", got)
	}
}
