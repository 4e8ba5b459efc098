// Package connect keeps connections to a PostgreSQL server that can keep the ledger's promises.
//
// It refuses a URL with a password in it, a connection over a network without a verified certificate, and a server that may lose
// what it has acknowledged ([Server.Check]). A [Slot] is a connection that is made again when it breaks; [Retry] repeats what failed
// because the database was away. It does not know the ledger's tables.
package connect

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Errors of a URL.
var (
	// ErrPassword: the URL contains a password, which others can see in the list of processes.
	ErrPassword = errors.New("the URL of the ledger contains a password, which other users of this machine can see: " +
		"put it into ~/.pgpass or a service file, or set PGPASSWORD, and remove it from the URL")
	// ErrSettings: the URL, or the environment, has settings that are not understood.
	ErrSettings = errors.New("read the settings of the database")
	// ErrPlain: the connection over a network is not protected.
	ErrPlain = errors.New("the connection to the database is not protected: add sslmode=verify-full to the URL " +
		"(and sslrootcert=FILE, if a private authority signed the server's certificate)")
)

// connectTimeout bounds one attempt to connect, unless the URL has a connect_timeout.
const connectTimeout = 10 * time.Second

// Parse returns the settings of a URL (postgres://…) together with those of the environment (PGHOST, PGPASSFILE, PGSERVICE, …).
func Parse(text string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("expected a URL such as postgres://user@host/database") // the text may contain a password
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") || u.Query().Has("sslpassword") {
		return nil, ErrPassword
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if err := checkTLS(config); err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "enrich"
	}
	// Statements that run often are prepared by Conn; the others need not be.
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	return config, nil
}

// checkTLS returns ErrPlain if one of the hosts is neither this machine nor checked by its certificate.
func checkTLS(config *pgx.ConnConfig) error {
	hosts := append([]*pgconn.FallbackConfig{{Host: config.Host, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	i := slices.IndexFunc(hosts, func(h *pgconn.FallbackConfig) bool {
		verified := h.TLSConfig != nil && !h.TLSConfig.InsecureSkipVerify && h.TLSConfig.ServerName != ""
		return !verified && !isLocal(h.Host)
	})
	if i < 0 {
		return nil
	}
	return fmt.Errorf("%w: its host is %s", ErrPlain, hosts[i].Host)
}

// isLocal reports whether a host is this machine: a socket's directory or a loopback address.
func isLocal(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
