package contact_test

import (
	"testing"

	"enrich/contact"
)

// The host of a web site is not that of a URL in its query, and a scheme that was pasted twice is not a host.
func TestTheHostOfAWebSite(t *testing.T) {
	for given, want := range map[string]string{
		"https://www.acme.example/about":               "acme.example",
		"acme.example/out?to=https://other.example":    "acme.example",
		"www.acme.example?to=http://other.example/x":   "acme.example",
		"https://acme.example/#http://other.example":   "acme.example",
		"http://https://acme.example":                  "acme.example",
		"http://http://www.acme.example/x?y=z://other": "acme.example",
		"//acme.example":                               "acme.example",
		"Website: https://acme.example":                "acme.example",
	} {
		if got := contact.BareHost(given); got != want {
			t.Errorf("the host of %q is %q, expected %q", given, got, want)
		}
	}
	if got := contact.LinkedInPath("http://https://www.linkedin.com/in/ann/"); got != "/in/ann" {
		t.Errorf("the profile is %q", got)
	}
}
