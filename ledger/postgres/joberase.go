package postgres

import (
	"context"
	"errors"
	"slices"

	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/wire"
)

// forgetJobs removes what is left of a person in the tables of jobs: what could not be understood of the results of jobs that had
// the person or name the person, and the keys under which the person was submitted. A job that has nobody left to wait for ends.
func (e *erasure) forgetJobs(ctx context.Context, filter *ledger.Filter) error {
	if err := e.findInRaw(ctx, filter); err != nil {
		return err
	}
	return e.changeJobs(ctx, " WHERE j.id = ANY ($1)", []any{e.jobs()}, func(j *jobRow) error {
		from := e.fromJobs[j.id]
		if len(j.ids) > 0 {
			if err := e.clearIDs(ctx, j); err != nil {
				return err
			}
		}
		j.pending -= from.pending
		j.forgotten += from.contacts
		if from.pending > 0 && j.pending == 0 {
			j.end(ledger.JobDone)
		}
		return nil
	})
}

// jobs are the numbers of the jobs that change.
func (e *erasure) jobs() []int64 {
	jobs := make([]int64, 0, len(e.fromJobs))
	for job := range e.fromJobs {
		jobs = append(jobs, job)
	}
	slices.Sort(jobs)
	return jobs
}

// clearIDs erases the keys that were submitted for the contacts that are erased from the intents of a job.
func (e *erasure) clearIDs(ctx context.Context, j *jobRow) error {
	var keys []byte
	if err := e.tx.QueryRow(ctx, "SELECT keys FROM enrich.intent WHERE run = $1 AND commit = $2", j.run, j.commit).Scan(&keys); err != nil {
		return err
	}
	j.ids = slices.Clone(j.ids)
	for n := 0; (n+1)*codec.KeysSize <= len(keys) && (n+1)*codec.KeySize <= len(j.ids); n++ {
		if !slices.ContainsFunc(keys[n*codec.KeysSize:][:codec.KeysSize], func(b byte) bool { return b != 0 }) {
			clear(j.ids[n*codec.KeySize:][:codec.KeySize])
		}
	}
	return nil
}

// findInRaw adds the jobs whose results, as far as they could not be understood, name a person.
func (e *erasure) findInRaw(ctx context.Context, filter *ledger.Filter) error {
	raw := ledger.NewRawMatcher(filter)
	return e.conn.Lookup(ctx, "SELECT job, content FROM enrich.raw ORDER BY job, id", func(values [][]byte) error {
		row := wire.NewRow(values)
		if job := row.Int8(); raw.Matches(job, row.Bytes()) {
			from := e.fromJobs[job] // nobody, unless the person was in it
			e.fromJobs[job] = from
		}
		return row.Err()
	})
}

// pruneJobs removes what could not be understood of the results of jobs that ended before the moment. The rows of jobs stay: they name
// nobody, and their numbers have no gaps.
func (e *erasure) pruneJobs(ctx context.Context) error {
	return e.changeJobs(ctx, " WHERE j.raw > 0 AND j.ended < $1", []any{e.before}, func(*jobRow) error { return nil })
}

// changeJobs rewrites the rows of some jobs, and removes what could not be understood of their results.
func (e *erasure) changeJobs(ctx context.Context, condition string, args []any, change func(*jobRow) error) error {
	jobs, err := queryJobs(ctx, e.conn, condition+" ORDER BY j.id", args...)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		e.removed.Raw += j.raw
		j.raw = 0
		_, err := e.tx.Exec(ctx, "DELETE FROM enrich.raw WHERE job = $1", j.id)
		if err := errors.Join(err, change(j)); err != nil {
			return err
		}
		if err := j.update(ctx, e.conn); err != nil {
			return err
		}
	}
	return nil
}
