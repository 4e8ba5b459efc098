// Package pgtest gives tests a real PostgreSQL: a server of their own (Start), or a database of their own in a server that all
// tests of a package share (Shared).
//
//	var shared pgtest.Shared
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(shared.Around(m)) } // or os.Exit(shared.Around(m).Run())
//
//	func TestClaims(t *testing.T) {
//		url := shared.Database(t) // an empty database
//	}
//
//	func TestKill(t *testing.T) {
//		server := pgtest.Start(t, localpg.Options{}) // closed at the end of the test
//	}
//
// If PostgreSQL is missing, Debian's package is installed; see package debian for what happens if that is not possible. The
// package's own server is not started. If a test fails, the end of the server's log is in the test's log.
package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"enrich/internal/debian"
	"enrich/internal/localpg"
	"enrich/internal/localpg/pgbouncer"
	"enrich/internal/localpg/pgproxy"
)

// Start starts a server that is closed at the end of the test.
func Start(t testing.TB, o localpg.Options) *localpg.Server {
	t.Helper()
	Install(t)
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	server, err := localpg.Start(ctx, withDefaults(o))
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, "server", server.Log, server.Close)
	return server
}

// Standby starts a standby of a server, which is closed at the end of the test. See [localpg.Server.Standby].
func Standby(t testing.TB, primary *localpg.Server, synchronous bool) *localpg.Standby {
	t.Helper()
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	standby, err := primary.Standby(ctx, synchronous)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, "standby", standby.Log, standby.Close)
	return standby
}

// Pooler starts a pooler in front of a server, which is closed at the end of the test. PgBouncer is installed if it is missing.
func Pooler(t testing.TB, server *localpg.Server, o pgbouncer.Options) *pgbouncer.Pooler {
	t.Helper()
	debian.Need(t, "pgbouncer", "PgBouncer", func() string {
		path, _ := pgbouncer.Find()
		return path
	})
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	if o.Dir == "" {
		o.Dir = Dir()
	}
	pooler, err := pgbouncer.Start(ctx, server, o)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, "pooler", pooler.Log, pooler.Close)
	return pooler
}

// Proxy starts a proxy in front of a server, which is closed at the end of the test.
func Proxy(t testing.TB, server *localpg.Server) *pgproxy.Proxy {
	t.Helper()
	proxy, err := pgproxy.Start(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	return proxy
}

// closeAfter closes a program at the end of the test, and shows its log if the test failed.
func closeAfter(t testing.TB, what string, log func() string, stop func() error) {
	t.Helper()
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	logAfter(t, what, log) // before it is closed
}

// logAfter shows the end of a program's log if the test failed.
func logAfter(t testing.TB, what string, log func() string) {
	t.Helper()
	const enough = 4 << 10 // bytes
	t.Cleanup(func() {
		if t.Failed() {
			text := log()
			t.Logf("the log of the %s ends with:\n%s", what, text[max(0, len(text)-enough):])
		}
	})
}

// Dir returns the folder in which the tests' servers are, "" for that of temporary files. In memory, if there is enough: a
// killed process loses nothing that the system has, and on a busy disk each sync takes as long as a test.
func Dir() string {
	const enough = 2 << 30 // bytes; a server with some databases needs 0.1 GB
	if freeMemory() < enough {
		return ""
	}
	return memory
}

// withDefaults completes options: the servers are in [Dir], and copies of what initdb made once are in the user's cache.
func withDefaults(o localpg.Options) localpg.Options {
	if o.Dir == "" {
		o.Dir = Dir()
	}
	if cache, err := os.UserCacheDir(); err == nil && o.Templates == "" {
		o.Templates = filepath.Join(cache, "enrich-test")
	}
	return o
}

// Install installs PostgreSQL if it is missing, and returns the folder of its programs.
func Install(t testing.TB) (bin string) {
	t.Helper()
	return debian.Need(t, "postgresql", "PostgreSQL server", func() string {
		bin, _ := localpg.Find()
		return bin
	})
}

// A Shared is one server for all tests of a package, started by the first test that needs it. The zero value is ready; set
// Options before the first test. A test must not stop it.
type Shared struct {
	// Options are the server's.
	Options localpg.Options

	mu        sync.Mutex
	server    *localpg.Server
	databases int

	filling  sync.Mutex
	template string // the name of the database that copies are made of; "": there is none yet
}

// Around returns m with a Run that closes the server after the tests.
func (s *Shared) Around(m interface{ Run() int }) interface{ Run() int } { return around{s, m} }

type around struct {
	shared *Shared
	tests  interface{ Run() int }
}

// Run runs the tests and closes the server.
func (a around) Run() int {
	code := a.tests.Run()
	a.shared.mu.Lock()
	defer a.shared.mu.Unlock()
	if a.shared.server == nil {
		return code
	}
	if err := a.shared.server.Close(); err != nil {
		fmt.Println(err)
		return max(code, 1)
	}
	return code
}

// Server returns the shared server.
func (s *Shared) Server(t testing.TB) *localpg.Server {
	t.Helper()
	Install(t)
	server, err := s.start(t)
	if err != nil {
		t.Fatal(err)
	}
	logAfter(t, "server", server.Log)
	return server
}

// start starts the server if no test has done so.
func (s *Shared) start(t testing.TB) (_ *localpg.Server, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		ctx, cancel := debian.UntilDeadline(t)
		defer cancel()
		s.server, err = localpg.Start(ctx, withDefaults(s.Options))
	}
	return s.server, err
}

// Database makes an empty database for one test and returns its URL (superuser, no TLS).
func (s *Shared) Database(t testing.TB) (url string) {
	t.Helper()
	server, name := s.Server(t), s.newName()
	url, err := server.CreateDatabase(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// Filled makes a database for one test that has what fill puts into an empty one, and returns its URL. fill is called once: the databases
// of the other tests are copies. It must close its connections, and is the same for all tests.
func (s *Shared) Filled(t testing.TB, fill func(url string) error) (url string) {
	t.Helper()
	template := s.filled(t, fill)
	url, err := s.Server(t).CopyDatabase(t.Context(), template, s.newName())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// filled returns the database that is copied.
func (s *Shared) filled(t testing.TB, fill func(url string) error) (name string) {
	t.Helper()
	s.filling.Lock()
	defer s.filling.Unlock()
	if s.template == "" {
		name := s.newName()
		url, err := s.Server(t).CreateDatabase(t.Context(), name)
		if err == nil {
			err = fill(url)
		}
		if err != nil {
			t.Fatal(err)
		}
		s.template = name
	}
	return s.template
}

func (s *Shared) newName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.databases++
	return fmt.Sprintf("test%d", s.databases)
}
