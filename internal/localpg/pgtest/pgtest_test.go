package pgtest_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"enrich/internal/localpg/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tests are those of a package that has a shared server.
type tests func() int

func (run tests) Run() int { return run() }

// A shared server gives each test an empty database of its own, and is closed after the tests, whose exit code remains.
func TestShared(t *testing.T) {
	var shared pgtest.Shared
	var url string
	code := shared.Around(tests(func() int {
		for range 2 {
			url = shared.Database(t)
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), "CREATE TABLE answer (n int)"); err != nil {
				t.Error(err)
			}
			if err := conn.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return 7
	})).Run()
	if code != 7 {
		t.Errorf("exit code %d", code)
	}
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the server was not closed")
	}
}

// Tests that need no server start none.
func TestSharedWithoutServer(t *testing.T) {
	var shared pgtest.Shared
	if code := shared.Around(tests(func() int { return 3 })).Run(); code != 3 {
		t.Errorf("exit code %d", code)
	}
}

// Databases that are filled are copies of one that was filled once; what one test changes, another does not see.
func TestFilled(t *testing.T) {
	var shared pgtest.Shared
	fills := 0
	execute := func(url, sql string) error {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(t.Context(), sql)
		return errors.Join(err, conn.Close(t.Context()))
	}
	shared.Around(tests(func() int {
		for range 2 {
			url := shared.Filled(t, func(url string) error {
				fills++
				return execute(url, "CREATE TABLE answer (n int)")
			})
			if err := execute(url, "INSERT INTO answer VALUES (1); CREATE UNIQUE INDEX ON answer ((true))"); err != nil { // of one row
				t.Error(err)
			}
		}
		return 0
	})).Run()
	if fills != 1 {
		t.Errorf("%d databases were filled", fills)
	}
}
