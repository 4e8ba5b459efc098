package contact

import "strings"

// isNetwork says whether a domain is a host of people's and companies' pages, which are no company's own site.
func isNetwork(domain string) bool {
	switch domain {
	case "linkedin.com", "facebook.com", "twitter.com", "x.com", "instagram.com", "xing.com", "youtube.com", "github.com", "google.com",
		"tiktok.com", "pinterest.com", "medium.com", "crunchbase.com", "t.me", "linktr.ee":
		return true
	}
	return false
}

// IsPage says whether a value of a column of web sites is a page on a network, such as facebook.com/northwind: its host is the
// network's domain and not the company's. The host alone is the company that runs the network.
func IsPage(s string) bool { return isPage(BareHost(s), s) }

// isPage is IsPage where the bare host is known.
func isPage(host, s string) bool {
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 {
		return false
	}
	domain := strings.ToLower(host[strings.LastIndexByte(host[:dot], '.')+1:])
	return isNetwork(domain) && hasPath(s)
}

// hasPath reports whether a URL goes beyond its host. A query or a fragment alone is still the host, except the fragments that
// were paths once: "twitter.com/#!/northwind".
func hasPath(s string) bool {
	s, fragment, _ := strings.Cut(afterScheme(s), "#")
	s, _, _ = strings.Cut(s, "?")
	path := ""
	if i := strings.IndexAny(s, `/\`); i >= 0 {
		path = s[i:]
	}
	return trim(strings.Trim(path, `/\`)) != "" || strings.HasPrefix(fragment, "!/") && len(fragment) > len("!/")
}
