package postgres_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"enrich/internal/localpg/pgtest"
	"enrich/ledger/postgres"
)

var shared pgtest.Shared

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "12") // each check has a database of its own; the command line can ask for more
	goleak.VerifyTestMain(shared.Around(m))
}

// newLedger creates a ledger in a database of its own, and returns the URL of the database.
func newLedger(t testing.TB) string {
	t.Helper()
	return shared.Filled(t, func(url string) error {
		_, _, err := postgres.Init(context.Background(), postgres.Options{URL: url})
		return err
	})
}

func open(t testing.TB, o postgres.Options) *postgres.Ledger {
	t.Helper()
	l, err := postgres.Open(t.Context(), o)
	check(t, err)
	t.Cleanup(l.Drop)
	return l
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// waitingForLocks counts the connections to the database that wait for another transaction.
const waitingForLocks = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

// query runs a query beside the ledger.
func query(t testing.TB, url, sql string, args ...any) (rows [][]any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	check(t, err)
	defer func() { check(t, c.Close(ctx)) }()
	result, err := c.Query(ctx, sql, args...)
	check(t, err)
	for result.Next() {
		values, err := result.Values()
		check(t, err)
		rows = append(rows, values)
	}
	check(t, result.Err())
	return rows
}
