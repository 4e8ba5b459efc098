package postgres

import (
	"context"
	"slices"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
)

// loseJobs ends the jobs of a dead run whose submissions may or may not have been accepted, and returns their contacts as lost
// calls. Jobs in the state open stay: another run fetches their results.
func (r *deadRun) loseJobs(ctx context.Context, c *connect.Conn) (lost []contact.Outcome, err error) {
	jobs, err := submittedJobs(ctx, c, r.id, " FOR UPDATE OF j")
	for _, j := range jobs {
		calls, err := lostInJob(ctx, c, j)
		if err != nil {
			return nil, err
		}
		j.pending = 0
		j.end(ledger.JobLost)
		if err := j.update(ctx, c); err != nil {
			return nil, err
		}
		if err := r.recordLost(ctx, c, j.id, calls); err != nil {
			return nil, err
		}
		lost = append(lost, calls...)
	}
	return lost, err
}

// submittedJobs returns the jobs of a run in the state submitted, in order.
func submittedJobs(ctx context.Context, c *connect.Conn, run int64, lock string) ([]*jobRow, error) {
	return queryJobs(ctx, c, " WHERE j.ended IS NULL AND j.state = 'submitted' AND j.run = $1 ORDER BY j.id"+lock, run)
}

// lostInJob returns the contacts of a job that have no outcome as lost calls, at the time of the submission.
func lostInJob(ctx context.Context, c *connect.Conn, j *jobRow) (lost []contact.Outcome, err error) {
	contacts, err := jobContacts(ctx, c, j)
	for i := range contacts {
		if m := &contacts[i]; !m.Done {
			lost = append(lost, contact.Outcome{
				Contact: m.Contact, Keys: m.Keys, Kind: contact.Lost, At: j.submitted.UTC(), Attempts: 1,
				Failure: contact.Exhausted, Message: ledger.InterruptedMessage, Run: j.run,
			})
		}
	}
	return lost, err
}

// findUnrecordedJobs finds the lost calls of the jobs that the next run will end.
func (l *Ledger) findUnrecordedJobs(ctx context.Context, c *connect.Conn, run int64) error {
	jobs, err := submittedJobs(ctx, c, run, "")
	for _, j := range jobs {
		lost, err := lostInJob(ctx, c, j)
		if err != nil {
			return err
		}
		l.interrupted = append(l.interrupted, lost...)
		l.unrecorded.jobs = append(l.unrecorded.jobs, j)
	}
	return err
}

// hasJob reports whether a job is one that the next run will end.
func (u *unrecordedCalls) hasJob(job int64) bool {
	return slices.ContainsFunc(u.jobs, func(j *jobRow) bool { return j.id == job })
}

// pending is how many contacts those jobs have without an outcome.
func (u *unrecordedCalls) pending() (n int64) {
	for _, j := range u.jobs {
		n += j.pending
	}
	return n
}
