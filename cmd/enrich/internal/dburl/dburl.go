// Package dburl reads the address of a shared ledger: the URL of a PostgreSQL database.
//
// A password in it would be on the screen, in the list of processes, in the shell's history and in logs. So [Parse] refuses
// one, in every form that PostgreSQL's clients accept: before the host, as a parameter, percent-encoded, or in a list of
// keywords. No error of this package contains any part of the address but its scheme and the names of known parameters,
// because a password with an unescaped character looks like a host, a port, a path or a parameter.
//
// [Hide] and [Password] find passwords in text that need not be valid. They err on the side of finding one.
//
// The package does not connect, and it does not read the environment.
package dburl

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Errors of [Parse]. They are wrapped with what to do.
var (
	// ErrPassword: the address contains a password.
	ErrPassword = errors.New("the address contains a password")
	// ErrInvalid: it is not the URL of a PostgreSQL database.
	ErrInvalid = errors.New("expected a file or a URL such as postgres://user@host/database")
)

// PasswordAdvice says where a password belongs.
const PasswordAdvice = "keep it in the file that PGPASSFILE names (~/.pgpass), in a service file (PGSERVICE), or in the environment variable PGPASSWORD"

// A URL is the address of a database. It contains no secret.
type URL struct {
	text string // as it was given, with a lower-case scheme
	name string
}

// String returns the whole URL, for a client of PostgreSQL.
func (u URL) String() string { return u.text }

// Name returns the URL without its parameters, for messages.
func (u URL) Name() string { return u.name }

// IsZero reports whether there is no address.
func (u URL) IsZero() bool { return u.text == "" }

// parameters are those that a URL may have. They say where the database is and how it is reached. Others would be settings of the
// session, and some of them break promises (synchronous_commit=off).
var parameters = [...]string{
	"application_name", "channel_binding", "connect_timeout", "dbname", "host", "krbspn", "krbsrvname", "max_protocol_version",
	"min_protocol_version", "passfile", "port", "require_auth", "service", "servicefile", "sslcert", "sslcertmode", "sslkey",
	"sslmode", "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs", "user",
}

// keywords begin a list of keywords and values, which other clients of PostgreSQL take instead of a URL.
var keywords = append([]string{
	"hostaddr", "password", "sslpassword", "options", "client_encoding", "fallback_application_name", "gssencmode", "sslcrl",
	"requirepeer", "keepalives", "database",
}, parameters[:]...)

var (
	schemePattern  = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z0-9+.-]*(?::[A-Za-z][A-Za-z0-9+.-]*)?)://`)
	ownScheme      = regexp.MustCompile(`(?i)^\s*postgres(?:ql)?(?::|%3a)`)
	keywordPattern = regexp.MustCompile(`^\s*([A-Za-z_]+)\s*=`)
)

// Is reports whether the value of --ledger is meant as the address of a database, and not as the name of a file. A file whose name
// looks like one can be named with ./ before it.
func Is(text string) bool {
	if scheme, _, isURL := strings.Cut(text, "://"); isURL && !strings.ContainsAny(scheme, `/\`) {
		return true
	}
	return ownScheme.MatchString(text) || isKeywords(text)
}

// isKeywords reports whether the text is a list of keywords and values.
func isKeywords(text string) bool {
	match := keywordPattern.FindStringSubmatch(text)
	return match != nil && slices.Contains(keywords, strings.ToLower(match[1]))
}

// Parse checks the address of a database: an error wraps [ErrPassword] or [ErrInvalid].
func Parse(text string) (URL, error) {
	text = strings.TrimSpace(text)
	if isKeywords(text) {
		if _, found := Password(text); found {
			return URL{}, ErrPassword
		}
		return URL{}, fmt.Errorf("%w, got a list of keywords", ErrInvalid)
	}
	scheme, rest, isURL := strings.Cut(text, "://")
	if lower := strings.ToLower(scheme); !isURL || lower != "postgres" && lower != "postgresql" {
		return URL{}, otherScheme(text)
	}
	u, err := parse(strings.ToLower(scheme), rest)
	if err != nil && !errors.Is(err, ErrPassword) && strings.Contains(rest, "@") && maybePassword(rest) {
		return URL{}, ErrPassword // which part it is in is not known
	}
	return u, err
}

// otherScheme is the error of what is not a URL of PostgreSQL.
func otherScheme(text string) error {
	if match := schemePattern.FindStringSubmatch(text); match != nil {
		return fmt.Errorf("%w, got %s://…", ErrInvalid, match[1])
	}
	if _, found := Password(text); found {
		return ErrPassword
	}
	return ErrInvalid
}

// maybePassword reports whether there is a colon before the last @.
func maybePassword(rest string) bool {
	return strings.Contains(rest[:strings.LastIndexByte(rest, '@')], ":")
}

// parse reads what follows the scheme, as PostgreSQL's clients do: user@host:port,host:port/database?parameters.
func parse(scheme, rest string) (URL, error) {
	authority, after := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, after = rest[:i], rest[i:]
	}
	hosts := authority
	if user, host, hasUser := cutLast(authority, "@"); hasUser {
		if name, err := url.PathUnescape(user); err != nil || strings.Contains(name, ":") || strings.Contains(user, "@") {
			return URL{}, orPassword(strings.Contains(name+user, ":"))
		}
		hosts = host
	}
	database, query, _ := strings.Cut(after, "?")
	database = strings.TrimPrefix(database, "/")
	if hosts == authority && strings.Contains(authority, ":") && strings.Contains(after, "@") {
		return URL{}, ErrPassword // user:pass/word@host: the password is not escaped
	}
	if strings.Contains(after, "#") || strings.ContainsAny(database, "/@:") {
		return URL{}, ErrInvalid
	}
	if _, err := url.PathUnescape(database); err != nil {
		return URL{}, ErrInvalid
	}
	if err := errors.Join(checkQuery(query), checkHosts(hosts)); err != nil {
		return URL{}, err
	}
	name := scheme + "://" + authority
	if database != "" {
		name += "/" + database
	}
	return URL{scheme + "://" + rest, name}, nil
}

func orPassword(found bool) error {
	if found {
		return ErrPassword
	}
	return ErrInvalid
}

// checkHosts checks a list of hosts with or without ports. An IPv6 address is in brackets.
func checkHosts(list string) error {
	for host := range strings.SplitSeq(list, ",") {
		port := ""
		if end := strings.LastIndexByte(host, ']'); strings.HasPrefix(host, "[") && end > 0 {
			port = strings.TrimPrefix(host[end+1:], ":")
			host = host[1:end]
		} else if host, port, _ = strings.Cut(host, ":"); strings.ContainsAny(host, "[]") {
			return ErrInvalid
		}
		if _, err := url.PathUnescape(host); err != nil {
			return ErrInvalid
		}
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			return fmt.Errorf("%w: a port is a number from 1 to 65535", ErrInvalid)
		}
	}
	return nil
}

// checkQuery refuses passwords, and parameters that are not known.
func checkQuery(query string) error {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, hasValue := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err == nil {
			_, err = url.QueryUnescape(value)
		}
		switch {
		case isSecret(plain) || isSecret(name):
			return ErrPassword
		case err != nil || !hasValue:
			return ErrInvalid
		case !slices.Contains(parameters[:], plain):
			return fmt.Errorf("%w; its parameters may be %s", ErrInvalid, strings.Join(parameters[:], ", "))
		}
	}
	return nil
}

// isSecret reports whether a parameter of this name contains a password. passfile names a file.
func isSecret(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	return strings.Contains(name, "pass") && name != "passfile" || strings.Contains(name, "pwd")
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return "", s, false
}
