package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/dbfile"
	"enrich/ledger/sqlite/internal/lockfile"
	"enrich/ledger/sqlite/internal/wal"
)

// Open opens the ledger at a path, and creates it if there is none. Intents that an earlier run left open become lost calls,
// in the file too; [Ledger.InterruptedCalls] names them.
//
// [ledger.ErrLocked] means that another process is writing to it; Open waits for at most LockWait, or until ctx is done.
// [ledger.ErrDamaged], [ledger.ErrIncomplete], [ledger.ErrForeign] and [ledger.ErrNewer] mean that the file cannot be used; it
// is not changed then. [ledger.ErrNetwork] and [ledger.ErrLinked] mean that no promise could be kept for it.
func Open(ctx context.Context, path string, o Options) (*Ledger, error) {
	l := &Ledger{options: o}
	l.states.ByEmail = o.ByEmail
	if err := l.open(ctx, path); err != nil {
		err = errors.Join(damaged(err), l.release())
		return nil, fmt.Errorf("open ledger %s: %w%s", path, err, advice(err))
	}
	return l, nil
}

// advice says what to do about an error of Open.
func advice(err error) string {
	switch {
	case errors.Is(err, ledger.ErrIncomplete):
		return "; no call was made and its files are unchanged: restore the newest copy of all of them, or, if you put an older copy " +
			"there on purpose, accept the loss with `enrich ledger verify --accept-loss` (contacts whose answer is missing are then " +
			"sent, and paid for, again)"
	case errors.Is(err, ledger.ErrForeign):
		return "; name another file with --ledger"
	case errors.Is(err, ledger.ErrDamaged):
		return "; no call was made and the file was not changed: restore it from a backup, or move it away and start with a new " +
			"one (every contact is then sent, and paid for, again)"
	case errors.Is(err, ledger.ErrNewer):
		return "; use that version, or name another ledger with --ledger"
	case errors.Is(err, ledger.ErrNetwork):
		return "; name a file on a local disk with --ledger"
	}
	return ""
}

func (l *Ledger) open(ctx context.Context, path string) error {
	real, exists, err := dbfile.Resolve(path, !l.options.ReadOnly && !l.options.MustExist)
	if err != nil {
		return err
	}
	l.path = real
	if exists { // before anything is created beside it
		if err := dbfile.CheckHeader(real); err != nil {
			return err
		}
	}
	if !exists && (l.options.ReadOnly || l.options.MustExist) {
		if err := l.missing(); err != nil || l.options.ReadOnly {
			return err
		}
	}
	if l.options.ReadOnly {
		return l.openToRead()
	}
	if l.lock, err = lockfile.Take(ctx, real, lockfile.Wait{Most: l.options.LockWait, Begins: l.options.Waiting}, l.options.AcceptLoss); err != nil {
		return err
	}
	return l.openToWrite()
}

// missing returns the error for a ledger that has no file: nil if it never had one and need not exist.
func (l *Ledger) missing() error {
	r, err := lockfile.ReadRecord(l.path)
	if err != nil {
		return err
	}
	gone := r.RefuseNew()
	switch {
	case l.options.AcceptLoss && gone != nil:
		return nil
	case l.options.MustExist:
		return ledger.ErrMissing
	}
	return gone
}

func (l *Ledger) openToWrite() error {
	found := l.lock.Found
	logged, err := wal.Check(l.path)
	if errors.Is(err, ledger.ErrDamaged) && l.options.AcceptLoss {
		err = l.incomplete("%w", err)
	}
	if err := errors.Join(err, l.checkEmptyFile(found), wal.Sync(l.path)); err != nil {
		return err
	}
	if err := l.connect(found, logged); err != nil {
		return err
	}
	open, err := l.load()
	if err != nil {
		return err
	}
	if l.lastSum, err = l.outcomeSum(l.last); err != nil {
		return err
	}
	if err := errors.Join(l.watchFiles(), l.renewRecord(), l.clearMark()); err != nil {
		return err
	}
	if err := l.closeRuns(open); err != nil {
		return err
	}
	_, err = l.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false)
	return err
}

// openToRead opens the ledger for reading. If another process is erasing, the record may state what is gone already: then the record
// changes soon, and the ledger is opened again.
func (l *Ledger) openToRead() error {
	for {
		before, err := lockfile.ReadRecord(l.path)
		if err != nil {
			return err
		}
		if err = l.tryToRead(); !errors.Is(err, ledger.ErrIncomplete) {
			return err
		}
		if now, rerr := lockfile.ReadRecord(l.path); rerr != nil || now == before {
			return err
		}
	}
}

// tryToRead is one attempt of openToRead. It reads the states as of one moment. To find out whether a run was writing at that moment,
// it keeps runs away while the moment is chosen, which is short.
func (l *Ledger) tryToRead() (err error) {
	if err := lockfile.RefuseLinks(l.path); err != nil {
		return err
	}
	look, err := lockfile.LookAt(l.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, look.Close()) }()
	// The record is read before the moment is chosen, so it cannot be ahead of it.
	found, err := lockfile.ReadRecord(l.path)
	if err != nil {
		return err
	}
	logged := true // a run may be about to write its first transaction
	if look.NoWriter {
		if logged, err = wal.Check(l.path); err != nil {
			return err
		}
	}
	if err := l.checkEmptyFile(found); err != nil {
		return err
	}
	if err := l.connect(found, logged); err != nil {
		if errors.Is(err, errEmpty) {
			return l.disconnect()
		}
		return err
	}
	l.live = !look.NoWriter
	if err := look.Close(); err != nil {
		return err
	}
	open, err := l.load()
	if err != nil {
		return err
	}
	return errors.Join(l.addLost(open), l.conn.Exec("COMMIT"), l.watchFiles())
}

// closeRuns ends the intents that runs left open when they ended. Each is a call that may have been charged: a lost outcome.
func (l *Ledger) closeRuns(open map[int64][]contact.Outcome) error {
	for _, run := range slices.Sorted(maps.Keys(open)) {
		lost := open[run]
		if err := l.commitGroup(run, nil, lost); err != nil {
			return fmt.Errorf("close the open calls of run %d: %w", run, err)
		}
		if err := l.endRun(run, func(r *runRow) { r.closed = true }); err != nil {
			return fmt.Errorf("close the open calls of run %d: %w", run, err)
		}
		l.interrupted = append(l.interrupted, lost...)
	}
	return l.closeJobs()
}

// closeJobs ends the jobs whose run died before the result of the submission was recorded. The API may have accepted them: each
// of their contacts is lost.
func (l *Ledger) closeJobs() error {
	for _, j := range l.unfinishedJobs() {
		if j.state != ledger.JobSubmitted {
			continue
		}
		lost, err := l.lostContacts(j)
		if err == nil {
			err = l.CommitResults(context.Background(), j.run, j.id, lost, nil, ledger.JobLost)
		}
		if err != nil {
			return fmt.Errorf("close job %d: %w", j.id, err)
		}
		l.interrupted = append(l.interrupted, lost...)
	}
	return nil
}

// addLost is what a reader does instead of closeRuns, whose lost outcomes it may not write: it adds them to its own states. Their
// references are their places in interrupted, counted backwards from -1.
func (l *Ledger) addLost(open map[int64][]contact.Outcome) error {
	add := func(run int64, lost []contact.Outcome, ofJob bool) {
		for i := range lost {
			lost[i].Run = run
			l.states.Load(lost[i].Keys, contact.Lost, -1-ledger.Ref(len(l.interrupted)), lost[i].At.UnixMilli(), ofJob)
			l.interrupted = append(l.interrupted, lost[i])
		}
	}
	for _, run := range slices.Sorted(maps.Keys(open)) {
		add(run, open[run], false)
	}
	for _, j := range l.unfinishedJobs() {
		if j.state != ledger.JobSubmitted || l.live {
			continue
		}
		lost, err := l.lostContacts(j)
		if err != nil {
			return err
		}
		add(j.run, lost, true)
		delete(l.jobs, j.id)
	}
	return nil
}
