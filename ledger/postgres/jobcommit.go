package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// claimForJob claims contacts, and returns the keys of those that it has claimed.
const claimForJob = claimRows + "$4" + claimIfSeen + " SELECT key FROM claimed"

// CommitJob makes the intents of a job durable, together with the job. A contact that another run or an open job has, that another
// run has changed since [ledger.Intent.Seen], or that is twice in this job, is not claimed. It ignores ctx, like [Ledger.Commit], and
// after an error the ledger accepts nothing more.
func (l *Ledger) CommitJob(ctx context.Context, id int64, intents []ledger.Intent) (job int64, claimed []bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.changeJob(ctx, id, func(ctx context.Context, t *jobTransaction) error {
		job, claimed = 0, make([]bool, len(intents))
		if t.taken { // also if an earlier try was committed: then the job was lost since
			return errNothing
		}
		if t.again {
			return t.readClaimed(ctx, intents, &job, claimed)
		}
		if job, err = t.nextJob(ctx); err != nil {
			return err
		}
		if err := l.claimForJob(ctx, t, job, intents, claimed); err != nil {
			return err
		}
		if !slices.Contains(claimed, true) {
			job = 0
			return errNothing
		}
		return t.submit(ctx, job, intents, claimed)
	})
	if err != nil {
		return 0, nil, err
	}
	return job, claimed, nil
}

// nextJob returns the number of the next job. Until the end of the transaction no other run gets one.
func (t *jobTransaction) nextJob(ctx context.Context) (job int64, err error) {
	if _, err := t.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(jobLock)); err != nil {
		return 0, err
	}
	err = t.QueryRow(ctx, "SELECT coalesce(max(id), 0) + 1 FROM enrich.job").Scan(&job)
	return job, err
}

// claimForJob claims the contacts of a job.
func (l *Ledger) claimForJob(ctx context.Context, t *jobTransaction, job int64, intents []ledger.Intent, claimed []bool) error {
	order := firsts(intents, l.options.ByEmail)
	if l.options.ByEmail {
		addresses := transaction{l: l, change: &change{run: t.run, intents: intents, order: order}}
		if err := addresses.claimAddresses(ctx, t.Conn); err != nil {
			return err
		}
		order = addresses.order
	}
	var keys, emails, seen wire.Array
	keys.BeginUUIDs()
	emails.BeginUUIDs()
	seen.BeginInt8s()
	index := make(map[contact.Key]int32, len(order))
	for _, i := range order {
		intent := &intents[i]
		index[intent.Keys.Request] = i
		keys.UUID(intent.Keys.Request)
		emails.UUID(intent.Keys.Email)
		if l.options.ByEmail { // claimAddresses has compared it
			seen.Int8(-1)
		} else {
			seen.Int8(int64(intent.Seen) - 1)
		}
	}
	return t.Lookup(ctx, claimForJob, func(values [][]byte) error {
		row := wire.NewRow(values)
		claimed[index[row.UUID()]] = true
		return row.Err()
	}, wire.Int8(nil, -job), keys.Value(), emails.Value(), seen.Value())
}

// firsts returns the indexes of intents in the order of their request keys; of those with the same key only the first one.
func firsts(intents []ledger.Intent, byEmail bool) []int32 {
	key := func(i int32) contact.Key { return intents[i].Keys.By(byEmail) }
	order := slices.CompactFunc(sorted(len(intents), key), func(a, b int32) bool { return key(a) == key(b) })
	slices.SortFunc(order, func(a, b int32) int { return compareKeys(intents[a].Keys.Request, intents[b].Keys.Request) })
	return order
}

// submit records the job with the contacts that it has claimed.
func (t *jobTransaction) submit(ctx context.Context, job int64, intents []ledger.Intent, claimed []bool) error {
	j := jobRow{id: job, run: t.run.id, commit: t.n, state: ledger.JobSubmitted, submitted: time.Now().UTC().Truncate(time.Millisecond)}
	var packed codec.Intents
	for i := range intents {
		if claimed[i] {
			j.contacts++
			packed.Add(&intents[i].Contact, intents[i].Keys)
		}
	}
	keys, texts := packed.Packed()
	j.pending = j.contacts
	if err := j.insert(ctx, t.Conn); err != nil {
		return err
	}
	_, err := t.Exec(ctx, "INSERT INTO enrich.intent (run, commit, job, crc, keys, contacts) VALUES ($1, $2, $3, $4, $5, $6)",
		t.run.id, t.n, job, intentSum(t.run.id, t.n, job, keys, texts), keys, string(texts))
	if err == nil {
		_, err = t.Exec(ctx, "UPDATE enrich.run SET open_from = $2 WHERE id = $1", t.run.id, t.run.oldest(t.n+1))
	}
	return err
}

// readClaimed reads what an earlier try of the same commit has claimed.
func (t *jobTransaction) readClaimed(ctx context.Context, intents []ledger.Intent, job *int64, claimed []bool) error {
	i := intentRow{run: t.run.id, commit: t.n}
	const query = "SELECT job, crc, keys, contacts FROM enrich.intent WHERE run = $1 AND commit = $2"
	if err := t.QueryRow(ctx, query, i.run, i.commit).Scan(&i.job, &i.crc, &i.keys, &i.contacts); err != nil {
		return err
	}
	if i.crc != intentSum(i.run, i.commit, i.job, i.keys, i.contacts) {
		return i.damaged("checksum mismatch")
	}
	*job = i.job
	n := 0
	for k := 0; k < len(i.keys); k += codec.KeysSize { // in the order of intents
		keys := codec.ReadKeys(i.keys[k:])
		for n < len(intents) && intents[n].Keys != keys {
			n++
		}
		if n == len(intents) {
			return i.damaged("they are not those of the job")
		}
		claimed[n] = true
		n++
	}
	return nil
}

// OpenJob makes the API's name of a submitted job durable, and when its results expire.
func (l *Ledger) OpenJob(ctx context.Context, job int64, id string, expires time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return err
	}
	if l.run == nil {
		return errNoRun
	}
	if id == "" {
		return impossible("the API's name of job %d is empty", job)
	}
	id = text(id)
	return l.changeJob(ctx, l.run.id, func(ctx context.Context, t *jobTransaction) error {
		if t.again {
			return nil // it was committed
		}
		j, err := lockJob(ctx, t.Conn, job)
		switch {
		case errors.Is(err, ledger.ErrNoJob) && t.taken:
			return impossible("%w: another run took over run %d, and recorded the contacts of job %d as lost", ledger.ErrFenced, t.run.id, job)
		case errors.Is(err, ledger.ErrNoJob):
			return impossible("%w", err)
		case err != nil:
			return err
		case j.state != ledger.JobSubmitted || j.run != t.run.id:
			return impossible("job %d is not in the state submitted, or of another run", job)
		}
		j.state, j.apiID = ledger.JobOpen, id
		if !expires.IsZero() {
			at := time.UnixMilli(max(expires.UnixMilli(), 0)).UTC()
			j.expires = &at
		}
		return j.update(ctx, t.Conn)
	})
}

// CommitResults makes outcomes of contacts of a job durable, with what could not be understood of its results. A run that was taken
// over may do so until another one has adopted the job: from then on the results are that run's, which fetches them again.
func (l *Ledger) CommitResults(ctx context.Context, run, job int64, outcomes []contact.Outcome, raw [][]byte, end ledger.JobState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end != "" && !end.IsEnd() {
		return impossible("job %d cannot end in the state %q", job, end)
	}
	return l.changeJob(ctx, run, func(ctx context.Context, t *jobTransaction) error {
		if t.again {
			return nil // all of it was committed
		}
		j, err := lockJob(ctx, t.Conn, job)
		switch {
		case errors.Is(err, ledger.ErrNoJob):
			return impossible("%w", err)
		case err != nil:
			return err
		case len(outcomes)+len(raw) == 0 && end == "":
			return errNothing
		}
		if err := t.checkResults(ctx, j, outcomes, end); err != nil {
			return err
		}
		if j.forgotten == 0 { // else it may be the person's who was forgotten
			if err := t.addRaw(ctx, j, raw); err != nil {
				return err
			}
		}
		if j.pending -= int64(len(outcomes)); end != "" {
			j.end(end)
		}
		if err := j.update(ctx, t.Conn); err != nil {
			return err
		}
		return t.addOutcomes(ctx, j.id, outcomes)
	})
}

// checkResults returns an error if outcomes cannot be those of a job.
func (t *jobTransaction) checkResults(ctx context.Context, j *jobRow, outcomes []contact.Outcome, end ledger.JobState) error {
	var url string
	if err := t.QueryRow(ctx, "SELECT url FROM enrich.run WHERE id = $1", t.run.id).Scan(&url); err != nil {
		return err
	}
	if url != j.url {
		return impossible("run %d does not call the API of job %d", t.run.id, j.id)
	}
	if err := t.checkPoller(ctx, j); err != nil {
		return err
	}
	if left := j.pending - int64(len(outcomes)); end != "" && left > 0 {
		return impossible("job %d cannot end, because %d of its contacts have no outcome", j.id, left)
	}
	pending, err := t.pendingIn(ctx, j.id, func(yield func(contact.Key)) {
		for i := range outcomes {
			yield(outcomes[i].Keys.Request)
		}
	})
	if err != nil {
		return err
	}
	for i := range outcomes {
		key := outcomes[i].Keys.Request
		if !pending[key] {
			return impossible("outcome %d of %d is not of a contact that is pending in job %d", i+1, len(outcomes), j.id)
		}
		delete(pending, key)
	}
	return nil
}

// checkPoller returns an error if another live run polls a job whose row is locked. Else each could record what the other one has
// recorded already.
func (t *jobTransaction) checkPoller(ctx context.Context, j *jobRow) error {
	var poller int64
	const query = "SELECT r.id FROM enrich.job AS j JOIN enrich.run AS r ON r.id = j.poller WHERE j.id = $1 AND r.id <> $2 AND r.state = 0"
	err := t.QueryRow(ctx, query, j.id, t.run.id).Scan(&poller)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	case t.taken:
		return impossible("%w: run %d has adopted job %d, and records its results", ledger.ErrFenced, poller, j.id)
	}
	return impossible("run %d polls job %d", poller, j.id)
}

func (t *jobTransaction) addRaw(ctx context.Context, j *jobRow, raw [][]byte) error {
	for _, content := range raw {
		if content == nil {
			content = []byte{}
		}
		const add = "INSERT INTO enrich.raw (job, crc, content) VALUES ($1, $2, $3)"
		if _, err := t.Exec(ctx, add, j.id, rawSum(j.id, content), content); err != nil {
			return err
		}
		j.raw++
	}
	return nil
}

// pendingIn returns which of the contacts with some keys wait for their results in a job. Their rows are locked, in the order of
// their keys, until the end of the transaction.
func (t *jobTransaction) pendingIn(ctx context.Context, job int64, keys func(yield func(contact.Key))) (map[contact.Key]bool, error) {
	var asked wire.Array
	asked.BeginUUIDs()
	keys(func(k contact.Key) { asked.UUID(k) })
	pending := make(map[contact.Key]bool, asked.Len())
	const query = "SELECT key FROM enrich.contact WHERE key = ANY ($1::uuid[]) AND claim = $2 ORDER BY key FOR UPDATE"
	err := t.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		pending[row.UUID()] = true
		return row.Err()
	}, asked.Value(), wire.Int8(nil, -job))
	return pending, err
}

// AdoptJob makes a run the one that polls an open job that no other live run polls.
func (l *Ledger) AdoptJob(ctx context.Context, run, job int64) (adopted bool, err error) {
	const adopt = `UPDATE enrich.job AS j SET poller = $1 WHERE id = $2 AND state = 'open' AND EXISTS (SELECT FROM enrich.run WHERE id = $1 AND state = 0)
		AND (poller = $1 OR poller IS NULL OR NOT EXISTS (SELECT FROM enrich.run AS r WHERE r.id = j.poller AND r.state = 0))`
	n, err := l.changePoller(ctx, run, job, adopt)
	return n > 0, err
}

// LeaveJob says that a run does not poll a job any more.
func (l *Ledger) LeaveJob(ctx context.Context, run, job int64) error {
	_, err := l.changePoller(ctx, run, job, "UPDATE enrich.job SET poller = NULL WHERE id = $2 AND poller = $1")
	return err
}

// changePoller runs a statement on the row of a job, which is locked before: a statement that waited would see the runs as they were
// before it waited. It may be run again: doing it twice is doing it once.
func (l *Ledger) changePoller(ctx context.Context, run, job int64, sql string) (n int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return 0, err
	}
	if _, err := l.runOf(run); err != nil {
		return 0, err
	}
	err = connect.Retry(ctx, l.policy, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTime)
		defer cancel()
		return l.transaction(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT FROM enrich.job WHERE id = $1 FOR UPDATE", job); err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, sql, run, job)
			n = tag.RowsAffected()
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("write the ledger: job %d: %w", job, explain(err))
	}
	return n, nil
}
