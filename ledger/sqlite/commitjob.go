package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// CommitJob makes the intents of a job durable, together with the job. A contact that is in an open job, or twice in this one, is
// not claimed. It ignores ctx, like [Ledger.Commit], and after an error the ledger accepts nothing more.
func (l *Ledger) CommitJob(_ context.Context, run int64, intents []ledger.Intent) (job int64, claimed []bool, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return 0, nil, err
	}
	if !l.hasRun(run) {
		return 0, nil, fmt.Errorf("write the ledger: there is no run %d", run)
	}
	claimed = make([]bool, len(intents))
	var mine []ledger.Intent
	for i := range intents {
		if claimed[i] = l.states.Claim(intents[i].Keys); claimed[i] {
			mine = append(mine, intents[i])
		}
	}
	if len(mine) == 0 {
		return 0, claimed, nil
	}
	row := jobRow{
		id: l.lastJob + 1, run: run, asked: l.commit + 1, contacts: int64(len(mine)), pending: int64(len(mine)), state: ledger.JobSubmitted,
		submitted: time.Now().UnixMilli(), expires: -1, ended: -1,
	}
	if err := l.apply(&change{run: run, intents: mine, job: &row}); err != nil {
		return 0, nil, err
	}
	l.lastJob = row.id
	l.jobs[row.id] = newOpenJob(&row)
	return row.id, claimed, nil
}

// OpenJob makes the API's name of a submitted job durable, and when its results expire.
func (l *Ledger) OpenJob(_ context.Context, job int64, id string, expires time.Time) error {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	j := l.jobs[job]
	switch {
	case j == nil || j.state != ledger.JobSubmitted:
		return fmt.Errorf("write the ledger: job %d is not in the state submitted", job)
	case id == "":
		return fmt.Errorf("write the ledger: the API's name of job %d is empty", job)
	}
	row := j.jobRow
	row.state, row.apiID = ledger.JobOpen, id
	if !expires.IsZero() {
		row.expires = max(expires.UnixMilli(), 0)
	}
	return l.changeJob(j, &change{run: row.run, job: &row})
}

// CommitResults makes outcomes of contacts of a job durable, with what could not be understood of its results.
func (l *Ledger) CommitResults(_ context.Context, run, job int64, outcomes []contact.Outcome, raw [][]byte, end ledger.JobState) error {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	j, err := l.jobFor(run, job)
	if err != nil {
		return err
	}
	if j.forgotten > 0 { // it may be the person's who was forgotten
		raw = nil
	}
	row := j.jobRow
	row.pending -= int64(len(outcomes))
	row.raw += int64(len(raw))
	if end != "" {
		if row.state, row.ended = end, time.Now().UnixMilli(); !end.IsEnd() {
			return fmt.Errorf("write the ledger: job %d cannot end in the state %q", job, end)
		}
		if row.pending > 0 {
			return fmt.Errorf("write the ledger: job %d cannot end, because %d of its contacts have no outcome", job, row.pending)
		}
	}
	if len(outcomes)+len(raw) == 0 && end == "" {
		return nil
	}
	if err := l.markDone(j, outcomes); err != nil {
		return err
	}
	return l.changeJob(j, &change{run: run, outcomes: outcomes, job: &row, raw: raw})
}

// jobFor returns an open job whose results a run may record: the run calls the same API.
func (l *Ledger) jobFor(run, job int64) (*openJob, error) {
	j := l.jobs[job]
	switch {
	case j == nil:
		return nil, fmt.Errorf("write the ledger: there is no open job %d", job)
	case !l.hasRun(run) || l.runs[run-1].URL != l.runs[j.run-1].URL:
		return nil, fmt.Errorf("write the ledger: run %d does not call the API of job %d", run, job)
	}
	return j, nil
}

// changeJob makes a change of a job durable.
func (l *Ledger) changeJob(j *openJob, c *change) error {
	var err error
	if c.job.ids, err = l.submittedIDs(j); err != nil {
		return damaged(err)
	}
	if err := l.apply(c); err != nil {
		return err
	}
	j.jobRow = *c.job
	j.ids = nil
	if j.state.IsEnd() {
		delete(l.jobs, j.id)
		l.members = nil
	}
	return nil
}

// markDone marks the contacts of outcomes as done. If one of them is not pending in the job, it marks none.
func (l *Ledger) markDone(j *openJob, outcomes []contact.Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	members, err := l.membersOf(j)
	if err != nil {
		return damaged(err)
	}
	marked := make([]int, 0, len(outcomes))
	for n := range outcomes {
		i, ok := members.find(j, outcomes[n].Keys.Request)
		if !ok {
			for _, i := range marked {
				j.setDone(i, false)
			}
			return fmt.Errorf("write the ledger: outcome %d of %d is not of a contact that is pending in job %d", n+1, len(outcomes), j.id)
		}
		j.setDone(i, true)
		marked = append(marked, i)
	}
	return nil
}

// writeJobChange writes the row of the job, and what could not be understood, in the transaction of a commit.
func (l *Ledger) writeJobChange(c *change) error {
	query := updateJob
	if c.job.id > l.lastJob {
		query = insertJob
	}
	if err := l.writeJob(query, c.job); err != nil {
		return err
	}
	for _, content := range c.raw {
		if err := l.writeRaw(c.job.id, content); err != nil {
			return err
		}
	}
	return nil
}

// writeRaw appends a piece of results to table raw.
func (l *Ledger) writeRaw(job int64, content []byte) error {
	id, err := l.number("SELECT coalesce(max(id), 0) + 1 FROM raw")
	if err != nil {
		return err
	}
	return l.insertRaw(id, job, content)
}

// insertRaw inserts a row of table raw.
func (l *Ledger) insertRaw(id, job int64, content []byte) error {
	stmt, _, err := l.conn.Prepare("INSERT INTO raw VALUES(?,?,?,?)")
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	b.int(id)
	b.int(job)
	b.bytes(content)
	b.int(rawSum(id, job, content))
	return errors.Join(b.exec(), stmt.Close())
}

func rawSum(id, job int64, content []byte) int64 { return checksum([]int64{id, job}, content) }

// OpenJobs returns the jobs in the state open that were submitted to a base URL (normalised, as in [ledger.Run]), the oldest
// first.
func (l *Ledger) OpenJobs(_ context.Context, url string) ([]contact.Job, error) {
	l.db.Lock()
	defer l.db.Unlock()
	var jobs []contact.Job
	for _, j := range l.unfinishedJobs() {
		if j.state != ledger.JobOpen || l.runs[j.run-1].URL != url {
			continue
		}
		job := contact.Job{
			Number: j.id, Run: j.run, ID: j.apiID, Contacts: int(j.contacts), Forgotten: int(j.forgotten), Submitted: moment(j.submitted),
		}
		if j.expires >= 0 {
			job.Expires = moment(j.expires)
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// AdoptJob reports whether a job is open: only one run at a time uses the ledger, and it may poll each.
func (l *Ledger) AdoptJob(_ context.Context, _, job int64) (adopted bool, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	j, found := l.jobs[job]
	return found && j.state == ledger.JobOpen, nil
}

// LeaveJob does nothing: there is no other run.
func (l *Ledger) LeaveJob(context.Context, int64, int64) error { return nil }

// JobContacts calls do with each contact of a job that has not ended, in the order of submission, until do returns an error, and
// returns that error. do must not use the ledger.
func (l *Ledger) JobContacts(_ context.Context, job int64, do func(ledger.JobContact) error) error {
	l.db.Lock()
	defer l.db.Unlock()
	j := l.jobs[job]
	if j == nil {
		return fmt.Errorf("read the ledger: %w: job %d", ledger.ErrNoJob, job)
	}
	return damaged(l.eachContact(j, do))
}
