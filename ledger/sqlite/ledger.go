package sqlite

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite/internal/lockfile"
	"enrich/ledger/sqlite/internal/states"
	"enrich/ledger/sqlite/internal/wal"
)

// Options say how a ledger is opened. The zero value opens it for writing, without waiting.
type Options struct {
	// ReadOnly opens the ledger beside a run that may be writing to it, and changes nothing. A ledger that does not exist is
	// then empty.
	ReadOnly bool
	// MustExist makes Open return [ledger.ErrMissing] if there is no file. Otherwise a ledger opened for writing is created.
	MustExist bool
	// AcceptLoss opens a ledger for writing that would be refused with [ledger.ErrIncomplete]; [Ledger.Loss] says what is
	// missing. From then on the ledger counts as complete.
	AcceptLoss bool
	// LockWait is how long to wait for a ledger that another process has locked; 0 does not wait.
	LockWait time.Duration
	// Waiting is called once if the wait for the lock takes more than a second, with who has it. It may be nil.
	Waiting func(owner string)
	// ByEmail identifies contacts by their address instead of by the whole request (--same-by email).
	ByEmail bool

	// For tests: the VFS (empty: SQLite's default), and smaller numbers instead of the constants (0: the constants).
	vfs                                         string
	checkpointPages, compactAfter, addressBatch int
	checkpointDelay                             time.Duration
}

var _ ledger.Store = (*Ledger)(nil)

// A Ledger is open until [Ledger.Close]. Its methods may be called from any goroutine.
type Ledger struct {
	options Options
	path    string
	lock    *lockfile.Lock // nil: read only
	states  states.Table

	db         sync.Mutex // protects everything below
	conn       *sqlite3.Conn
	stmts      statements
	failure    error // a write failed: every later call returns it
	mustReopen bool  // the file was changed without its states: something was erased or imported

	version    int // of the file, as it was opened
	runs       []runRow
	current    int64              // the run that was begun; 0: none yet
	commit     int64              // the last commit's number
	last       int64              // the last outcome's number
	lastSum    int64              // the checksum of the last outcome; 0: it was erased
	pruned     int64              // the last commit that was pruned
	jobs       map[int64]*openJob // those that have not ended, by number
	lastJob    int64              // the last job's number
	members    *jobMembers        // of the job whose results were committed last; nil: none
	live       bool               // read only, and a run was writing when it was opened
	lastRun    int64              // the highest run that has outcomes
	mixed      int64              // up to this outcome the runs need not ascend, because they were at the same time (see Import); 0: they do
	lastErased int64              // when something was last forgotten or pruned, in milliseconds; 0: never
	// identities make the keys of the runs' requests; filled when needed.
	identities  []contact.Identity
	interrupted []contact.Outcome // see InterruptedCalls
	loss        []string          // see Loss

	files        openFiles
	compaction   compaction
	recordSynced bool // a record was synced since the last checkpoint
	logNeeded    bool // the ledger says that a log must follow

	logPages, checkpointed int // the length of the log, now and at the last checkpoint
	timer                  *time.Timer
	claimed                []bool // all true, reused
}

// Close releases the ledger. All commits are on the disk already.
func (l *Ledger) Close() error {
	l.db.Lock()
	defer l.db.Unlock()
	return l.release()
}

func (l *Ledger) release() error {
	all := l.disconnect()
	if l.lock != nil {
		all = errors.Join(all, l.lock.Release())
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
	} else if log, err := os.Stat(wal.Path(l.path)); err == nil && log.Size() == 0 {
		_, _ = l.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false) // there is nothing to write, but a file to remove
	}
	l.files.close()
	err := errors.Join(l.stmts.close(), l.conn.Close())
	l.conn = nil
	return err
}

// Answers returns how many contacts have an answer.
func (l *Ledger) Answers() int64 { return l.states.Answers() }

// InterruptedCalls returns the calls that earlier runs left open when they ended, as lost outcomes. They were found when this ledger was
// opened; each is reported once.
func (l *Ledger) InterruptedCalls() []contact.Outcome { return l.interrupted }

// Loss returns what was missing when the ledger was opened with [Options.AcceptLoss].
func (l *Ledger) Loss() []string { return l.loss }

// LastErased returns when something was last forgotten or pruned, to the millisecond, or the zero time. Outputs that are older may
// contain what had to be deleted. Older versions recorded only the time of a prune.
func (l *Ledger) LastErased() time.Time {
	if l.lastErased == 0 {
		return time.Time{}
	}
	return moment(l.lastErased)
}

// States looks contacts up by their keys: states[i] is the state of keys[i]. The states are in memory: it does not wait, and
// returns no error.
func (l *Ledger) States(_ context.Context, keys []contact.Keys, states []ledger.State) error {
	l.states.States(keys, states)
	return nil
}
