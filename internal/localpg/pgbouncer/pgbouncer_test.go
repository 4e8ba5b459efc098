package pgbouncer_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"enrich/internal/localpg"
	"enrich/internal/localpg/pgbouncer"
	"enrich/internal/localpg/pgtest"
)

var shared pgtest.Shared

func TestMain(m *testing.M) { goleak.VerifyTestMain(shared.Around(m)) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// pid returns the server's process of a connection's transaction. It sends simple queries: this PgBouncer has no prepared statements.
func pid(t *testing.T, query func(ctx context.Context, sql string, args ...any) pgx.Row) (n int) {
	t.Helper()
	if err := query(t.Context(), "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// In transaction mode, a client's next transaction has another connection to the server if another client has taken the one that it had.
func TestTransactionMode(t *testing.T) {
	pooler := pgtest.Pooler(t, shared.Server(t), pgbouncer.Options{Mode: pgbouncer.Transaction})
	url := pooler.URL(shared.Database(t))
	one, other := connect(t, url), connect(t, url)
	first := pid(t, one.QueryRow)
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if taken := pid(t, tx.QueryRow); taken != first {
		t.Errorf("the other client has %d, not %d, which is idle", taken, first)
	}
	if second := pid(t, one.QueryRow); second == first {
		t.Errorf("both clients have %d at the same time", first)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// In session mode, which is the default, each client has its own connection to the server.
func TestSessionMode(t *testing.T) {
	pooler := pgtest.Pooler(t, shared.Server(t), pgbouncer.Options{})
	url := pooler.URL(shared.Database(t))
	one, other := connect(t, url), connect(t, url)
	first, second := pid(t, one.QueryRow), pid(t, other.QueryRow)
	if first == second || pid(t, one.QueryRow) != first || pid(t, other.QueryRow) != second {
		t.Errorf("the clients have %d and %d", first, second)
	}
}

// The pooler asks for passwords, knows other users, and passes them on to a server that asks for them.
func TestUsersAndPasswords(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{Password: `a "secret"`})
	if err := server.Exec(t.Context(), "CREATE ROLE worker LOGIN PASSWORD 'work'"); err != nil {
		t.Fatal(err)
	}
	pooler := pgtest.Pooler(t, server, pgbouncer.Options{Password: `a "secret"`, Users: map[string]string{"worker": "work"}})
	for user, password := range map[string]string{localpg.Superuser: `a "secret"`, "worker": "work"} {
		config, err := pgx.ParseConfig(pooler.URL(server.URL("postgres")))
		if err != nil {
			t.Fatal(err)
		}
		config.User, config.Password = user, password
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatalf("%s: %v", user, err)
		}
		_, _ = pid(t, conn.QueryRow), conn.Close(t.Context())
		config.Password = "wrong"
		if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("%s is accepted with a wrong password", user)
		}
	}
}
