package member_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"enrich/contact"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/schema"
	"enrich/ledger/postgres/member"
)

var shared pgtest.Shared

func TestMain(m *testing.M) { goleak.VerifyTestMain(shared.Around(m)) }

// fast are times for tests in which runs die.
var fast = member.Timing{Renew: 20 * time.Millisecond, Valid: 500 * time.Millisecond, Patience: 2 * time.Second}

// A team is a ledger's database and the members that work on it. Rows of runs are written by the tests: a store is not needed.
type team struct {
	t   testing.TB
	url string
	db  *connect.Conn
	// timeout is that of the runs' calls.
	timeout time.Duration
	mu      sync.Mutex
}

func newTeam(t testing.TB) *team { return newTeamAt(t, shared.Filled(t, createLedger)) }

// createLedger makes the tables of a ledger.
func createLedger(url string) error {
	ctx := context.Background()
	c, err := dialURL(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }() // everything was done
	for _, step := range append([]string{"CREATE SCHEMA enrich"}, schema.Steps()...) {
		if _, err := c.PgConn().Exec(ctx, step).ReadAll(); err != nil {
			return err
		}
	}
	return nil
}

// newTeamAt makes a team in a ledger that is empty.
func newTeamAt(t testing.TB, url string) *team {
	t.Helper()
	tm := &team{t: t, url: url, timeout: 100 * time.Millisecond}
	db, err := tm.dial(t.Context())
	check(t, err)
	tm.db = db
	t.Cleanup(func() { _ = tm.db.Close(context.Background()) })
	tm.exec("INSERT INTO enrich.api (id, url) VALUES (1, 'https://api.example')")
	tm.exec("INSERT INTO enrich.account (id, api, key_tag) VALUES (1, 1, 'a'), (2, 1, 'b')")
	return tm
}

func (tm *team) dial(ctx context.Context) (*connect.Conn, error) { return dialURL(ctx, tm.url) }

func dialURL(ctx context.Context, url string) (*connect.Conn, error) {
	config, err := connect.Parse(url)
	if err != nil {
		return nil, err
	}
	return connect.Dial(ctx, config)
}

func (tm *team) exec(sql string, args ...any) {
	tm.t.Helper()
	tm.mu.Lock()
	defer tm.mu.Unlock()
	_, err := tm.db.Exec(context.Background(), sql, args...)
	check(tm.t, err)
}

func (tm *team) number(sql string, args ...any) (n int64) {
	tm.t.Helper()
	tm.mu.Lock()
	defer tm.mu.Unlock()
	check(tm.t, tm.db.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// work makes a work with caps; 0: none. It returns its number.
func (tm *team) work(maxCalls, maxCredits int64) int64 {
	return tm.number(`INSERT INTO enrich.work (input, rules, generation, started, max_calls, max_credits)
		VALUES (uuid_send(gen_random_uuid()), '', nextval('enrich.generation'), '2026-11-26T12:00:00Z', nullif($1::bigint, 0), nullif($2::bigint, 0)) RETURNING id`,
		maxCalls, maxCredits)
}

// begin writes the row of a run. work 0: it works alone.
func (tm *team) begin(work, account int64) int64 {
	return tm.number(`INSERT INTO enrich.run (id, account, work, generation, first_id, timeout_ms, host, started, url, input, version, constants, crc, begun_by)
		VALUES ((SELECT coalesce(max(id), 0) + 1 FROM enrich.run), $1, nullif($2::bigint, 0), coalesce((SELECT generation FROM enrich.work WHERE id = $2), 0),
		0, $3, 'host', now(), '', '', '', '', 0, gen_random_uuid()) RETURNING id`, account, work, tm.timeout.Milliseconds())
}

// join begins a run and makes it a member, which is closed at the end of the test.
func (tm *team) join(work int64, o member.Options) *member.Member {
	tm.t.Helper()
	return tm.joinAs(work, 1, o)
}

func (tm *team) joinAs(work, account int64, o member.Options) *member.Member {
	tm.t.Helper()
	m, err := member.Join(tm.t.Context(), tm.setup(tm.begin(work, account)), o)
	check(tm.t, err)
	tm.t.Cleanup(func() { check(tm.t, m.Close()) })
	return m
}

func (tm *team) setup(run int64) member.Setup {
	return member.Setup{Dial: tm.dial, Run: run, Lose: tm.lose}
}

// lose takes the claims of a run, which in these tests are rows of contact only.
func (tm *team) lose(ctx context.Context, _ *connect.Conn, tx pgx.Tx, run, beat int64) (lost []contact.Outcome, ok bool, err error) {
	tag, err := tx.Exec(ctx, "UPDATE enrich.run SET state = 2 WHERE id = $1 AND state = 0 AND beat = $2", run, beat)
	if err != nil || tag.RowsAffected() == 0 {
		return nil, false, err
	}
	rows, err := tx.Query(ctx, "UPDATE enrich.contact SET claim = NULL WHERE claim = $1 RETURNING key::text", run)
	if err != nil {
		return nil, false, err
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i, key := range keys {
		if err := addOutcome(ctx, tx, run, 1000+i, contact.Lost, 1); err != nil {
			return nil, false, err
		}
		lost = append(lost, contact.Outcome{Run: run, Kind: contact.Lost, Message: key})
	}
	return lost, true, err
}

// An execer is a connection or a transaction.
type execer interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}

// addOutcome writes the row of an outcome, which was charged unless it is a no match.
func addOutcome(ctx context.Context, c execer, run int64, n int, kind contact.Kind, attempts int) error {
	_, err := c.Exec(ctx, `INSERT INTO enrich.outcome (run, at, n, crc, attempts, status, kind, charged, key, failure, message, contact)
		VALUES ($1, now(), $2, 0, $3, 0, $4, $5, gen_random_uuid(), '', '', '{}')`, run, n, attempts, int(kind), map[bool]int{true: 1}[kind == contact.Matched])
	return err
}

// claim writes open claims of a run.
func (tm *team) claim(run int64, n int) {
	for range n {
		tm.exec("INSERT INTO enrich.contact (key, email, ref, claim) VALUES (gen_random_uuid(), gen_random_uuid(), 0, $1)", run)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition is true.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("this did not happen in time: " + what)
		}
	}
}

// lastCall makes calls until one has to wait, and returns a time before the last of the others, however busy the machine is. Without
// another it is the time when lastCall began.
func lastCall(m *member.Member) (last time.Time) {
	limiter, began := m.Limiter(), time.Now()
	for last = began; time.Since(began) < time.Minute; time.Sleep(time.Millisecond) {
		now := time.Now()
		if limiter.Take(now) > 0 {
			break
		}
		last = now
	}
	return last
}

func settled(kind contact.Kind, charged bool) *contact.Outcome {
	return &contact.Outcome{Kind: kind, Charged: charged}
}
