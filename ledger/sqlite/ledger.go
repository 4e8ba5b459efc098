package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
)

// Options say how a ledger is opened; the zero value is to write, without waiting.
type Options struct {
	// ReadOnly opens it beside a run that may hold it, and changes nothing. A ledger that is not there is then empty.
	ReadOnly bool
	// MustExist makes Open fail with [ledger.ErrMissing] if there is no file. Without it, a ledger that is to be written is made.
	MustExist bool
	// AcceptLoss opens a ledger to write that would be refused with [ledger.ErrIncomplete]; [Ledger.Loss] says what is missing.
	// From then on it counts as complete.
	AcceptLoss bool
	// LockWait is how long to wait for a ledger that another process has locked; 0 gives up at once.
	LockWait time.Duration
	// ByEmail identifies contacts by their address instead of by all that is asked (--same-by email).
	ByEmail bool
	// Addresses keeps which addresses were answered, for [Ledger.AddressAnswered]; 8 bytes for each answer.
	Addresses bool

	// For tests: how SQLite gets at the disk (empty: as it does), and smaller numbers instead of the constants (0: those).
	vfs             string
	pages, packRows int
	mergeAfter      time.Duration
}

// A Ledger is open until [Ledger.Close]. What reads and marks the state in memory may be called from any goroutine;
// [Ledger.Commit] and [Ledger.Outcomes] too, one of them at a time.
type Ledger struct {
	options Options
	path    string
	lock    *lock // nil: read only

	db      sync.Mutex // held while SQLite is used
	conn    *sqlite3.Conn
	stmts   statements
	failure error // not nil: a write failed
	erased  bool
	pruned  int64 // the last commit that was pruned
	removed int64 // when something was last forgotten or pruned, in milliseconds; 0: never
	commit  int64 // the last commit's number
	last    int64 // the last outcome's number
	runs    []runRow
	version int // of the file, as it was opened
	// identities make the keys of the runs' requests, as far as they were needed.
	identities []contact.Identity
	small      small
	opened     openFiles
	loss       []string

	current int64  // the run that was begun; 0: none yet
	claimed []bool // all true, reused

	lastSum      int64 // the checksum of the last outcome; 0: it was erased
	recordSynced bool  // a record was synced since the last checkpoint
	marked       bool  // the ledger says that a log follows

	logPages, checkpointed int // how long the log is, and was when it was last brought into the file
	timer                  *time.Timer

	mu        sync.Mutex // held while what follows is used
	table     table
	answers   int64
	addresses addresses
	found     []contact.Outcome
}

// Open opens the ledger at a path, and makes a new one where there is none. Intents that an earlier run left open are
// lost, and from now on are so in the file; [Ledger.Found] names them.
//
// [ledger.ErrHeld] says that another process writes to it (waited for at most LockWait, or until ctx is done); [ledger.ErrDamaged],
// [ledger.ErrIncomplete], [ledger.ErrForeign] and [ledger.ErrNewer] that the file cannot be used, which is then untouched; [ledger.ErrNetwork] and [ledger.ErrLinked]
// that it stands where no promise could be kept.
func Open(ctx context.Context, path string, o Options) (*Ledger, error) {
	l := &Ledger{options: o}
	if err := l.open(ctx, path); err != nil {
		err = errors.Join(damaged(err), l.release())
		return nil, fmt.Errorf("open ledger %s: %w%s", path, err, advice(err))
	}
	return l, nil
}

// advice is what to do about an error of Open.
func advice(err error) string {
	switch {
	case errors.Is(err, ledger.ErrIncomplete):
		return "; no call was made and its files are unchanged: restore the newest copy of all of them, or, if you put an older copy " +
			"there on purpose, accept the loss with `enrich ledger verify --accept-loss` (contacts whose answer is missing are then " +
			"sent, and paid for, again)"
	case errors.Is(err, ledger.ErrForeign):
		return "; name another file with --ledger"
	case errors.Is(err, ledger.ErrDamaged):
		return "; no call was made and the file was not changed: put a copy of it from before in its place, or move it away " +
			"and begin a new one (every contact is then sent, and paid for, again)"
	case errors.Is(err, ledger.ErrNewer):
		return "; use that version, or name another ledger with --ledger"
	case errors.Is(err, ledger.ErrNetwork):
		return "; name a file on a local disk with --ledger"
	}
	return ""
}

func (l *Ledger) open(ctx context.Context, path string) error {
	real, exists, err := locate(path, !l.options.ReadOnly && !l.options.MustExist)
	if err != nil {
		return err
	}
	l.path = real
	if exists { // before anything is made beside it
		if err := begins(real); err != nil {
			return err
		}
	}
	if !exists && (l.options.ReadOnly || l.options.MustExist) {
		if err := l.missing(); err != nil || l.options.ReadOnly {
			return err
		}
	}
	if l.options.ReadOnly {
		return l.openToReadAgain()
	}
	if l.lock, err = takeLock(ctx, real, l.options.LockWait, l.options.AcceptLoss); err != nil {
		return err
	}
	return l.openToWrite()
}

// missing returns what is wrong with a ledger that has no file: nothing if there never was one, and it may be missing.
func (l *Ledger) missing() error {
	r, err := readRecord(l.path)
	if err != nil {
		return err
	}
	gone := r.refuseNew("it is gone")
	switch {
	case l.options.AcceptLoss && gone != nil:
		return nil
	case l.options.MustExist:
		return ledger.ErrMissing
	}
	return gone
}

func (l *Ledger) openToWrite() error {
	logged, err := checkLog(l.path)
	if errors.Is(err, ledger.ErrDamaged) && l.options.AcceptLoss {
		err = l.lacks("%w", err)
	}
	if err := errors.Join(err, l.judgeFiles(l.lock.found), syncLog(l.path)); err != nil {
		return err
	}
	if err := l.connect(l.lock.found, logged); err != nil {
		return err
	}
	open, err := l.load(false)
	if err != nil {
		return err
	}
	if l.lastSum, err = l.outcomeSum(l.last); err != nil {
		return err
	}
	if err := errors.Join(l.remember(), l.renewRecord(), l.unmarkLog()); err != nil {
		return err
	}
	if err := l.closeRuns(open); err != nil {
		return err
	}
	_, err = l.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false)
	return err
}

// openToReadAgain reads the state. What another process erases may be gone when the record still has it: then the record has
// changed, and is read once more.
func (l *Ledger) openToReadAgain() error {
	for {
		before, err := readRecord(l.path)
		if err != nil {
			return err
		}
		if err = l.openToRead(); !errors.Is(err, ledger.ErrIncomplete) {
			return err
		}
		if now, rerr := readRecord(l.path); rerr != nil || now == before {
			return err
		}
	}
}

// openToRead reads the state as it was at one moment. Whether a run was at it in that moment is found out by keeping
// runs away while the moment is chosen, which is a glance.
func (l *Ledger) openToRead() (err error) {
	if err := oneNameOf(l.path); err != nil {
		return err
	}
	glance, err := lookAt(l.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, glance.close()) }()
	// The record is read before the moment is chosen, so that it is not ahead of it.
	found, err := readRecord(l.path)
	if err != nil {
		return err
	}
	logged := true // a run may be about to write its first transaction
	if glance.alone {
		if logged, err = checkLog(l.path); err != nil {
			return err
		}
	}
	if err := l.judgeFiles(found); err != nil {
		return err
	}
	if err := l.connect(found, logged); err != nil {
		if errors.Is(err, errEmpty) {
			return l.disconnect()
		}
		return err
	}
	live := !glance.alone
	if err := glance.close(); err != nil {
		return err
	}
	open, err := l.load(live)
	if err != nil {
		return err
	}
	l.takeLost(open)
	return errors.Join(l.conn.Exec("COMMIT"), l.remember())
}

// closeRuns ends what runs left open when they ended. Each such intent is a call that may have been charged: a lost
// outcome.
func (l *Ledger) closeRuns(open map[int64][]contact.Outcome) error {
	for _, run := range slices.Sorted(maps.Keys(open)) {
		lost := open[run]
		if err := l.commitGroup(run, nil, lost); err != nil {
			return fmt.Errorf("close what run %d left open: %w", run, err)
		}
		if err := l.endRun(run, func(r *runRow) { r.closed = true }); err != nil {
			return fmt.Errorf("close what run %d left open: %w", run, err)
		}
		l.found = append(l.found, lost...)
	}
	return nil
}

// takeLost is what a reader does instead: it knows them, and nobody else learns of it. Their place is among the found
// ones, counted backwards from -1.
func (l *Ledger) takeLost(open map[int64][]contact.Outcome) {
	for _, run := range slices.Sorted(maps.Keys(open)) {
		for _, o := range open[run] {
			o.Run = run
			l.note(o.Keys, contact.Lost, -1-ledger.Ref(len(l.found)), o.At.UnixMilli())
			l.found = append(l.found, o)
		}
	}
}

// Close gives the ledger back. All that was committed is on the disk before.
func (l *Ledger) Close() error {
	l.db.Lock()
	defer l.db.Unlock()
	return l.release()
}

func (l *Ledger) release() error {
	all := l.disconnect()
	if l.lock != nil {
		all = errors.Join(all, l.lock.release())
		l.lock = nil
	}
	return all
}

func (l *Ledger) disconnect() error {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if l.conn == nil {
		return nil
	}
	if l.failure != nil {
		_, _ = l.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true) // after a failed write nothing more is written
	} else if log, err := os.Stat(l.path + "-wal"); err == nil && log.Size() == 0 {
		_, _ = l.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false) // nothing to write, but a file to take away
	}
	l.forgetFiles()
	err := errors.Join(l.stmts.close(), l.conn.Close())
	l.conn = nil
	return err
}

// Answers is how many contacts have an answer.
func (l *Ledger) Answers() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers
}

// Found are the contacts that an earlier run was asking when it ended, as lost outcomes.
func (l *Ledger) Found() []contact.Outcome { return l.found }

// key is what a contact is identified by in this ledger.
func (l *Ledger) key(k contact.Keys) contact.Key {
	if l.options.ByEmail {
		return k.Email
	}
	return k.Request
}

// States looks contacts up by their keys: states[i] is the state of keys[i]. All of them are of one moment. They are in
// memory: it does not wait, and returns no error.
func (l *Ledger) States(_ context.Context, keys []contact.Keys, states []ledger.State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range keys {
		s := &states[i]
		*s = ledger.State{AddressAnswered: l.addresses.has(keys[i])}
		if e := l.table.find(l.key(keys[i])); e != nil {
			s.Kind, s.Ref, s.At, s.Lost = e.kind(), e.ref(), moment(e.time()), e.lost()
			s.ThisRun, s.Asked = e.meta&thisRunMark != 0, e.meta&askedMark != 0
		}
	}
	return nil
}

// MarkAsked says whether this is the first time that it is called for a contact.
func (l *Ledger) MarkAsked(k contact.Keys) (first bool) { return l.mark(k, askedMark) }

// MarkSeen says whether this is the first time that it is called for a contact.
func (l *Ledger) MarkSeen(k contact.Keys) (first bool) { return l.mark(k, seenMark) }

func (l *Ledger) mark(k contact.Keys, m uint64) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.get(l.key(k)).mark(m)
}

// note takes an outcome into the state. An answer stays the state until there is a newer answer.
func (l *Ledger) note(k contact.Keys, kind contact.Kind, ref ledger.Ref, ms int64) *entry {
	e := l.table.get(l.key(k))
	lost := e.lost()
	switch {
	case kind.Answered():
		if !e.kind().Answered() {
			l.answers++
		}
		l.addresses.add(k.Email)
		e.set(kind, ref, 0, ms)
	case e.kind().Answered():
		if kind == contact.Lost {
			lost++
		}
		e.set(e.kind(), e.ref(), lost, e.time())
	default:
		if kind == contact.Lost {
			lost++
		}
		e.set(kind, ref, lost, ms)
	}
	return e
}
