// Package pgbouncer starts a real PgBouncer, the connection pooler, in front of a server of package localpg: for tests.
//
//	pooler, err := pgbouncer.Start(ctx, server, pgbouncer.Options{Mode: pgbouncer.Transaction})
//	if err != nil {
//		return err
//	}
//	defer pooler.Close()
//	url := pooler.URL(server.URL("ledger"))
//
// In transaction mode, a client has a connection to the server only during a transaction. PgBouncer gives it the one that was
// used last: a client that is alone keeps the same for each transaction, but two clients that take turns share one.
//
// It makes the promises of package localpg about processes and files. It does not install PgBouncer; package pgtest does.
package pgbouncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"enrich/internal/localpg"
	"enrich/internal/localpg/internal/daemon"
)

// A Mode says for how long a client has a connection to the server.
type Mode string

// The modes of PgBouncer that the tests need.
const (
	Session     Mode = "session"     // until the client disconnects
	Transaction Mode = "transaction" // until the end of each transaction
)

// Options are those of a pooler.
type Options struct {
	// Mode is the mode; "" is Session, as in PgBouncer.
	Mode Mode
	// Users are the names and passwords of the users besides the superuser. A pooler knows no others.
	Users map[string]string
	// Password is the superuser's. If it is set, the pooler asks its clients for passwords (scram-sha-256); "" if it trusts them.
	Password string
	// Settings are those of the section [pgbouncer]. They win over the defaults, except the address, the port and the mode.
	Settings map[string]string
	// Dir is the folder in which the pooler's folder is made; "" for that of temporary files.
	Dir string
}

// ErrMissing means that there is no PgBouncer on this machine. Debian's package is named pgbouncer.
var ErrMissing = errors.New("no PgBouncer is installed")

// Find returns the path of the program. The error is ErrMissing.
func Find() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} { // only root has the second in its path
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// Bounds in time, far beyond what a pooler needs on a busy machine, and how often a port is tried if another program took the one
// that was free.
const (
	startTimeout = 60 * time.Second
	readyPoll    = 3 * time.Millisecond
	portRetries  = 5
)

// A Pooler is a PgBouncer. Close it.
type Pooler struct {
	dir     *daemon.Dir
	port    *daemon.Port
	process *daemon.Process
}

// Start starts a pooler for all databases of a server. ctx bounds the start only. The error contains the end of the pooler's log.
func Start(ctx context.Context, server *localpg.Server, o Options) (*Pooler, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	program, err := Find()
	if err != nil {
		return nil, fmt.Errorf("start PgBouncer: %w", err)
	}
	dir, err := daemon.NewDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start PgBouncer: %w", err)
	}
	p := &Pooler{dir: dir}
	for range portRetries {
		if err = p.start(ctx, program, server, o); err == nil {
			return p, nil
		}
		if !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	return nil, fmt.Errorf("start PgBouncer: %w", errors.Join(err, p.Close()))
}

// start starts the pooler on a free port.
func (p *Pooler) start(ctx context.Context, program string, server *localpg.Server, o Options) (err error) {
	if p.port != nil {
		_ = p.port.Release()
	}
	if p.port, err = daemon.ReservePort(); err != nil {
		return err
	}
	if err := p.configure(server, o); err != nil {
		return err
	}
	return p.dir.Logged(func(log *os.File) error {
		if p.process, err = p.dir.Start(log, program, p.dir.Path("pgbouncer.ini")); err != nil {
			return err
		}
		return p.ready(ctx)
	})
}

// configure writes the configuration.
func (p *Pooler) configure(server *localpg.Server, o Options) error {
	users := map[string]string{localpg.Superuser: o.Password}
	maps.Copy(users, o.Users)
	auth := "trust"
	if o.Password != "" {
		auth = "scram-sha-256"
	}
	file, err := p.dir.Write("users", lines(users, func(name, password string) string { return quote(name) + " " + quote(password) }))
	if err != nil {
		return err
	}
	settings := map[string]string{"auth_type": auth, "auth_file": file, "unix_socket_dir": "", "default_pool_size": "20", "max_client_conn": "1000"}
	maps.Copy(settings, o.Settings)
	settings["listen_addr"], settings["listen_port"] = "127.0.0.1", strconv.Itoa(p.port.Number)
	if settings["pool_mode"] = string(o.Mode); o.Mode == "" {
		settings["pool_mode"] = string(Session)
	}
	host, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		return err
	}
	_, err = p.dir.Write("pgbouncer.ini", fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\n", host, port)+
		lines(settings, func(name, value string) string { return name + " = " + value }))
	return err
}

// lines returns a line for each member of a map, in order.
func lines(m map[string]string, line func(key, value string) string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(m)) {
		b.WriteString(line(key, m[key]) + "\n")
	}
	return b.String()
}

// quote returns a string as auth_file writes it.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// ready waits until the pooler accepts connections, which it logs.
func (p *Pooler) ready(ctx context.Context) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for !strings.Contains(p.dir.Log(), "process up") {
		select {
		case <-ticker.C:
		case <-p.process.Done():
			return errors.Join(errors.New("it ended"), p.process.Wait(ctx))
		case <-ctx.Done():
			return fmt.Errorf("wait until it accepts connections: %w", ctx.Err())
		}
	}
	return nil
}

// Addr returns the pooler's HOST:PORT.
func (p *Pooler) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port.Number)) }

// URL returns a server's URL with the pooler's address.
func (p *Pooler) URL(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server // the client's error says why
	}
	u.Host = p.Addr()
	return u.String()
}

// Log returns the end of what the pooler printed; at most 1 MiB.
func (p *Pooler) Log() string { return p.dir.Log() }

// Close kills the pooler and removes its folder.
func (p *Pooler) Close() error {
	var errs []error
	if p.process != nil {
		errs = append(errs, p.process.Kill())
	}
	errs = append(errs, p.dir.Remove())
	if p.port != nil {
		errs = append(errs, p.port.Release())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close PgBouncer: %w", err)
	}
	return nil
}
