package dburl

import (
	"net/url"
	"regexp"
	"strings"
)

const hidden = "[hidden]"

var (
	// userInfo is everything between the scheme and the last @: a password may contain any character.
	userInfo = regexp.MustCompile(`(?s)((?i:postgres(?:ql)?)(?::|%3[Aa])/{0,3}|://)(.*)@`)
	// pair is a parameter or a keyword with its value, which may be quoted.
	pair = regexp.MustCompile(`([A-Za-z0-9_%.-]+)(\s*=\s*)('(?:[^'\\]|\\.)*'?|"[^"]*"?|[^&\s'"]+)`)
)

// Hide returns a text without what is or may be a secret in the address of a database: a user that may have a password, and the values
// of parameters whose name says that they are one.
func Hide(text string) string {
	if isKeywords(text) {
		return hidden // how it would be split depends on its quotes and escapes
	}
	text = userInfo.ReplaceAllStringFunc(text, func(match string) string {
		parts := userInfo.FindStringSubmatch(match)
		if !strings.ContainsAny(parts[2], ":/?#@%") { // a user alone
			return match
		}
		return parts[1] + hidden + "@"
	})
	return pair.ReplaceAllStringFunc(text, func(match string) string {
		parts := pair.FindStringSubmatch(match)
		if !isSecret(unescaped(parts[1])) && !isSecret(parts[1]) {
			return match
		}
		return parts[1] + parts[2] + hidden
	})
}

// Password returns the password in the address of a database: before the host of a URL, in its parameters, or among keywords.
func Password(text string) (password string, found bool) {
	if match := userInfo.FindStringSubmatch(text); match != nil {
		if _, password, found = strings.Cut(match[2], ":"); found {
			return unescaped(password), true
		}
	}
	for _, match := range pair.FindAllStringSubmatch(text, -1) {
		if isSecret(unescaped(match[1])) || isSecret(match[1]) {
			return unescaped(strings.Trim(match[3], `'"`)), true
		}
	}
	return "", false
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
