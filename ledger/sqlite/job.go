package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// A jobRow is a row of table job. It changes until the job has ended.
type jobRow struct {
	id, run   int64
	asked     int64 // the commit that has its intents
	contacts  int64 // as submitted
	pending   int64 // contacts without an outcome of the job
	raw       int64 // rows of table raw
	state     ledger.JobState
	apiID     string
	submitted int64 // milliseconds
	expires   int64 // milliseconds; -1: not known
	ended     int64 // milliseconds; -1: it has not ended
	// ids are the request keys under which the contacts were submitted, if a migration has changed them since; else empty.
	ids []byte
}

const (
	selectJobs = "SELECT id, run, asked, contacts, pending, raw, coalesce(expires, -1), coalesce(ended, -1), submitted, state, api_id, ids, checksum FROM job"
	insertJob  = "INSERT INTO job(run, asked, contacts, pending, raw, expires, ended, submitted, state, api_id, ids, checksum, id) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"
	updateJob  = "UPDATE job SET run = ?, asked = ?, contacts = ?, pending = ?, raw = ?, expires = ?, ended = ?, submitted = ?, state = ?, api_id = ?, ids = ?, checksum = ? WHERE id = ?"
)

func (j *jobRow) sum() int64 {
	numbers := [...]int64{j.id, j.run, j.asked, j.contacts, j.pending, j.raw, j.expires, j.ended, j.submitted}
	return checksum(numbers[:], []byte(j.state), []byte(j.apiID), j.ids)
}

// readJob reads a row. Its ids are valid until the next row is read.
func readJob(stmt *sqlite3.Stmt) (jobRow, error) {
	j := jobRow{
		id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(1), asked: stmt.ColumnInt64(2), contacts: stmt.ColumnInt64(3),
		pending: stmt.ColumnInt64(4), raw: stmt.ColumnInt64(5), expires: stmt.ColumnInt64(6), ended: stmt.ColumnInt64(7),
		submitted: stmt.ColumnInt64(8), state: ledger.JobState(stmt.ColumnText(9)), apiID: stmt.ColumnText(10), ids: stmt.ColumnRawBlob(11),
	}
	if j.sum() != stmt.ColumnInt64(12) {
		return j, j.damaged("checksum mismatch")
	}
	if n := int64(len(j.ids)); n > 0 && n != j.contacts*int64(codec.KeySize) {
		return j, j.damaged("%d bytes of keys", n)
	}
	return j, nil
}

func (j *jobRow) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: job %d: %s", ledger.ErrDamaged, j.id, fmt.Sprintf(format, args...))
}

// writeJob inserts or updates a row.
func (l *Ledger) writeJob(query string, j *jobRow) error {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	for _, n := range [...]int64{j.run, j.asked, j.contacts, j.pending, j.raw} {
		b.int(n)
	}
	b.intOrNull(j.expires)
	b.intOrNull(j.ended)
	b.int(j.submitted)
	b.text([]byte(j.state))
	b.text([]byte(j.apiID))
	b.bytes(j.ids)
	b.int(j.sum())
	b.int(j.id)
	return errors.Join(b.exec(), stmt.Close())
}

// hasJob reports whether there is a job with a number; 0 means no job.
func (l *Ledger) hasJob(job int64) bool { return job >= 0 && job <= l.lastJob }

// loadJobs reads the jobs. Their numbers have no gaps, and SQLite itself remembers the last one that it assigned.
func (l *Ledger) loadJobs() error {
	l.jobs, l.lastJob = map[int64]*openJob{}, 0
	if l.version < jobVersion {
		return nil
	}
	for stmt, err := range l.rows(selectJobs + " ORDER BY id") {
		if err != nil {
			return err
		}
		j, err := readJob(stmt)
		if err != nil {
			return err
		}
		if j.id != l.lastJob+1 || !l.hasRun(j.run) {
			return fmt.Errorf("%w: job %d is missing, or its run", ledger.ErrDamaged, l.lastJob+1)
		}
		l.lastJob = j.id
		if !j.state.IsEnd() {
			l.jobs[j.id] = newOpenJob(&j)
		}
	}
	last, err := l.number("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'job'), 0)")
	if err == nil && last != l.lastJob {
		err = fmt.Errorf("%w: its last job is %d, but should be %d", ledger.ErrDamaged, l.lastJob, last)
	}
	return err
}
