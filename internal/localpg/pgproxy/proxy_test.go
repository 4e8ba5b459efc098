package pgproxy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
)

var shared pgtest.Shared

func TestMain(m *testing.M) { goleak.VerifyTestMain(shared.Around(m)) }

// setup returns a proxy and two connections to the same database with a table answer (n int): one through the proxy, one without it.
func setup(t *testing.T) (proxy *pgproxy.Proxy, through, direct *pgx.Conn) {
	t.Helper()
	url := shared.Database(t)
	proxy = pgtest.Proxy(t, shared.Server(t))
	direct = connect(t, url)
	run(t, direct, "CREATE TABLE answer (n int)")
	return proxy, connect(t, proxy.URL(url)), direct
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

func run(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM answer").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// commits are the ways in which a client commits one row.
var commits = map[string]func(ctx context.Context, c *pgx.Conn) error{
	"a block": func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO answer VALUES ($1)", 1); err != nil {
			return err
		}
		return tx.Commit(ctx)
	},
	"a simple query": func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "BEGIN; INSERT INTO answer VALUES (1); COMMIT")
		return err
	},
	"one statement": func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "INSERT INTO answer VALUES ($1)", 1)
		return err
	},
	"a pipelined batch": func(ctx context.Context, c *pgx.Conn) error {
		b := &pgx.Batch{}
		b.Queue("SELECT count(*) FROM answer")
		b.Queue("INSERT INTO answer VALUES ($1)", 1)
		return c.SendBatch(ctx, b).Close()
	},
	"a pipelined block": func(ctx context.Context, c *pgx.Conn) error {
		b := &pgx.Batch{}
		b.Queue("BEGIN")
		b.Queue("INSERT INTO answer VALUES ($1)", 1)
		b.Queue("COMMIT")
		return c.SendBatch(ctx, b).Close()
	},
	"prepared statements": func(ctx context.Context, c *pgx.Conn) error {
		for name, sql := range map[string]string{"a": "BEGIN", "b": "INSERT INTO answer VALUES (1)", "c": "COMMIT"} {
			if _, err := c.Prepare(ctx, name, sql); err != nil {
				return err
			}
		}
		for _, name := range []string{"a", "b", "c"} {
			if _, err := c.PgConn().ExecPrepared(ctx, name, nil, nil, nil).Close(); err != nil {
				return err
			}
		}
		return nil
	},
	"a copy": func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.CopyFrom(ctx, pgx.Identifier{"answer"}, []string{"n"}, pgx.CopyFromRows([][]any{{1}}))
		return err
	},
}

// commitsRow is true for the batch that commits the row. The block's COMMIT has no name of a table in it: no other batch does.
func commitsRow(b pgproxy.Batch) bool {
	last := ""
	if len(b.Statements) > 0 {
		last = strings.ToLower(b.Statements[len(b.Statements)-1])
	}
	return b.Commits && (last == "commit" || strings.HasPrefix(last, "insert") || strings.HasPrefix(last, "copy"))
}

// The promise of the package: a cut after a commit commits at the server and fails at the client; a cut before it does not commit;
// and nothing changes for what is forwarded.
func TestCutAtACommit(t *testing.T) {
	for name, commit := range commits {
		t.Run(name, func(t *testing.T) {
			for action, expected := range map[pgproxy.Action]int{pgproxy.Forward: 1, pgproxy.CutBefore: 0, pgproxy.CutAfter: 1} {
				proxy, through, direct := setup(t)
				proxy.OnBatch(pgproxy.Once(commitsRow, action))
				err := commit(t.Context(), through)
				if fails := err != nil; fails != (action != pgproxy.Forward) {
					t.Errorf("action %d: error %v", action, err)
				}
				if n := rows(t, direct); n != expected {
					t.Errorf("action %d: %d rows", action, n)
				}
				if closed := through.IsClosed(); closed != (action != pgproxy.Forward) {
					t.Errorf("action %d: the client's connection is closed: %v", action, closed)
				}
			}
		})
	}
}

// Batches that are sent in advance are told apart: the answers of those before the commit arrive.
func TestOnlyTheAnswerOfTheCommitIsWithheld(t *testing.T) {
	proxy, through, direct := setup(t)
	proxy.OnBatch(pgproxy.Nth(2, commitsRow, pgproxy.CutAfter))
	p := through.PgConn().StartPipeline(t.Context())
	for n := range 3 {
		p.SendQueryParams(fmt.Sprintf("INSERT INTO answer VALUES (%d)", n), nil, nil, nil, nil)
		if err := p.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	var synced int
	var err error
	for err == nil {
		var result any
		result, err = p.GetResults()
		switch r := result.(type) {
		case *pgconn.ResultReader:
			_, err = r.Close()
		case *pgconn.PipelineSync:
			synced++
		}
	}
	if n := rows(t, direct); synced != 1 || n != 2 {
		t.Errorf("the client knows of %d commits, the server of %d", synced, n)
	}
}

// After CutSent, the client does not wait for a server that is still working, and cannot cancel its work.
func TestCutSent(t *testing.T) {
	proxy, through, direct := setup(t)
	tx, err := direct.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE answer"); err != nil {
		t.Fatal(err)
	}
	proxy.OnBatch(pgproxy.Once(commitsRow, pgproxy.CutSent))
	if _, err := through.Exec(t.Context(), "INSERT INTO answer VALUES (1)"); err == nil { // returns while the server waits for the lock
		t.Error("no error")
	}
	_ = through.PgConn().CancelRequest(t.Context()) // as a client does whose connection breaks; the proxy refuses it
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); rows(t, direct) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server did not commit what was sent")
		}
	}
}

// What the function sees: numbers, statements, commits.
func TestBatches(t *testing.T) {
	proxy, through, _ := setup(t)
	var mu sync.Mutex
	var seen []string
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf("%d.%d %s %v", b.Conn, b.Number, strings.Join(b.Statements, "|"), b.Commits))
		return pgproxy.Forward
	})
	run(t, through, "BEGIN")
	run(t, through, "INSERT INTO answer VALUES ($1)", 1)
	run(t, through, "INSERT INTO answer VALUES ($1)", 2)
	run(t, through, "COMMIT; SELECT ';'")
	if _, err := through.Exec(t.Context(), "BEGIN; SELECT 1/0"); err == nil {
		t.Fatal("no error")
	}
	run(t, through, "COMMIT") // rolls back
	expected := []string{
		"1.1 BEGIN false", "1.2  false", "1.3 INSERT INTO answer VALUES ($1) false", "1.4 INSERT INTO answer VALUES ($1) false",
		"1.5 COMMIT|SELECT ';' true", "1.6 BEGIN|SELECT 1/0 false", "1.7 COMMIT false",
	}
	if !slices.Equal(seen, expected) {
		t.Errorf("seen:\n%s", strings.Join(seen, "\n"))
	}
	if c := proxy.Counts(); c.Batches != len(expected) || c.Connections != 1 || c.ToServer < 100 || c.ToClient < 100 {
		t.Errorf("counts %+v", c)
	}
}

// A function that waits stalls its connection, and only that.
func TestTheFunctionStallsItsConnection(t *testing.T) {
	proxy, through, direct := setup(t)
	reached, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	proxy.OnBatch(func(ctx context.Context, b pgproxy.Batch) pgproxy.Action {
		if b.Conn == 1 && b.Has("insert") {
			close(reached)
			select {
			case <-goOn:
			case <-ctx.Done():
			}
		}
		return pgproxy.Forward
	})
	go func() {
		_, err := through.Exec(t.Context(), "INSERT INTO answer VALUES (1)")
		done <- err
	}()
	<-reached
	if n := rows(t, connect(t, proxy.URL(direct.Config().ConnString()))); n != 0 {
		t.Errorf("%d rows while the insert is stalled", n)
	}
	close(goOn)
	if err := <-done; err != nil || rows(t, direct) != 1 {
		t.Errorf("error %v", err)
	}
}

// Nothing passes a stalled proxy; after Resume, everything does, in the same connection.
func TestStall(t *testing.T) {
	proxy, through, direct := setup(t)
	proxy.Stall()
	before := proxy.Counts()
	done := make(chan error, 1)
	go func() {
		_, err := through.Exec(context.Background(), "INSERT INTO answer VALUES (1)")
		done <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if conn, err := pgx.Connect(ctx, proxy.URL(direct.Config().ConnString())); err == nil {
		_ = conn.Close(ctx)
		t.Error("a new connection passes")
	}
	after := proxy.Counts()
	if rows(t, direct) != 0 || after.ToServer != before.ToServer || after.ToClient != before.ToClient {
		t.Errorf("counts %+v, then %+v", before, after)
	}
	proxy.Resume()
	if err := <-done; err != nil || rows(t, direct) != 1 {
		t.Errorf("after Resume: error %v", err)
	}
}

// Cut ends connections, new ones are accepted; Refuse ends these, too.
func TestCutAndRefuse(t *testing.T) {
	proxy, through, direct := setup(t)
	url := proxy.URL(direct.Config().ConnString())
	proxy.Cut()
	if _, err := through.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a connection survives Cut")
	}
	again := connect(t, url)
	proxy.Refuse()
	if _, err := again.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a connection survives Refuse")
	}
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a new connection is accepted")
	}
	proxy.Accept()
	run(t, connect(t, url), "SELECT 1")
}

// A request to cancel a query passes, and so do answers of any size.
func TestWhatElsePasses(t *testing.T) {
	_, through, _ := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := through.Exec(ctx, "SELECT pg_sleep(600)")
	if err == nil {
		t.Error("the query was not cancelled")
	}
	proxy, through, _ := setup(t)
	var s string
	if err := through.QueryRow(t.Context(), "SELECT repeat('x', 10000000)").Scan(&s); err != nil || len(s) != 10_000_000 {
		t.Errorf("%d bytes, error %v", len(s), err)
	}
	if _, err := through.Exec(t.Context(), "SELECT length($1)", s); err != nil {
		t.Error(err)
	}
	if c := proxy.Counts(); c.ToClient < 10_000_000 || c.ToServer < 10_000_000 {
		t.Errorf("counts %+v", c)
	}
}
