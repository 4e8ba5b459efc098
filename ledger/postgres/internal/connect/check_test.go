package connect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"enrich/ledger/postgres/internal/connect"
)

func TestServersAreChecked(t *testing.T) {
	good := connect.Server{Version: "PostgreSQL 15.18 (Debian 15.18-0+deb12u1)", Number: 150018, Fsync: "on", FullPages: "on", SyncCommit: "on", Encoding: "UTF8"}
	for what, test := range map[string]struct {
		change   func(*connect.Server)
		expected error
	}{
		"good":                {func(*connect.Server) {}, nil},
		"version 18":          {func(s *connect.Server) { s.Number = 180000 }, nil},
		"version 14":          {func(s *connect.Server) { s.Number = 140012 }, connect.ErrVersion},
		"a standby":           {func(s *connect.Server) { s.Standby = true }, connect.ErrStandby},
		"fsync":               {func(s *connect.Server) { s.Fsync = "off" }, connect.ErrNoSync},
		"full pages":          {func(s *connect.Server) { s.FullPages = "off" }, connect.ErrNoSync},
		"another encoding":    {func(s *connect.Server) { s.Encoding = "LATIN1" }, connect.ErrEncoding},
		"synchronous commits": {func(s *connect.Server) { s.SyncCommit = "local" }, connect.ErrNoSync},
	} {
		s := good
		test.change(&s)
		if err := s.Check(); !errors.Is(err, test.expected) || test.expected == nil && err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What speaks PostgreSQL's protocol need not keep its promises.
func TestOtherServersAreRefused(t *testing.T) {
	for version, ok := range map[string]bool{
		"PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc": true,
		"PostgreSQL 18.1, compiled by Visual C++":                                           true,
		"CockroachDB CCL v25.2.0 (x86_64-pc-linux-gnu, built 2025/05/01)":                   false,
		"PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu":                             false,
		"PostgreSQL 15.2-YB-2025.1.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang":        false,
		"PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.50000":        false,
		"PostgreSQL 12.12 (Greenplum Database 7.1.0 build commit:abc)":                      false,
		"Materialize v0.100.0": false,
		"":                     false,
	} {
		s := connect.Server{Version: version}
		if err := s.CheckVersion(); (err == nil) != ok || !ok && !errors.Is(err, connect.ErrOther) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestTransient(t *testing.T) {
	code := func(c string) error { return fmt.Errorf("x: %w", &pgconn.PgError{Code: c}) }
	for _, err := range []error{
		code("57P01"), code("57P02"), code("57P03"), code("08006"), code("53300"), code("53100"), code("58030"), code("40P01"), code("40001"), code("25006"),
		io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: errors.New("reset")}, net.ErrClosed, context.DeadlineExceeded, connect.MarkNotPrimary(connect.ErrStandby),
	} {
		if !connect.IsTransient(err) {
			t.Errorf("%v does not pass", err)
		}
	}
	for _, err := range []error{
		nil, code("22012"), code("42501"), code("42P01"), code("28P01"), code("3D000"), code("23505"), context.Canceled, connect.ErrClosed, connect.ErrNoSync, connect.ErrStandby, errors.New("other"),
	} {
		if connect.IsTransient(err) {
			t.Errorf("%v passes", err)
		}
	}
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passing := net.ErrClosed
		var said []error
		p := connect.Policy{MaxElapsed: 10 * time.Second, Waiting: func(err error, _ time.Duration) { said = append(said, err) }}
		tries := 0
		err := connect.Retry(t.Context(), p, func(context.Context) error {
			if tries++; tries < 4 {
				return passing
			}
			return nil
		})
		if err != nil || tries != 4 || len(said) != 2 || !errors.Is(said[0], passing) || said[1] != nil {
			t.Errorf("%v after %d tries; %v", err, tries, said)
		}
		start := time.Now()
		if err := connect.Retry(t.Context(), p, func(context.Context) error { return passing }); !errors.Is(err, passing) {
			t.Error(err)
		}
		if took := time.Since(start); took < 7*time.Second || took > 10*time.Second {
			t.Errorf("it gave up after %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := connect.Retry(ctx, p, func(context.Context) error { return passing }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		final := errors.New("final")
		tries = 0
		if err := connect.Retry(t.Context(), p, func(context.Context) error { tries++; return final }); !errors.Is(err, final) || tries != 1 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}
