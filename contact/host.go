package contact

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// BareHost returns the host of a web site, as people write it: "X.com" for "https://www.X.com/about?a". Scheme, user, port, path,
// "www." and a trailing dot are removed; the case stays.
func BareHost(s string) string {
	s = afterScheme(trim(s))
	if i := strings.IndexAny(s, "/?#\\"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && digits(s[i+1:]) {
		s = s[:i]
	}
	s = strings.TrimSuffix(s, ".")
	if len(s) > 4 && strings.EqualFold(s[:4], "www.") && strings.Contains(s[4:], ".") {
		s = s[4:]
	}
	return s
}

// afterScheme removes the scheme from the start of a URL, also one that was pasted twice ("http://https://x.com"). A URL in
// the query or the path is left alone.
func afterScheme(s string) string {
	for {
		i := strings.Index(s, "://")
		if i < 0 || strings.ContainsAny(s[:i], "/?#\\") {
			return strings.TrimPrefix(s, "//")
		}
		s = s[i+len("://"):]
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// LinkedInPath returns what identifies a LinkedIn profile: "/in/ann" for "https://de.linkedin.com/in/ann/?x=1", and
// "/profile/view?id=7" for a URL of the former kind, whose path is that of every profile. Of other pages, such as a search, it
// keeps the query: two that differ may be two people. A value that is not on linkedin.com is only trimmed.
func LinkedInPath(s string) string {
	s = trim(s)
	rest := afterScheme(s)
	host, path, _ := strings.Cut(rest, "/")
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host != "linkedin.com" && !strings.HasSuffix(host, ".linkedin.com") {
		return s
	}
	path, _, _ = strings.Cut(path, "#")
	path, query, _ := strings.Cut(path, "?")
	if u, err := url.PathUnescape(path); err == nil {
		path = visible(u) // an escaped format character may be before a slash
	}
	path = "/" + strings.Trim(path, "/")
	if query = identifying(path, query); query != "" {
		return path + "?" + query
	}
	return path
}

// identifying returns what of the query of a LinkedIn URL tells one profile from another; most have it all in the path.
func identifying(path, query string) string {
	if query == "" {
		return ""
	}
	top, _, deeper := strings.Cut(strings.ToLower(path[1:]), "/")
	switch top {
	case "in", "pub", "sales", "talent", "recruiter", "company", "school", "showcase", "mwlite":
		if deeper {
			return ""
		}
	case "profile":
		if values, err := url.ParseQuery(query); err == nil && values.Get("id") != "" {
			return "id=" + visible(values.Get("id"))
		}
	}
	return query
}

// isNetwork reports whether a domain hosts pages of people and companies, so that it is not a company's own site.
func isNetwork(domain string) bool {
	switch domain {
	case "linkedin.com", "facebook.com", "twitter.com", "x.com", "instagram.com", "xing.com", "youtube.com", "github.com", "google.com",
		"tiktok.com", "pinterest.com", "medium.com", "crunchbase.com", "t.me", "linktr.ee":
		return true
	}
	return false
}

// IsPage reports whether a web site is a page on a network, such as facebook.com/northwind: its host is the network's domain and
// not the company's. The host alone is the company that runs the network.
func IsPage(s string) bool { return isPage(BareHost(s), s) }

// isPage is IsPage for a known bare host.
func isPage(host, s string) bool {
	return isNetwork(registeredDomain(host)) && hasPath(s)
}

// registeredDomain returns the last two labels of a host, in lower case; "" if it has only one. Networks have no longer ones.
func registeredDomain(host string) string {
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 {
		return ""
	}
	return strings.ToLower(host[strings.LastIndexByte(host[:dot], '.')+1:])
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

// Errors of [NormalURL].
var (
	ErrURL      = errors.New("expected a URL such as https://api.selling.com")
	ErrURLPlain = errors.New("plain http is only for a loopback address: use https")
	ErrURLExtra = errors.New("expected a base URL without user, query and fragment")
	ErrURLPort  = errors.New("expected a port from 1 to 65535")
)

// NormalURL returns a base URL as it is used and compared: scheme and host in lower case, no default port, no trailing slash.
// Plain http is refused except to loopback (127.0.0.0/8, ::1, localhost), because it would expose the key.
func NormalURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		return "", ErrURL
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "", ErrURLExtra
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return "", ErrURLPort
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	switch {
	case scheme != "https" && scheme != "http":
		return "", ErrURL
	case scheme == "http" && !loopback(host):
		return "", ErrURLPlain
	case scheme == "https" && port == "443", scheme == "http" && port == "80":
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// loopback reports whether a host can only be this machine. Names are not resolved: only "localhost" is accepted.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
