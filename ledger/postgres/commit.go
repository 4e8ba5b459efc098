package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// Commit makes intents and outcomes of a run durable, together, in one transaction and one round trip. claimed[i] is false if
// another run has the contact or has changed its state since [ledger.Intent.Seen], or if the contact is in an open job.
//
// It ignores ctx: an answer that was paid for is recorded, also if the run is stopping. If the connection breaks, it is done again
// for at most MaxElapsed. After an error the ledger accepts nothing more.
//
// If another run has taken over this one, nothing is claimed any more, and outcomes are still recorded.
func (l *Ledger) Commit(ctx context.Context, id int64, intents []ledger.Intent, outcomes []contact.Outcome) (claimed []bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		if l.failure != nil && len(outcomes) > 0 { // calls in flight when a commit failed
			err = errors.Join(err, l.keepUncommitted(id, outcomes))
		}
		return nil, err
	}
	r, err := l.runOf(id)
	if err != nil {
		return nil, err
	}
	if len(intents)+len(outcomes) == 0 {
		return nil, nil
	}
	return l.commit(ctx, newChange(r, intents, outcomes))
}

// commit makes a change durable, then applies it to the run. l.mu is held.
func (l *Ledger) commit(ctx context.Context, c *change) ([]bool, error) {
	ctx = context.WithoutCancel(ctx)
	t := transaction{l: l, change: c, mayExist: c.run.careful > 0}
	c.run.careful = max(0, c.run.careful-1)
	t.prepare()
	tried := false
	err := connect.Retry(ctx, l.policy, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTime)
		defer cancel()
		return l.writer.Use(ctx, func(conn *connect.Conn) error {
			if !tried && !l.options.ByEmail {
				tried = true
				switch err := t.try(ctx, conn); code(err) {
				case divisionByZero:
				case uniqueViolation:
					c.run.careful = carefulCommits
				default:
					return err
				}
			}
			tried = true
			return t.redo(ctx, conn)
		})
	})
	if err != nil {
		kept := l.keepUncommitted(c.run.id, c.outcomes)
		return nil, l.fail(fmt.Errorf("%w%s", explain(err), l.uncommitted.note(kept)))
	}
	return t.done(), nil
}

// carefulCommits is how many commits of a run expect that contacts have rows, after one that did not and failed: two runs that have the
// same contacts in the same order meet at each commit.
const carefulCommits = 100

// A transaction is a change on its way into the database.
type transaction struct {
	l *Ledger
	*change
	statements []statement
	refused    []int32
	mayExist   bool // contacts of which nothing was known may have rows
	late       bool // it was taken over: only the outcomes were recorded
	first      int64
}

// prepare makes the statements after the fence.
func (t *transaction) prepare() {
	t.first = t.run.outcomes + 1
	t.statements = t.statements[:0]
	// Claims come first: one that waits for another transaction must not have changed rows that others wait for.
	t.addIntents()
	t.addOutcomes()
}

// try runs the transaction in one round trip. The error of the fence is a division by zero, and that of a contact with a row is a unique
// violation: both end the transaction.
func (t *transaction) try(ctx context.Context, conn *connect.Conn) error {
	b := conn.NewBatch()
	b.Add(ctx, fence, t.fenceParams()...)
	return t.send(ctx, b, 1)
}

// send adds the statements to a batch that has some already, and sends it.
func (t *transaction) send(ctx context.Context, b *connect.Batch, offset int) error {
	for i := range t.statements {
		b.Add(ctx, t.statements[i].sql, t.statements[i].params...)
	}
	return b.Send(ctx, func(i int, values [][]byte) error {
		if i >= offset && t.statements[i-offset].row != nil {
			return t.statements[i-offset].row(values)
		}
		return nil
	})
}

func (t *transaction) fenceParams() [][]byte {
	b := t.l.buffers.numbers[:0]
	for _, n := range [...]int64{t.run.id, t.n, t.run.outcomes, int64(len(t.outcomes)), t.oldestAfter(), wire.Micros(t.lastAt())} {
		b = wire.Int8(b, n)
	}
	t.l.buffers.numbers = b
	params := make([][]byte, 0, 6)
	for i := range 6 {
		params = append(params, b[8*i:8*i+8])
	}
	return params
}

// oldestAfter is run.open_from after the change.
func (t *transaction) oldestAfter() int64 {
	open := t.run.open
	next := t.n + 1
	if len(t.intents) > 0 {
		next = t.n
	}
	ended := make(map[contact.Key]struct{}, len(t.outcomes))
	for i := range t.outcomes {
		ended[t.outcomes[i].Keys.Request] = struct{}{}
	}
	for key, commit := range open {
		if commit < next {
			if _, gone := ended[key]; !gone {
				next = commit
			}
		}
	}
	return next
}

// done applies the change to the run.
func (t *transaction) done() []bool {
	r := t.run
	r.commits = t.n
	if t.late {
		r.taken = true
		return make([]bool, len(t.intents))
	}
	r.outcomes += int64(len(t.outcomes))
	r.last = t.lastAt()
	claimed := t.claimed(t.refused)
	t.apply(r.open, claimed)
	return claimed
}

// redo runs the transaction again after a first try whose result is not known, or finds out why the fence refused it.
func (t *transaction) redo(ctx context.Context, conn *connect.Conn) error {
	if err := conn.Lookup(ctx, "BEGIN", nil); err != nil {
		return err
	}
	state, commits, outcomes, err := lockRun(ctx, conn, t.run.id)
	if err != nil {
		return err
	}
	switch {
	case commits == t.n && state == runLive:
		err = t.readBack(ctx, conn)
	case commits == t.n && state == runTaken:
		t.late = true // what it claimed was recorded as lost
		err = t.touch(ctx, conn)
	case commits != t.n-1 && fenced:
		return ErrRewound
	case state == runTaken && fenced:
		err = t.recordLate(ctx, conn, outcomes)
	case state != runLive && fenced:
		return fmt.Errorf("%w: run %d has ended", ledger.ErrChanged, t.run.id)
	case outcomes != t.run.outcomes && fenced:
		return ErrRewound
	default:
		err = t.again(ctx, conn)
	}
	if err != nil {
		return err
	}
	return conn.Lookup(ctx, "COMMIT", nil)
}

// lockRun waits until no other transaction changes the row of the run, and reads it.
func lockRun(ctx context.Context, conn *connect.Conn, run int64) (state int16, commits, outcomes int64, err error) {
	const query = "SELECT state, commits, outcomes FROM enrich.run WHERE id = $1 FOR UPDATE"
	found := false
	err = conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		state, commits, outcomes, found = row.Int2(), row.Int8(), row.Int8(), true
		return row.Err()
	}, wire.Int8(nil, run))
	if err == nil && !found {
		err = ErrRewound
	}
	return state, commits, outcomes, err
}

// again runs the whole transaction.
func (t *transaction) again(ctx context.Context, conn *connect.Conn) error {
	if t.l.options.ByEmail && len(t.order)+len(t.kept) > 0 {
		if err := t.claimAddresses(ctx, conn); err != nil {
			return err
		}
	}
	t.mayExist = true
	t.prepare()
	b := conn.NewBatch()
	b.Add(ctx, fence, t.fenceParams()...)
	return t.send(ctx, b, 1)
}

// touch changes the row of the run, so that the transaction waits for the standby.
func (t *transaction) touch(ctx context.Context, conn *connect.Conn) error {
	return conn.Lookup(ctx, "UPDATE enrich.run SET commits = commits WHERE id = $1", nil, wire.Int8(nil, t.run.id))
}

// readBack reads what the first try claimed: it was committed.
func (t *transaction) readBack(ctx context.Context, conn *connect.Conn) error {
	if err := t.touch(ctx, conn); err != nil {
		return err
	}
	t.refused = nil
	return conn.Lookup(ctx, readRefused, func(values [][]byte) error {
		row := wire.NewRow(values)
		t.refused = row.Int4s()
		return row.Err()
	}, wire.Int8(nil, t.run.id), wire.Int8(nil, t.n))
}

// recordLate records the outcomes of a run that was taken over: they were paid for. Their numbers follow those of its lost calls.
func (t *transaction) recordLate(ctx context.Context, conn *connect.Conn, outcomes int64) error {
	t.late = true
	t.outcomes = slices.DeleteFunc(slices.Clone(t.outcomes), isLost)
	t.statements, t.first = t.statements[:0], outcomes+1
	t.addOutcomes()
	b := conn.NewBatch()
	const late = "UPDATE enrich.run SET commits = $2, outcomes = outcomes + $3, last_at = greatest(last_at, $4) WHERE id = $1"
	b.Add(ctx, late, wire.Int8(nil, t.run.id), wire.Int8(nil, t.n), wire.Int8(nil, int64(len(t.outcomes))), wire.Time(nil, t.lastAt()))
	return t.send(ctx, b, 1)
}

// isLost reports whether a call was lost. If its run was taken over, that is recorded already.
func isLost(o contact.Outcome) bool { return o.Kind == contact.Lost }
