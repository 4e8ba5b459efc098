package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// Forget removes every trace of one person, who is given by any of the fields: what was sent with all of them, every answer that
// returns all of them (the address may be anywhere in it), and everything else that was sent and answered for the same request.
// After that nothing of it is in the bytes of the file or its log, nor the keys made from it. It returns what was removed. A
// contact that is forgotten is new: sent again, it costs again. If it is in an open job, its result will be dropped.
//
// After Forget and [Ledger.Prune] the ledger accepts nothing more until it is opened again. If one of them fails, some of what
// it had to remove may still be there: call it again.
func (l *Ledger) Forget(ctx context.Context, who contact.Contact) (ledger.Erased, error) {
	filter := ledger.NewFilter(who)
	if filter.IsEmpty() { // it would match everyone
		return ledger.Erased{}, errors.New("forget: name at least one field")
	}
	return l.erase(ctx, func(e *erasure) error {
		if err := e.findRequests(filter); err != nil {
			return err
		}
		err := e.eraseScattered(func(o ended) bool {
			_, ok := e.requests[o.keys.Request]
			return ok
		})
		if err != nil {
			return err
		}
		return e.forgetJobs(&filter)
	})
}

// Prune removes what ended before a moment, and makes the file smaller. Contacts whose answer was removed are new again. Jobs that
// have not ended stay as they are. It returns what was removed; the numbers of removed outcomes are not used again.
func (l *Ledger) Prune(ctx context.Context, before time.Time) (ledger.Erased, error) {
	cutoff := before.UnixMilli()
	return l.erase(ctx, func(e *erasure) error {
		if err := e.prunePrefix(cutoff); err != nil {
			return err
		}
		e.keepJobs = true
		if err := e.eraseScattered(func(o ended) bool { return o.at < cutoff }); err != nil {
			return err
		}
		return e.pruneJobs(cutoff)
	})
}

// An erasure is a Forget or a Prune in progress.
type erasure struct {
	*Ledger
	removed ledger.Erased
	// requests are those whose outcomes are removed, each with the commit before which its intents are removed too.
	requests map[contact.Key]int64
	// cost is what the removed outcomes had cost, by day: a budget continues to count it.
	cost map[int64]ledger.Spent
	// dated: a row of table pruned has the time of this erasure.
	dated bool
	// keepJobs: nothing is removed from open jobs.
	keepJobs bool
	// fromJobs are the jobs from which contacts were removed, and how many of those had no outcome.
	fromJobs map[int64]int64
	// erasedIDs are the places of the contacts that were removed from open jobs, by job.
	erasedIDs map[int64][]int
}

// erase runs an erasure in one transaction, then rewrites the file.
func (l *Ledger) erase(ctx context.Context, do func(*erasure) error) (ledger.Erased, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return ledger.Erased{}, err
	}
	if slices.ContainsFunc(l.runs, func(r runRow) bool { return !r.closed }) {
		return ledger.Erased{}, errors.New("a run is in progress")
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	l.lastSum = 0 // the last outcome may be removed: from here on the lock file records only the numbers
	if err := l.syncRecord(); err != nil {
		return ledger.Erased{}, err
	}
	l.mustReopen = true
	e := erasure{Ledger: l, requests: map[contact.Key]int64{}, cost: map[int64]ledger.Spent{}, fromJobs: map[int64]int64{}, erasedIDs: map[int64][]int{}}
	if err := l.conn.Exec("PRAGMA secure_delete = ON; BEGIN IMMEDIATE"); err != nil {
		return ledger.Erased{}, l.failUnlessInterrupted(ctx, err)
	}
	if err := errors.Join(do(&e), e.recordCost(), e.recordTime()); err != nil {
		return ledger.Erased{}, errors.Join(cause(ctx, damaged(err)), l.rollBack())
	}
	if err := l.conn.Exec("COMMIT"); err != nil {
		return ledger.Erased{}, errors.Join(l.failUnlessInterrupted(ctx, err), l.rollBack())
	}
	if err := l.rewrite(); err != nil {
		return e.removed, fmt.Errorf("erased data may remain in the file; run the command again: %w", l.failUnlessInterrupted(ctx, err))
	}
	return e.removed, nil
}

func (l *Ledger) failUnlessInterrupted(ctx context.Context, err error) error {
	if isInterruption(ctx, err) {
		return context.Cause(ctx)
	}
	return l.fail(err)
}

func isInterruption(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, sqlite3.INTERRUPT) || errors.Is(err, ctx.Err()))
}

// cause returns the context's cause for an interruption, and any other error as it is.
func cause(ctx context.Context, err error) error {
	if isInterruption(ctx, err) {
		return context.Cause(ctx)
	}
	return err
}

func (l *Ledger) rollBack() error {
	if l.conn.GetAutocommit() { // SQLite has done so
		return nil
	}
	old := l.conn.SetInterrupt(context.Background())
	defer l.conn.SetInterrupt(old)
	return l.conn.Exec("ROLLBACK")
}

// rewrite writes a new file from what is left in it, and empties the log: free space would keep the removed bytes.
func (l *Ledger) rewrite() error {
	if err := l.stmts.close(); err != nil {
		return err
	}
	verr := l.conn.Exec("VACUUM")
	_, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	switch {
	case verr != nil:
		return fmt.Errorf("rewrite the file (it needs as much free space as the file has, here and for temporary files): %w", verr)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("empty the log: another process reads the ledger; do it again when that has ended: %w", err)
	case err != nil:
		return fmt.Errorf("empty the log: %w", err)
	}
	return nil
}

// findRequests finds the requests that are about a person, by what was sent and by what was answered.
func (e *erasure) findRequests(filter ledger.Filter) error {
	return e.walk(e.pruned+1, func(c *commitRow) error {
		if c.contacts != nil {
			for i, asked := range slices.Collect(jsonscan.Elements(c.contacts)) {
				if asked[0] == '{' && filter.MatchesRequest(contact.ParseJSON(asked)) {
					e.requests[codec.ReadKeys(c.keys[i*codec.KeysSize:]).Request] = math.MaxInt64
				}
			}
			return nil
		}
		for stmt, err := range e.rows(recordColumns+" WHERE id BETWEEN ? AND ?", c.first, c.first+c.count()-1) {
			if err != nil {
				return err
			}
			var r record
			if !r.read(stmt) {
				return r.damaged()
			}
			if filter.MatchesRequest(contact.ParseJSON(r.contact)) || filter.MatchesAnswer(r.body) {
				e.requests[c.ended(r.id).keys.Request] = math.MaxInt64
			}
		}
		return nil
	})
}

// prunePrefix removes whole the commits before the first one that has an outcome after the cutoff, and records the numbers
// that were assigned. eraseScattered removes what is old in the other commits.
func (e *erasure) prunePrefix(cutoff int64) error {
	end, err := e.firstKept(cutoff)
	if err != nil || end.id <= e.pruned+1 {
		return err
	}
	const counts = `SELECT count(*), coalesce(sum(kind IN (1, 2)), 0), (SELECT coalesce(sum(length(keys)), 0) FROM asked WHERE id < ?),
		(SELECT coalesce(max(id), 0) + 1 FROM pruned) FROM outcome WHERE id < ?`
	var outcomes, row int64
	for stmt, err := range e.rows(counts, end.id, end.first) {
		if err != nil {
			return err
		}
		outcomes, row = stmt.ColumnInt64(0), stmt.ColumnInt64(3)
		answers, intents := stmt.ColumnInt64(1), stmt.ColumnInt64(2)/int64(codec.KeysSize)
		e.removed = ledger.Erased{Answers: answers, Others: outcomes - answers, Intents: intents}
	}
	if outcomes == 0 {
		e.removed = ledger.Erased{}
		return nil
	}
	if err := e.addCost("id < ?", end.first); err != nil {
		return err
	}
	e.dated = true
	return errors.Join(
		e.exec("DELETE FROM outcome WHERE id < ?", end.first), e.exec("DELETE FROM ended WHERE id < ?", end.id),
		e.exec("DELETE FROM asked WHERE id < ?", end.id), e.insertPruned(row, end.id-1, end.first-1),
	)
}

// firstKept returns the first commit, and its first outcome, that has an outcome after the cutoff or the intents of an open job.
func (e *erasure) firstKept(cutoff int64) (commitRow, error) {
	end := e.commit + 1
	for _, j := range e.unfinishedJobs() {
		end = min(end, j.asked)
	}
	for stmt, err := range e.rows(e.selectEnded() + " ORDER BY id") {
		if err != nil {
			return commitRow{}, err
		}
		c, err := readCommit(stmt)
		if err != nil {
			return commitRow{}, err
		}
		if hasNewer(c.keys, cutoff) || c.id >= end {
			return commitRow{id: min(c.id-c.commits+1, end), first: c.first}, nil
		}
	}
	return commitRow{id: end, first: e.last + 1}, nil
}

func hasNewer(keys []byte, cutoff int64) bool {
	for i := 0; i < len(keys); i += endedSize {
		if e := readEnded(keys[i:]); e.kind != 0 && e.at >= cutoff {
			return true
		}
	}
	return false
}

// recordTime records when something was removed, unless a row of pruned has it already. The row repeats the numbers of the row
// before it: it prunes nothing, and names nobody.
func (e *erasure) recordTime() error {
	if e.removed == (ledger.Erased{}) || e.dated {
		return nil
	}
	var last, commits, outcomes int64
	for stmt, err := range e.rows("SELECT id, commits, outcomes FROM pruned ORDER BY id DESC LIMIT 1") {
		if err != nil {
			return err
		}
		last, commits, outcomes = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)
	}
	return e.insertPruned(last+1, commits, outcomes)
}

func (e *erasure) insertPruned(id, commits, outcomes int64) error {
	row := []int64{id, time.Now().UnixMilli(), commits, outcomes}
	return e.exec("INSERT INTO pruned VALUES(?,?,?,?,?)", append(row, checksum(row))...)
}
