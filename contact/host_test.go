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
	for given, want := range map[string]string{
		"http://https://www.linkedin.com/in/ann/":                        "/in/ann",
		"https://de.linkedin.com/in/ann/?x=1#y":                          "/in/ann",
		"linkedin.com/pub/ann/1/2/3?trk=x":                               "/pub/ann/1/2/3",
		"https://www.linkedin.com/sales/people/ACw,NAME?_ntb=x":          "/sales/people/ACw,NAME",
		"https://www.linkedin.com/profile/view?id=7":                     "/profile/view?id=7",
		"http://de.linkedin.com/profile/view/?trk=a&id=7&authType=NAME#": "/profile/view?id=7",
		"https://www.linkedin.com/profile/view?key=8":                    "/profile/view?key=8",
		"https://www.linkedin.com/profile/view":                          "/profile/view",
		"https://www.linkedin.com/search/results/all/?keywords=ann":      "/search/results/all?keywords=ann",
		"https://www.linkedin.com/?x#y":                                  "/?x",
		"https://www.linkedin.com/in?id=7":                               "/in?id=7",
		"https://www.linkedin.com/in/a%3Fb":                              "/in/a?b",
		" other.example/profile/view?id=7 ":                              "other.example/profile/view?id=7",
	} {
		if got := contact.LinkedInPath(given); got != want {
			t.Errorf("the profile of %q is %q, expected %q", given, got, want)
		}
	}
}
