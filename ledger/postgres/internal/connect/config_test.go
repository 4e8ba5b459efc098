package connect_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/ledger/postgres/internal/connect"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"PGHOST", "PGSSLMODE", "PGPASSWORD", "PGSERVICE", "PGPASSFILE", "PGUSER", "PGDATABASE"} {
		_ = os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	for url, expected := range map[string]error{
		"postgres://ann@127.0.0.1/ledger":                                               nil,
		"postgresql://ann@localhost:5433/ledger?sslmode=disable":                        nil,
		"postgres://ann@[::1]/ledger":                                                   nil,
		"postgres:///ledger?host=/run/postgresql":                                       nil,
		"postgres://ann@db.example/ledger?sslmode=verify-full":                          nil,
		"postgres://ann@a.example,b.example/ledger?sslmode=verify-full":                 nil,
		"postgres://ann@127.0.0.1,b.example/ledger?sslmode=verify-full":                 nil,
		"postgres://ann@db.example/ledger":                                              connect.ErrPlain,
		"postgres://ann@db.example/ledger?sslmode=disable":                              connect.ErrPlain,
		"postgres://ann@db.example/ledger?sslmode=prefer":                               connect.ErrPlain,
		"postgres://ann@db.example/ledger?sslmode=require":                              connect.ErrPlain,
		"postgres://ann@db.example/ledger?sslmode=verify-ca":                            connect.ErrPlain,
		"postgres://ann@127.0.0.1,b.example/ledger":                                     connect.ErrPlain,
		"postgres://ann@10.0.0.1/ledger":                                                connect.ErrPlain,
		"postgres://ann@localhost.example/ledger":                                       connect.ErrPlain,
		"postgres://ann:secret@127.0.0.1/ledger":                                        connect.ErrPassword,
		"postgres://ann:@127.0.0.1/ledger":                                              connect.ErrPassword,
		"postgres://ann@127.0.0.1/ledger?password=secret":                               connect.ErrPassword,
		"postgres://ann@127.0.0.1/ledger?sslmode=disable&sslpassword=secret":            connect.ErrPassword,
		"postgres://ann@db.example/ledger?sslmode=verify-full&password=secret&x=secret": connect.ErrPassword,
	} {
		if _, err := connect.Parse(url); !errors.Is(err, expected) || expected == nil && err != nil {
			t.Errorf("%s: %v, expected %v", url, err, expected)
		}
	}
}

// No error repeats what may be a password.
func TestErrorsDoNotRepeatThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://ann:secret@127.0.0.1/ledger", "postgres://ann:secret@127.0.0.1:port/ledger", "postgres://ann:sec%ret@h/secret", "mysql://ann:secret@h/x",
		"ann:secret@h", "postgres://ann@h/x?password=secret&sslmode=secret", "host=127.0.0.1 password=secret", "postgres://secret:x y@h/%zz",
	} {
		if _, err := connect.Parse(url); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sec%ret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// The password comes from the files and the environment that PostgreSQL's own programs use.
func TestThePasswordIsReadFromWherePostgreSQLKeepsIt(t *testing.T) {
	dir := t.TempDir()
	pass, service := filepath.Join(dir, "pgpass"), filepath.Join(dir, "services")
	if err := errors.Join(os.WriteFile(pass, []byte("127.0.0.1:5432:ledger:ann:from-file\n"), 0o600), os.WriteFile(service, []byte("[team]\nhost=127.0.0.1\nuser=ann\ndbname=ledger\npassword=from-service\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, value, url, expected string }{
		{"PGPASSFILE", pass, "postgres://ann@127.0.0.1/ledger", "from-file"},
		{"PGPASSWORD", "from-environment", "postgres://ann@127.0.0.1/ledger", "from-environment"},
		{"PGSERVICEFILE", service, "postgres://?service=team", "from-service"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(test.name, test.value)
			config, err := connect.Parse(test.url)
			if err != nil || config.Password != test.expected || config.User != "ann" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSettingsThatAreNotUnderstood(t *testing.T) {
	for _, url := range []string{
		"postgres://ann@127.0.0.1/ledger?sslmode=full", "postgres://ann@127.0.0.1/ledger?service=none&servicefile=/nowhere",
		"postgres://ann@127.0.0.1/ledger?sslmode=verify-full&sslrootcert=/nowhere", "postgres://ann@127.0.0.1/ledger?connect_timeout=soon",
	} {
		if _, err := connect.Parse(url); !errors.Is(err, connect.ErrSettings) {
			t.Errorf("%s: %v", url, err)
		}
	}
}
