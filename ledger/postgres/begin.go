package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
)

// The states of a run.
const (
	runLive     = 0
	runFinished = 1
	runTaken    = 2 // another run recorded its open claims as lost
	runLeft     = 3 // its process closed the store; its open claims are not recorded as lost yet
)

// A run is one that was begun on this store.
type run struct {
	id, account, work, generation int64

	commits  int64     // the number of the last commit
	outcomes int64     // the number of the last outcome
	last     time.Time // when the latest one ended
	// open are the contacts with an open claim, each with the commit that made it.
	open map[contact.Key]int64
	// careful is how many of the next commits expect that contacts of which nothing was known have rows.
	careful int
	// taken: another run has taken it over. Answers that come late are still recorded.
	taken    bool
	finished bool
}

// oldest returns the first commit with an open claim, or the next commit's number.
func (r *run) oldest(next int64) int64 {
	for _, commit := range r.open {
		next = min(next, commit)
	}
	return next
}

// Begin records a new run durably and returns its number. If no run of its work is live, it begins a new generation.
func (l *Ledger) Begin(ctx context.Context, r ledger.Run) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return 0, err
	}
	if l.run != nil && !l.run.finished {
		return 0, fmt.Errorf("write the ledger: run %d has not finished", l.run.id)
	}
	token := newToken() // with it, a first try that was committed without a reply is found again
	var begun *run
	err := l.transact(ctx, l.policy, func(ctx context.Context, _ *connect.Conn, tx pgx.Tx) error {
		return l.warnIfLocked(func() (err error) {
			begun, err = beginRun(ctx, tx, token, &r)
			return err
		})
	})
	if err != nil {
		return 0, l.fail(err)
	}
	l.run = begun
	l.selfMu.Lock()
	defer l.selfMu.Unlock()
	l.self, l.own = begun.id, append(slices.Clip(l.own), begun.generation, -begun.id) // lookups may have the old list
	return begun.id, nil
}

// newToken returns a value that no other call has.
func newToken() pgtype.UUID {
	token := pgtype.UUID{Valid: true}
	_, _ = rand.Read(token.Bytes[:]) // it never fails
	return token
}

// transact runs a transaction on the connection for writing, again if that breaks: do must find out whether it was committed before.
func (l *Ledger) transact(ctx context.Context, policy connect.Policy, do func(context.Context, *connect.Conn, pgx.Tx) error) error {
	return connect.Retry(ctx, policy, func(ctx context.Context) error {
		return l.writer.Use(ctx, func(c *connect.Conn) error {
			return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error { return do(ctx, c, tx) })
		})
	})
}

// transaction runs one transaction on the connection for writing, once.
func (l *Ledger) transaction(ctx context.Context, do func(pgx.Tx) error) error {
	return l.writer.Use(ctx, func(c *connect.Conn) error { return pgx.BeginFunc(ctx, c, do) })
}

// runLock is the advisory lock under which runs get their numbers, and jobLock that for jobs: neither has gaps.
const (
	runLock = initLock + 1
	jobLock = initLock + 2
)

// beginRun records a run, unless it is recorded.
func beginRun(ctx context.Context, tx pgx.Tx, token pgtype.UUID, r *ledger.Run) (*run, error) {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(runLock)); err != nil {
		return nil, err
	}
	n := &run{last: r.Started, open: map[contact.Key]int64{}}
	const find = "SELECT id, account, coalesce(work, 0), generation FROM enrich.run WHERE begun_by = $1"
	err := tx.QueryRow(ctx, find, token).Scan(&n.id, &n.account, &n.work, &n.generation)
	if !errors.Is(err, pgx.ErrNoRows) {
		return n, err
	}
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(id), 0) + 1 FROM enrich.run").Scan(&n.id); err != nil {
		return nil, err
	}
	if n.work, n.generation, err = joinWork(ctx, tx, r); err != nil {
		return nil, err
	}
	if n.account, err = accountOf(ctx, tx, r); err != nil {
		return nil, err
	}
	row := runRow{
		id: n.id, started: r.Started.UTC().Truncate(time.Millisecond), url: r.URL, input: text(r.Input), version: text(r.Version), constants: string(r.Constants),
	}
	_, err = tx.Exec(ctx, `INSERT INTO enrich.run
		(id, account, work, generation, first_id, timeout_ms, host, started, url, input, version, constants, crc, begun_by)
		VALUES ($1, $2, nullif($3::bigint, 0), $4, (SELECT coalesce(max(id), 0) + 1 FROM enrich.outcome), $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		n.id, n.account, n.work, n.generation, r.Timeout.Milliseconds(), text(r.Host), row.started, row.url, row.input, row.version, row.constants, row.sum(), token)
	return n, err
}

// accountOf returns the number of the run's account: one for each key of an API.
func accountOf(ctx context.Context, tx pgx.Tx, r *ledger.Run) (id int64, err error) {
	if _, err := tx.Exec(ctx, "INSERT INTO enrich.api (url) VALUES ($1) ON CONFLICT DO NOTHING", r.URL); err != nil {
		return 0, err
	}
	tag := r.KeyTag
	if tag == nil {
		tag = []byte{}
	}
	_, err = tx.Exec(ctx, "INSERT INTO enrich.account (api, key_tag) SELECT id, $2 FROM enrich.api WHERE url = $1 ON CONFLICT DO NOTHING", r.URL, tag)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, "SELECT account.id FROM enrich.account JOIN enrich.api ON api.id = account.api WHERE url = $1 AND key_tag = $2", r.URL, tag).Scan(&id)
	return id, err
}

// joinWork returns the work of a run and its generation; 0: it works alone. A generation begins if no run of the work is live. Its
// start is by the database's clock, because all runs count ages from it and their machines' clocks may differ.
func joinWork(ctx context.Context, tx pgx.Tx, r *ledger.Run) (work, generation int64, err error) {
	if r.Work == (ledger.Work{}) {
		err = tx.QueryRow(ctx, "SELECT nextval('enrich.generation')").Scan(&generation)
		return 0, generation, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO enrich.work (input, rules, generation, started) VALUES ($1, $2, 0, clock_timestamp()) ON CONFLICT DO NOTHING`,
		r.Work.Input[:], r.Work.Rules[:])
	if err != nil {
		return 0, 0, err
	}
	const lock = "SELECT id, generation FROM enrich.work WHERE input = $1 AND rules = $2 FOR UPDATE"
	if err := tx.QueryRow(ctx, lock, r.Work.Input[:], r.Work.Rules[:]).Scan(&work, &generation); err != nil {
		return 0, 0, err
	}
	var live bool
	const find = "SELECT EXISTS (SELECT FROM enrich.run WHERE work = $1 AND generation = $2 AND state = 0)"
	if err := tx.QueryRow(ctx, find, work, generation).Scan(&live); err != nil {
		return 0, 0, err
	}
	if live {
		_, err = tx.Exec(ctx, `UPDATE enrich.work SET max_calls = least(max_calls, nullif($2::bigint, 0)), max_credits = least(max_credits, nullif($3::bigint, 0))
			WHERE id = $1`, work, r.MaxCalls, r.MaxCredits)
		return work, generation, err
	}
	err = tx.QueryRow(ctx, `UPDATE enrich.work SET generation = nextval('enrich.generation'), started = date_trunc('milliseconds', clock_timestamp()),
		round = 0, next = 0, unsent = false, max_calls = nullif($2::bigint, 0), max_credits = nullif($3::bigint, 0), calls = 0, credits = 0
		WHERE id = $1 RETURNING generation`, work, r.MaxCalls, r.MaxCredits).Scan(&generation)
	return work, generation, err
}

// Finish records how a run ended: what stopped it ("" if nothing did) and its exit code.
func (l *Ledger) Finish(ctx context.Context, id int64, stopped string, exitCode int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return err
	}
	if l.run == nil || l.run.id != id {
		return errNoRun
	}
	err := l.transact(ctx, l.policy, func(ctx context.Context, _ *connect.Conn, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, finishRun, id, time.Now(), stopped, exitCode, l.run.commits)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrRewound
		}
		return err
	})
	if err != nil {
		return l.fail(err)
	}
	l.run.finished = true
	return nil
}

// finishRun ends a run. If it has a job of which it is not known whether the API has it, the job is lost: the next one that opens the
// ledger records that.
const finishRun = `UPDATE enrich.run SET finished = $2, stopped = nullif($3, ''), exit_code = $4, state = CASE WHEN state = 2 THEN 2
		WHEN EXISTS (SELECT FROM enrich.job WHERE run = $1 AND ended IS NULL AND state = 'submitted') THEN 3 ELSE 1 END
	WHERE id = $1 AND commits = $5`

// leave records that the process of a run that has not finished ends: nobody need wait until it is taken for dead.
func (l *Ledger) leave(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.run == nil || l.run.finished || l.failure != nil {
		return nil
	}
	l.run.finished = true
	return l.transaction(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE enrich.run SET state = $2 WHERE id = $1 AND state = 0", l.run.id, runLeft)
		return err
	})
}

// runOf returns the run with a number, if it was begun last on this store. l.mu is held.
func (l *Ledger) runOf(id int64) (*run, error) {
	if l.run == nil || l.run.id != id {
		return nil, errNoRun
	}
	return l.run, nil
}

// A runRow is what does not change in a row of table run.
type runRow struct {
	id                             int64
	started                        time.Time
	url, input, version, constants string
}

func (r *runRow) sum() int32 {
	return int32(codec.Checksum([]int64{r.id, r.started.UnixMilli()}, []byte(r.url), []byte(r.input), []byte(r.version), []byte(r.constants)))
}

// text returns a text without what PostgreSQL does not store: NUL, and what is not UTF-8. Most texts are returned as they are.
func text(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\ufffd") }
