package localpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Server is a PostgreSQL in a folder of its own. Close it.
type Server struct {
	bin     string
	folder  *folder
	options Options

	mu      sync.Mutex // for what follows, and for the order of starts, stops and signals
	port    *port
	process *process // nil if the server is down
	closed  bool
}

// logTail is how much of the server's log is part of an error, in bytes.
const logTail = 4 << 10

// portRetries is how often Start tries another port if a program that does not use this package took the one that was free.
const portRetries = 5

// Start makes a new server and starts it. ctx bounds the start only. The error contains the end of the server's log.
func Start(ctx context.Context, o Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s, err := create(o)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := s.initialize(ctx); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, s.Close()))
	}
	if err := s.startAnywhere(ctx); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, s.Close()))
	}
	return s, nil
}

// create makes the folder of a server.
func create(o Options) (*Server, error) {
	if o.Bin == "" {
		bin, err := Find()
		if err != nil {
			return nil, err
		}
		o.Bin = bin
	}
	f, err := newFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	return &Server{bin: o.Bin, folder: f, options: o}, nil
}

// initialize makes the server's data. Nothing of it is synced: a server whose machine stops at this moment is not needed again.
func (s *Server) initialize(ctx context.Context) error {
	args := []string{
		"--pgdata=" + s.data(), "--username=" + Superuser, "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions", "--auth=trust",
	}
	if s.options.Password != "" {
		file, err := s.folder.write("password", s.options.Password+"\n")
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
	cmd := s.folder.command(filepath.Join(s.bin, program), args...)
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second
	if err := runCommand(ctx, cmd); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(tail(out.String())))
	}
	return nil
}

// startAnywhere starts a server that has no port yet.
func (s *Server) startAnywhere(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for range portRetries {
		if s.port, err = reservePort(); err != nil {
			return err
		}
		if err = s.start(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
		_ = s.port.release()
		s.port = nil
	}
	return err
}

// errPortTaken means that another program has the server's port.
var errPortTaken = errors.New("the port is in use")

// start starts the server on its port and waits until it accepts connections.
func (s *Server) start(ctx context.Context) error {
	if s.process != nil {
		return errors.New("the server is running")
	}
	for name, contents := range map[string]string{
		"data/postgresql.conf": s.options.settings(s.port.number), "data/pg_hba.conf": s.options.access(),
	} {
		if _, err := s.folder.write(name, contents); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	before, err := log.Seek(0, 2)
	if err != nil {
		return err
	}
	cmd := s.folder.command(filepath.Join(s.bin, "postgres"), "-D", s.data())
	cmd.Stdout, cmd.Stderr = log, log
	p, err := startProcess(cmd)
	if err != nil {
		return err
	}
	if err := s.ready(ctx, p); err != nil {
		err = errors.Join(err, p.kill())
		text := s.logFrom(before)
		if strings.Contains(text, "could not bind") {
			err = fmt.Errorf("%w: %w", errPortTaken, err)
		}
		return fmt.Errorf("%w; its log ends with:\n%s", err, tail(text))
	}
	s.process = p
	return nil
}

// readyPoll is how often the server's state is read while it starts.
const readyPoll = 3 * time.Millisecond

// ready waits until the server accepts connections. The server writes its state into postmaster.pid, line 8.
func (s *Server) ready(ctx context.Context, p *process) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		if b, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid")); err == nil {
			lines := strings.Split(string(b), "\n")
			if len(lines) > 7 && lines[0] == strconv.Itoa(p.pid()) && strings.TrimSpace(lines[7]) == "ready" {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-p.done:
			return fmt.Errorf("postgres ended: %v", p.state())
		case <-ctx.Done():
			return fmt.Errorf("wait until postgres accepts connections: %w", ctx.Err())
		}
	}
}

func (s *Server) data() string    { return filepath.Join(s.folder.path, "data") }
func (s *Server) logFile() string { return filepath.Join(s.folder.path, "log") }

// Log returns the end of the server's log, from all its starts.
func (s *Server) Log() string {
	const enough = 1 << 20
	f, err := os.Open(s.logFile())
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	size, err := f.Seek(0, 2)
	if err != nil {
		return ""
	}
	return s.logFrom(max(0, size-enough))
}

// logFrom returns the log from a position on.
func (s *Server) logFrom(offset int64) string {
	b, err := os.ReadFile(s.logFile())
	if err != nil || int64(len(b)) < offset {
		return ""
	}
	return string(b[offset:])
}

func tail(s string) string { return s[max(0, len(s)-logTail):] }

// Addr returns the host and the port of the server.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port.number)) }

// URL returns the URL of a database for the superuser, without a password and without TLS.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Host: s.Addr(), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// CreateDatabase makes an empty database and returns its URL.
func (s *Server) CreateDatabase(ctx context.Context, name string) (url string, err error) {
	if err := s.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
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
