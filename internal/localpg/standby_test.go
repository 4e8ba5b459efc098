package localpg_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/internal/localpg"
	"enrich/internal/localpg/pgtest"
)

// Each commit that was acknowledged is in a synchronous standby when it is promoted after the loss of its primary.
func TestAPromotedSynchronousStandbyHasEveryCommit(t *testing.T) {
	primary := pgtest.Start(t, localpg.Options{})
	standby := pgtest.Standby(t, primary, true)
	conn := connect(t, primary.URL("postgres"))
	exec1(t, conn, "CREATE TABLE answer (n int)")
	acknowledged, killed, kill := 0, make(chan error, 1), make(chan struct{})
	go func() {
		<-kill
		killed <- primary.Kill()
	}()
	for {
		if _, err := conn.Exec(context.Background(), "INSERT INTO answer VALUES (1)"); err != nil {
			break
		}
		if acknowledged++; acknowledged == 20 {
			close(kill) // while the next commits are made
		}
	}
	ok(t, <-killed)
	if _, err := connect(t, standby.URL("postgres")).Exec(t.Context(), "INSERT INTO answer VALUES (1)"); err == nil {
		t.Error("a standby accepts writes before its promotion")
	}
	ok(t, standby.Promote(t.Context()))
	promoted := connect(t, standby.URL("postgres"))
	if n := value[int](t, promoted, "SELECT count(*) FROM answer"); n < acknowledged || n > acknowledged+1 {
		t.Errorf("%d rows, %d were acknowledged", n, acknowledged)
	}
	exec1(t, promoted, "INSERT INTO answer VALUES (1)")
}

// A commit does not end while a synchronous standby is cut off; it ends when the standby is back.
func TestACommitWaitsForASynchronousStandby(t *testing.T) {
	primary := pgtest.Start(t, localpg.Options{})
	standby := pgtest.Standby(t, primary, true)
	conn := connect(t, primary.URL("postgres"))
	standby.CutOff()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "CREATE TABLE answer (n int)")
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("the commit ended: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	standby.Reconnect()
	ok(t, <-done)
	// The standby has it on its disk, and applies it a moment later.
	reader := connect(t, standby.URL("postgres"))
	within(t, func() bool { return value[bool](t, reader, "SELECT to_regclass('answer') IS NOT NULL") })
}

// An asynchronous standby that is cut off lacks what the primary committed: the ablation of the shared ledger.
func TestAnAsynchronousStandbyLosesCommits(t *testing.T) {
	primary := pgtest.Start(t, localpg.Options{})
	exec1(t, connect(t, primary.URL("postgres")), "CREATE TABLE answer (n int)")
	standby := pgtest.Standby(t, primary, false)
	standby.CutOff()
	conn := connect(t, primary.URL("postgres"))
	within(t, func() bool { return value[int](t, conn, "SELECT count(*) FROM pg_stat_replication") == 0 })
	exec1(t, conn, "INSERT INTO answer VALUES (1)")
	ok(t, primary.Kill())
	ok(t, standby.Promote(t.Context()))
	promoted := connect(t, standby.URL("postgres"))
	if n := value[int](t, promoted, "SELECT count(*) FROM answer"); n != 0 {
		t.Errorf("%d rows", n)
	}
	exec1(t, promoted, "INSERT INTO answer VALUES (1)")
	// A standby restarts like any server, and a promoted one can have a standby.
	ok(t, standby.Kill())
	ok(t, standby.Restart(t.Context()))
	next := pgtest.Standby(t, standby.Server, true)
	if n := value[int](t, connect(t, next.URL("postgres")), "SELECT count(*) FROM answer"); n != 1 {
		t.Errorf("%d rows in the next standby", n)
	}
}

// A user needs the password if there is one.
func TestPassword(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{Password: "it's a secret"})
	if conn, err := pgx.Connect(t.Context(), server.URL("postgres")); err == nil {
		_ = conn.Close(t.Context())
		t.Error("no password was needed")
	}
	url, err := server.CreateDatabase(t.Context(), "ledger")
	ok(t, err)
	t.Setenv("PGPASSWORD", "it's a secret")
	exec1(t, connect(t, url), "SELECT 1")
}

// A client that verifies everything accepts the server's certificate, and not that of another server.
func TestTLS(t *testing.T) {
	server, other := pgtest.Start(t, localpg.Options{TLS: true}), pgtest.Start(t, localpg.Options{TLS: true})
	conn := connect(t, server.TLSURL("postgres"))
	if !value[bool](t, conn, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") {
		t.Error("the connection is not encrypted")
	}
	config, err := pgx.ParseConfig(server.TLSURL("postgres"))
	ok(t, err)
	config.Port = connect(t, other.URL("postgres")).Config().Port
	if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		_ = conn.Close(t.Context())
		t.Error("another server's certificate was accepted")
	}
}

// A setting that is changed while the server runs applies to new connections, also after a restart.
func TestSet(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	ok(t, server.Set(t.Context(), "work_mem", "7MB"))
	show := func() string { return value[string](t, connect(t, server.URL("postgres")), "SHOW work_mem") }
	if v := show(); v != "7MB" {
		t.Errorf("work_mem is %s", v)
	}
	ok(t, server.Restart(t.Context()))
	if v := show(); v != "7MB" {
		t.Errorf("work_mem is %s after a restart", v)
	}
}
