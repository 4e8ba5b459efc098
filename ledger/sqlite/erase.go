package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/tidwall/gjson"

	"enrich/contact"
	"enrich/ledger"
)

// Forget removes every trace of one person, given by any of the fields: what was asked with all of them, every answer
// that gives them back or names the address, and all else that was asked and answered under the same question.
// Afterwards nothing of it is in the file's bytes, nor in its log's, nor the keys made of it. It returns what
// was removed. A contact that is forgotten is new: asked again, it costs again.
//
// After Forget and [Ledger.Prune] the ledger takes nothing more until it is opened again. Where one of them fails, what it
// was to remove may be there still: call it again.
func (l *Ledger) Forget(ctx context.Context, who contact.Contact) (ledger.Erased, error) {
	if ledger.NewMatcher(who) == (ledger.Matcher{}) { // nothing that is wanted is had by everybody
		return ledger.Erased{}, errors.New("forget: name at least one field")
	}
	return l.erase(ctx, func(e *erasure) error {
		if err := e.find(ledger.NewMatcher(who)); err != nil {
			return err
		}
		return e.some(func(o ended) bool {
			_, ok := e.gone[o.keys.Request]
			return ok
		})
	})
}

// Prune removes what ended before a moment, and makes the file smaller. Contacts whose answer goes are new again. It
// returns what was removed; the numbers of it are not given again.
func (l *Ledger) Prune(ctx context.Context, before time.Time) (ledger.Erased, error) {
	old := before.UnixMilli()
	return l.erase(ctx, func(e *erasure) error {
		if err := e.beginning(old); err != nil {
			return err
		}
		return e.some(func(o ended) bool { return o.at < old })
	})
}

// An erasure is one of the two under way.
type erasure struct {
	*Ledger
	n ledger.Erased
	// gone is the questions that go, each with the commit before which its intents do.
	gone map[contact.Key]int64
	// cost is what the outcomes that go had cost: a budget goes on counting it.
	cost map[int64]ledger.Spent
	// dated: a row of pruned has the time of this erasure.
	dated bool
}

// erase does it in one transaction, then makes the file anew.
func (l *Ledger) erase(ctx context.Context, do func(*erasure) error) (ledger.Erased, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return ledger.Erased{}, err
	}
	if slices.ContainsFunc(l.runs, func(r runRow) bool { return !r.closed }) {
		return ledger.Erased{}, errors.New("a run is under way")
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	l.lastSum = 0 // the last outcome may go: from here on the lock file records the numbers alone
	if err := l.keepRecord(true); err != nil {
		return ledger.Erased{}, err
	}
	l.erased = true // the state in memory is of what was there before
	e := erasure{Ledger: l, gone: map[contact.Key]int64{}, cost: map[int64]ledger.Spent{}}
	if err := l.conn.Exec("PRAGMA secure_delete = ON; BEGIN IMMEDIATE"); err != nil {
		return ledger.Erased{}, l.interrupted(ctx, err)
	}
	if err := errors.Join(do(&e), e.keepCost(), e.keepTime()); err != nil {
		return ledger.Erased{}, errors.Join(why(ctx, damaged(err)), l.undo())
	}
	if err := l.conn.Exec("COMMIT"); err != nil {
		return ledger.Erased{}, errors.Join(l.interrupted(ctx, err), l.undo())
	}
	if err := l.rewrite(); err != nil {
		return e.n, fmt.Errorf("what was removed may still be in the file's bytes, do it again: %w", l.interrupted(ctx, err))
	}
	return e.n, nil
}

// interrupted is the error of a write: a failure, unless it was only interrupted.
func (l *Ledger) interrupted(ctx context.Context, err error) error {
	if isInterruption(ctx, err) {
		return context.Cause(ctx)
	}
	return l.fail(err)
}

func isInterruption(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, sqlite3.INTERRUPT) || errors.Is(err, ctx.Err()))
}

// why prefers the reason of an interruption to the interruption.
func why(ctx context.Context, err error) error {
	if isInterruption(ctx, err) {
		return context.Cause(ctx)
	}
	return err
}

func (l *Ledger) undo() error {
	if l.conn.GetAutocommit() { // SQLite has done it
		return nil
	}
	old := l.conn.SetInterrupt(context.Background())
	defer l.conn.SetInterrupt(old)
	return l.conn.Exec("ROLLBACK")
}

// rewrite makes the file anew from what is left in it, and empties the log: free space keeps old bytes, this does not.
func (l *Ledger) rewrite() error {
	if err := l.stmts.close(); err != nil {
		return err
	}
	remade := l.conn.Exec("VACUUM")
	_, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	switch {
	case remade != nil:
		return fmt.Errorf("make the file anew (it needs as much free space as the file has, here and for temporary files): %w", remade)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("empty the log: another process reads the ledger; do it again when that has ended: %w", err)
	case err != nil:
		return fmt.Errorf("empty the log: %w", err)
	}
	return nil
}

// find finds the questions that are about a person, by what was asked and by what was answered.
func (e *erasure) find(m ledger.Matcher) error {
	return e.walk(e.pruned+1, func(c *commitRow) error {
		if c.contacts != nil {
			for i, asked := range gjson.ParseBytes(c.contacts).Array() {
				if asked.IsObject() && m.Asks(contact.ParseJSON([]byte(asked.Raw))) {
					e.gone[readKeys(c.keys[i*keysSize:]).Request] = math.MaxInt64
				}
			}
			return nil
		}
		return e.outcomes(c, func(r *record, o ended) {
			if m.Asks(contact.ParseJSON(r.contact)) || m.Answers(r.body) {
				e.gone[o.keys.Request] = math.MaxInt64
			}
		})
	})
}

// outcomes goes through the outcomes of one commit.
func (e *erasure) outcomes(c *commitRow, do func(*record, ended)) error {
	n := int64(len(c.keys) / endedSize)
	for stmt, err := range e.rows(readColumns+" WHERE id BETWEEN ? AND ?", c.first, c.first+n-1) {
		if err != nil {
			return err
		}
		var r record
		r.read(stmt)
		if r.sum() != stmt.ColumnInt64(11) {
			return fmt.Errorf("%w: outcome %d is not what was written", ledger.ErrDamaged, r.id)
		}
		do(&r, readEnded(c.keys[(r.id-c.first)*int64(endedSize):]))
	}
	return nil
}

// beginning removes the commits before the first one that has an outcome which is not old, whole. What is left of the
// others is the work of some. It notes which numbers were given.
func (e *erasure) beginning(old int64) error {
	cut := commitRow{id: e.commit + 1, first: e.last + 1}
	for stmt, err := range e.rows(readEnds) {
		if err != nil {
			return err
		}
		c, err := readCommit(stmt)
		if err != nil {
			return err
		}
		if hasNewer(c.keys, old) {
			cut = commitRow{id: c.id - c.commits + 1, first: c.first}
			break
		}
	}
	if cut.id <= e.pruned+1 {
		return nil
	}
	outcomes, err := e.number("SELECT count(*) FROM outcome WHERE id < ?", cut.first)
	if err != nil || outcomes == 0 {
		return err
	}
	answers, err := e.number("SELECT count(*) FROM outcome WHERE id < ? AND kind IN (1, 2)", cut.first)
	if err != nil {
		return err
	}
	intents, err := e.number(fmt.Sprintf("SELECT coalesce(sum(length(keys)), 0) / %d FROM asked WHERE id < ?", keysSize), cut.id)
	if err != nil {
		return err
	}
	id, err := e.number("SELECT coalesce(max(id), 0) + 1 FROM pruned")
	if err != nil {
		return err
	}
	if err := e.addCost("id < ?", cut.first); err != nil {
		return err
	}
	e.n = ledger.Erased{Answers: answers, Others: outcomes - answers, Intents: intents}
	e.dated = true
	now := time.Now().UnixMilli()
	return errors.Join(
		e.exec("DELETE FROM outcome WHERE id < ?", cut.first), e.exec("DELETE FROM ended WHERE id < ?", cut.id),
		e.exec("DELETE FROM asked WHERE id < ?", cut.id),
		e.exec("INSERT INTO pruned VALUES(?,?,?,?,?)", id, now, cut.id-1, cut.first-1, checksum([]int64{id, now, cut.id - 1, cut.first - 1})),
	)
}

func hasNewer(keys []byte, old int64) bool {
	for i := 0; i < len(keys); i += endedSize {
		if e := readEnded(keys[i:]); e.kind != 0 && e.at >= old {
			return true
		}
	}
	return false
}
