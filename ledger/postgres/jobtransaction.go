package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
)

// A jobTransaction is a commit of a run that changes a bulk job: its number is the next one of the run, and it begins with the
// fence, as all commits do. It takes several round trips, because what it changes depends on the job.
type jobTransaction struct {
	*connect.Conn
	run *run
	n   int64 // the number of the commit
	// again: an earlier try was committed, without a reply. Then only what it did is read.
	again bool
	// taken: another run has taken over this one.
	taken bool
	// outcomes is the number of the run's last outcome, before and after the commit.
	outcomes int64
}

// An impossibleChange is an error after which nothing was recorded and the store goes on.
type impossibleChange struct{ error }

func (e impossibleChange) Unwrap() error { return e.error }

func impossible(format string, args ...any) error {
	return impossibleChange{fmt.Errorf("write the ledger: "+format, args...)}
}

// errNothing ends a transaction that has nothing to commit.
var errNothing = errors.New("nothing to commit")

// changeJob runs a transaction until it is known to be committed. do may be called several times, each time in a new transaction.
// If do returns errNothing, nothing is committed. l.mu is held.
func (l *Ledger) changeJob(ctx context.Context, id int64, do func(context.Context, *jobTransaction) error) error {
	if err := l.writable(); err != nil {
		return err
	}
	r, err := l.runOf(id)
	if err != nil {
		return err
	}
	t := &jobTransaction{run: r, n: r.commits + 1}
	err = connect.Retry(context.WithoutCancel(ctx), l.policy, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTime)
		defer cancel()
		return l.writer.Use(ctx, func(c *connect.Conn) error {
			return pgx.BeginFunc(ctx, c, func(pgx.Tx) error {
				t.Conn = c
				if err := t.begin(ctx); err != nil {
					return err
				}
				return do(ctx, t)
			})
		})
	})
	var refused impossibleChange
	switch {
	case errors.Is(err, errNothing):
		return nil
	case errors.As(err, &refused):
		return refused
	case err != nil:
		return l.fail(err)
	}
	r.commits = t.n
	if r.taken = r.taken || t.taken; !t.taken {
		r.outcomes = t.outcomes
	}
	return nil
}

// begin is the fence. It changes the row of the run, so that the commit waits for the standby, also if it repeats another one.
func (t *jobTransaction) begin(ctx context.Context) error {
	state, commits, outcomes, err := lockRun(ctx, t.Conn, t.run.id)
	if err != nil {
		return err
	}
	if commits != t.n && commits != t.n-1 {
		return ErrRewound
	}
	t.again, t.outcomes = commits == t.n, outcomes
	if _, err := t.Exec(ctx, "UPDATE enrich.run SET commits = $2 WHERE id = $1", t.run.id, t.n); err != nil {
		return err
	}
	switch {
	case state == runTaken:
		t.taken = true
	case state != runLive:
		return fmt.Errorf("%w: run %d has ended", ledger.ErrChanged, t.run.id)
	case !t.again && t.outcomes != t.run.outcomes:
		return ErrRewound
	}
	return nil
}

// addOutcomes records outcomes of contacts of a job.
func (t *jobTransaction) addOutcomes(ctx context.Context, job int64, outcomes []contact.Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	rows := newOutcomeArrays()
	last := outcomes[0].At
	for i := range outcomes {
		rows.add(t.run.id, job, t.outcomes+int64(i)+1, &outcomes[i])
		if outcomes[i].At.After(last) {
			last = outcomes[i].At
		}
	}
	t.outcomes += int64(len(outcomes))
	const count = "UPDATE enrich.run SET outcomes = $2, last_at = greatest(last_at, $3) WHERE id = $1"
	if _, err := t.Exec(ctx, count, t.run.id, t.outcomes, last); err != nil {
		return err
	}
	return t.Lookup(ctx, addOutcomesSQL, func([][]byte) error { return nil }, rows.params(t.run.id, job, -job, t.run.generation)...)
}
