package contact

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Normal returns a value as it is compared: trimmed, white space inside collapsed to one space, without format characters,
// Unicode NFC, case folded. It is never sent. It contains no NUL byte, so values can be joined by one.
func Normal(s string) string {
	if isNormal(s) {
		return s
	}
	return string(appendNormal(nil, s))
}

// appendNormal appends Normal(s).
func appendNormal(b []byte, s string) []byte {
	from := len(b)
	gap := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return append(b[:from], fold(s)...)
		case c == ' ' || c >= '\t' && c <= '\r' || c == 0:
			gap = len(b) > from
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if gap {
			b = append(b, ' ')
			gap = false
		}
		b = append(b, c)
	}
	return b
}

// fold is Normal for text beyond ASCII.
func fold(s string) string {
	s = strings.ReplaceAll(visible(s), "\x00", " ")
	s = strings.Join(strings.FieldsFunc(s, isBlank), " ")
	// Folding can take a text out of NFC, so that it is composed before and after; and it gives Cherokee letters the
	// other case, whichever they have, so that all are lower after it.
	return norm.NFC.String(strings.ToLower(cases.Fold().String(norm.NFC.String(s))))
}

// isNormal says whether s is already what Normal would make of it, for the plain ASCII that most cells are.
func isNormal(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 'A' && b <= 'Z', b >= 0x80, b < ' ', b == 0x7f:
			return false
		case b == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' '):
			return false
		}
	}
	return true
}

// BareHost is the host of what people write in a column of web sites: "https://www.X.com/about?a" is "X.com".
// Scheme, user, port, path, "www." and a trailing dot are taken off; the case stays as it was written.
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

// LinkedInPath is what tells one profile from another in a LinkedIn URL: "https://de.linkedin.com/in/ann/?x=1"
// is "/in/ann". What is not on linkedin.com comes back trimmed and otherwise as it was.
func LinkedInPath(s string) string {
	s = trim(s)
	rest := afterScheme(s)
	host, path, _ := strings.Cut(rest, "/")
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host != "linkedin.com" && !strings.HasSuffix(host, ".linkedin.com") {
		return s
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if u, err := url.PathUnescape(path); err == nil {
		path = visible(u) // an escaped one may stand before a slash
	}
	return "/" + strings.Trim(path, "/")
}

// Errors of [NormalURL].
var (
	ErrURL      = errors.New("expected a URL such as https://api.selling.com")
	ErrURLPlain = errors.New("plain http is only for a loopback address: use https")
	ErrURLExtra = errors.New("expected a base URL without user, query and fragment")
)

// NormalURL is a base URL as it is used and compared: scheme and host in lower case, no default port, no
// trailing slash. Plain http is only for loopback (127.0.0.0/8, ::1, localhost), because the key travels in a header.
func NormalURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" {
		return "", ErrURL
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "", ErrURLExtra
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
