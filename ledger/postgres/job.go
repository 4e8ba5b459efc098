package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
)

// A jobRow is a row of table job. It changes until the job has ended.
type jobRow struct {
	id, run  int64
	commit   int64 // of the run; it has the intents
	contacts int64 // as submitted
	pending  int64 // contacts without an outcome of the job
	raw      int64 // rows of table raw
	// forgotten is how many contacts were erased from it.
	forgotten int64
	state     ledger.JobState
	apiID     string
	submitted time.Time
	expires   *time.Time // nil: not known
	ended     *time.Time // nil: it has not ended
	// ids are the request keys under which the contacts were submitted, if a migration has changed them since; else nil.
	ids []byte
	crc int32
	url string // of its run; not a column of the table
}

// selectJobs begins a query of jobs; scan reads its rows.
const selectJobs = `SELECT j.id, j.run, j.commit, j.contacts, j.pending, j.raw, j.forgotten, j.state, j.api_id, j.submitted, j.expires, j.ended,
	j.ids, j.crc, r.url FROM enrich.job AS j JOIN enrich.run AS r ON r.id = j.run`

// queryJobs returns the jobs for which a condition is true, and checks them. The condition may also sort or lock the rows.
func queryJobs(ctx context.Context, c *connect.Conn, condition string, args ...any) ([]*jobRow, error) {
	rows, err := c.Query(ctx, selectJobs+condition, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*jobRow, error) {
		j := &jobRow{}
		return j, j.scan(row)
	})
}

// scan reads a row and checks it.
func (j *jobRow) scan(row pgx.Row) error {
	if err := j.read(row); err != nil {
		return err
	}
	return j.check()
}

func (j *jobRow) read(row pgx.Row) error {
	return row.Scan(&j.id, &j.run, &j.commit, &j.contacts, &j.pending, &j.raw, &j.forgotten, &j.state, &j.apiID, &j.submitted, &j.expires, &j.ended,
		&j.ids, &j.crc, &j.url)
}

// check returns an error if the row is not as it was written.
func (j *jobRow) check() error {
	if j.crc != j.sum() {
		return j.damaged("checksum mismatch")
	}
	if n := int64(len(j.ids)); n > 0 && n != j.contacts*int64(codec.KeySize) {
		return j.damaged("%d bytes of keys", n)
	}
	return nil
}

func (j *jobRow) sum() int32 {
	numbers := []int64{j.id, j.run, j.commit, j.contacts, j.pending, j.raw, j.forgotten, j.submitted.UnixMilli(), millis(j.expires), millis(j.ended)}
	return int32(codec.Checksum(numbers, []byte(j.state), []byte(j.apiID), j.ids))
}

// millis returns -1 for no time.
func millis(t *time.Time) int64 {
	if t == nil {
		return -1
	}
	return t.UnixMilli()
}

func (j *jobRow) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: job %d: %s", ledger.ErrDamaged, j.id, fmt.Sprintf(format, args...))
}

// insert writes a new row, which the run that submits it polls.
func (j *jobRow) insert(ctx context.Context, c *connect.Conn) error {
	_, err := c.Exec(ctx, `INSERT INTO enrich.job (id, run, commit, poller, contacts, pending, state, submitted, crc) VALUES ($1, $2, $3, $2, $4, $5, $6, $7, $8)`,
		j.id, j.run, j.commit, j.contacts, j.pending, j.state, j.submitted, j.sum())
	return err
}

// update writes what changes in a row.
func (j *jobRow) update(ctx context.Context, c *connect.Conn) error {
	_, err := c.Exec(ctx, `UPDATE enrich.job SET pending = $2, raw = $3, forgotten = $4, state = $5, api_id = $6, expires = $7, ended = $8, ids = $9, crc = $10,
		poller = CASE WHEN $8::timestamptz IS NULL THEN poller END WHERE id = $1`,
		j.id, j.pending, j.raw, j.forgotten, j.state, j.apiID, j.expires, j.ended, j.ids, j.sum())
	return err
}

// end ends the job now.
func (j *jobRow) end(state ledger.JobState) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	j.state, j.ended = state, &now
}

// lockJob reads a job that has not ended, and keeps other transactions from changing it.
func lockJob(ctx context.Context, c *connect.Conn, id int64) (*jobRow, error) {
	return readJob(ctx, c, id, " FOR UPDATE OF j")
}

func readJob(ctx context.Context, c *connect.Conn, id int64, lock string) (*jobRow, error) {
	j := &jobRow{}
	err := j.scan(c.QueryRow(ctx, selectJobs+" WHERE j.id = $1 AND j.ended IS NULL"+lock, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%w: job %d", ledger.ErrNoJob, id)
	}
	return j, err
}

func rawSum(job int64, content []byte) int32 { return int32(codec.Checksum([]int64{job}, content)) }
