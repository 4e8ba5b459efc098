package postgres

import (
	"context"
	"errors"
	"fmt"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// OpenJobs returns the jobs in the state open that were submitted to a base URL (normalised, as in [ledger.Run]) and that no other
// live run polls, the oldest first. A store on which no run was begun returns them all.
func (l *Ledger) OpenJobs(ctx context.Context, url string) (jobs []contact.Job, err error) {
	if l.version == 0 {
		return nil, nil
	}
	run, _ := l.ownRun()
	const condition = ` WHERE j.ended IS NULL AND j.state = 'open' AND r.url = $1 AND ($2::bigint IN (0, coalesce(j.poller, $2::bigint))
		OR NOT EXISTS (SELECT FROM enrich.run AS p WHERE p.id = j.poller AND p.state = 0)) ORDER BY j.id`
	err = l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		jobs = nil
		open, err := queryJobs(ctx, c, condition, url, run)
		for _, j := range open {
			job := contact.Job{Number: j.id, Run: j.run, ID: j.apiID, Contacts: int(j.contacts), Forgotten: int(j.forgotten), Submitted: j.submitted.UTC()}
			if j.expires != nil {
				job.Expires = j.expires.UTC()
			}
			jobs = append(jobs, job)
		}
		return err
	})
	return jobs, err
}

// JobContacts calls do with each contact of a job that has not ended, in the order of submission, until do returns an error, and
// returns that error. do must not use the ledger.
func (l *Ledger) JobContacts(ctx context.Context, job int64, do func(ledger.JobContact) error) error {
	if l.unrecorded.hasJob(job) {
		return fmt.Errorf("read the ledger: %w: job %d", ledger.ErrNoJob, job)
	}
	var contacts []ledger.JobContact
	err := l.read(ctx, func(ctx context.Context, c *connect.Conn) (err error) {
		j, err := readJob(ctx, c, job, "")
		if err == nil {
			contacts, err = jobContacts(ctx, c, j)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range contacts {
		if err := do(contacts[i]); err != nil {
			return err
		}
	}
	return nil
}

// jobContacts returns the contacts of a job that has not ended, in the order of submission, without those that were forgotten.
func jobContacts(ctx context.Context, c *connect.Conn, j *jobRow) ([]ledger.JobContact, error) {
	i := intentRow{run: j.run, commit: j.commit, job: j.id}
	const query = "SELECT crc, keys, contacts FROM enrich.intent WHERE run = $1 AND commit = $2 AND job = $3"
	if err := c.QueryRow(ctx, query, i.run, i.commit, i.job).Scan(&i.crc, &i.keys, &i.contacts); err != nil {
		return nil, errors.Join(j.damaged("has no intents"), err)
	}
	if int64(len(i.keys)) != j.contacts*int64(codec.KeysSize) {
		return nil, i.damaged(fmt.Sprintf("job %d should have %d contacts", j.id, j.contacts))
	}
	var asked wire.Array
	asked.BeginUUIDs()
	list := make([]ledger.JobContact, 0, j.contacts)
	err := i.each(func(place int, intent ledger.Intent) {
		if intent.Keys == (contact.Keys{}) {
			return
		}
		m := ledger.JobContact{Intent: intent, ID: intent.Keys.Request}
		if len(j.ids) > 0 {
			m.ID = contact.Key(j.ids[place*codec.KeySize:][:codec.KeySize])
		}
		list = append(list, m)
		asked.UUID(m.Keys.Request)
	})
	if err != nil {
		return nil, err
	}
	pending := make(map[contact.Key]bool, len(list))
	err = c.Lookup(ctx, "SELECT key FROM enrich.contact WHERE key = ANY ($1::uuid[]) AND claim = $2", func(values [][]byte) error {
		row := wire.NewRow(values)
		pending[row.UUID()] = true
		return row.Err()
	}, asked.Value(), wire.Int8(nil, -j.id))
	for i := range list {
		list[i].Done = !pending[list[i].Keys.Request]
	}
	return list, err
}
