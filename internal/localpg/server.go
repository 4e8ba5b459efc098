package localpg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/internal/localpg/internal/daemon"
)

// A Server is a PostgreSQL in a folder of its own. Close it.
type Server struct {
	dir     *daemon.Dir
	options Options

	mu      sync.Mutex // for what follows, and for the order of starts, stops and signals
	port    *daemon.Port
	process *daemon.Process // nil if the server is down
	closed  bool
}

// portRetries is how often Start tries another port if a program that does not use this package took the one that was free.
const portRetries = 5

// Start makes a new server and starts it. ctx bounds the start only. The error contains the end of the server's log.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := create(ctx, o, (*Server).initialize)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
}

// create makes a server and starts it. fill makes its data.
func create(ctx context.Context, o Options, fill func(*Server, context.Context) error) (s *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if o.Bin == "" {
		if o.Bin, err = Find(); err != nil {
			return nil, err
		}
	}
	o.Settings = maps.Clone(o.Settings)
	dir, err := daemon.NewDir(o.Dir)
	if err != nil {
		return nil, err
	}
	s = &Server{dir: dir, options: o}
	if o.TLS {
		err = s.makeCertificates()
	}
	if err == nil {
		err = fill(s, ctx)
	}
	if err == nil {
		err = s.startAnywhere(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// initialize makes the server's data.
func (s *Server) initialize(ctx context.Context) error {
	template, err := s.options.template()
	if err != nil || template == "" {
		return errors.Join(err, s.initdb(ctx))
	}
	if ok, err := s.fromTemplate(ctx, template); ok || err != nil {
		return err
	}
	if err := s.initdb(ctx); err != nil {
		return err
	}
	if err := s.saveTemplate(template); err != nil {
		return fmt.Errorf("keep a template: %w", err)
	}
	return nil
}

// initdbArgs are those of every server. Nothing is synced: a server whose machine stops at this moment is not needed again.
var initdbArgs = []string{"--username=" + Superuser, "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions", "--auth=trust"}

// initdb makes the server's data.
func (s *Server) initdb(ctx context.Context) error {
	args := append([]string{"--pgdata=" + s.data()}, initdbArgs...)
	if s.options.Password != "" {
		file, err := s.dir.Write("password", s.options.Password+"\n")
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(file) }()
		args = append(args, "--auth=scram-sha-256", "--pwfile="+file)
	}
	return s.run(ctx, "initdb", args...)
}

// run runs one of the server's programs to its end.
func (s *Server) run(ctx context.Context, program string, args ...string) error {
	return s.dir.Logged(func(log *os.File) error {
		p, err := s.dir.Start(log, filepath.Join(s.options.Bin, program), args...)
		if err != nil {
			return err
		}
		if err := p.Wait(ctx); err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
		return nil
	})
}

// startAnywhere starts a server that has no port yet.
func (s *Server) startAnywhere(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for range portRetries {
		if s.port, err = daemon.ReservePort(); err != nil {
			return err
		}
		if err = s.start(ctx); err == nil || !strings.Contains(err.Error(), "could not bind") {
			return err
		}
		_ = s.port.Release()
		s.port = nil
	}
	return err
}

// start starts the server on its port and waits until it accepts connections.
func (s *Server) start(ctx context.Context) error {
	if err := s.configure(); err != nil {
		return err
	}
	return s.dir.Logged(func(log *os.File) error {
		p, err := s.dir.Start(log, filepath.Join(s.options.Bin, "postgres"), "-D", s.data())
		if err != nil {
			return err
		}
		if err := s.ready(ctx, p); err != nil {
			return errors.Join(err, p.Kill())
		}
		s.process = p
		return nil
	})
}

// configure writes the configuration.
func (s *Server) configure() error {
	_, err := s.dir.Write("data/postgresql.conf", s.options.settings(s.port.Number))
	if err == nil {
		_, err = s.dir.Write("data/pg_hba.conf", s.options.access())
	}
	return err
}

// readyPoll is how often the server's state is read while it starts.
const readyPoll = 3 * time.Millisecond

// ready waits until the server accepts connections. The server writes its state into postmaster.pid, line 8.
func (s *Server) ready(ctx context.Context, p *daemon.Process) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		if b, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid")); err == nil {
			lines := strings.Split(string(b), "\n")
			if len(lines) > 7 && lines[0] == strconv.Itoa(p.PID()) && strings.TrimSpace(lines[7]) == "ready" {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-p.Done():
			return fmt.Errorf("postgres: %w", p.Wait(ctx))
		case <-ctx.Done():
			return fmt.Errorf("wait until postgres accepts connections: %w", ctx.Err())
		}
	}
}

func (s *Server) data() string { return s.dir.Path("data") }

// Log returns the end of what the server printed, from all its starts; at most 1 MiB.
func (s *Server) Log() string { return s.dir.Log() }

// Addr returns the host and the port of the server.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port.Number)) }

// URL returns the URL of a database for the superuser, without a password and without TLS.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Host: s.Addr(), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// CreateDatabase makes an empty database and returns its URL.
func (s *Server) CreateDatabase(ctx context.Context, name string) (url string, err error) {
	return s.CopyDatabase(ctx, "template1", name)
}

// CopyDatabase copies a database that nobody uses, and returns the URL of the copy.
func (s *Server) CopyDatabase(ctx context.Context, from, name string) (url string, err error) {
	// For a small database, copying its files takes less time than logging them.
	const create = "CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy"
	if err := s.Exec(ctx, fmt.Sprintf(create, pgx.Identifier{name}.Sanitize(), pgx.Identifier{from}.Sanitize())); err != nil {
		return "", fmt.Errorf("create a database: %w", err)
	}
	return s.URL(name), nil
}

// Exec runs SQL as the superuser in the database postgres, in a connection of its own.
func (s *Server) Exec(ctx context.Context, sql string) (err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// connect connects as the superuser to the database postgres.
func (s *Server) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(s.URL("postgres"))
	if err != nil {
		return nil, err
	}
	config.Password = s.options.Password
	return pgx.ConnectConfig(ctx, config)
}
