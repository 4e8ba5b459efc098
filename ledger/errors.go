package ledger

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// Errors of [Open] and of the ledger's methods. All are wrapped with what to do next.
var (
	// ErrHeld: another process writes to the ledger.
	ErrHeld = errors.New("another run has locked the ledger")
	// ErrDamaged: the file is not what was written to it. It is not touched.
	ErrDamaged = errors.New("the ledger is damaged")
	// ErrIncomplete: what was durable in the ledger is not there. It is an ErrDamaged.
	ErrIncomplete = fmt.Errorf("%w: it is not complete", ErrDamaged)
	// ErrChanged: a file of the ledger was removed, replaced or cut while it was open.
	ErrChanged = errors.New("the ledger was changed from outside while it was open")
	// ErrLinked: the file has several names.
	ErrLinked = errors.New("a ledger must have one name")
	// ErrForeign: the file is not a ledger of enrich.
	ErrForeign = errors.New("this file is not a ledger of enrich")
	// ErrNewer: a later version of enrich wrote the ledger.
	ErrNewer = errors.New("the ledger was written by a later version of enrich")
	// ErrNetwork: the file is on a network file system, where neither locks nor syncs can be relied on.
	ErrNetwork = errors.New("a ledger cannot be kept on a network file system")
	// ErrMissing: there is no file, and [Options.MustExist] was set.
	ErrMissing = errors.New("there is no such ledger")
	// ErrFailed: an earlier write or sync failed, and nothing more is taken.
	ErrFailed = errors.New("the ledger failed")
)

// errReadOnly is what a ledger that was opened to be read says to those who write.
var errReadOnly = errors.New("write the ledger: it is open for reading only")

// errErased is what a ledger says after something was erased from it.
var errErased = errors.New("write the ledger: something was erased from it: open it again")

// damaged turns SQLite's words for a broken file into ErrDamaged; other errors stay as they are. ERROR is what SQLite
// says when a table or column of ours is not there: our queries are fixed, so that the file is not what it says it is.
func damaged(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrDamaged), errors.Is(err, ErrForeign):
		return err
	case errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.ERROR):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// unwritten is the error of a write that failed, with what to do about it.
func unwritten(err error) error {
	err = fmt.Errorf("write the ledger: %w", damaged(err))
	switch {
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("%w; what was answered before is kept: make room and run the same command again", err)
	case errors.Is(err, ErrChanged):
		return fmt.Errorf("%w; nothing was published: see what is left with `enrich ledger verify`", err)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("%w: another program has a transaction open on it; what was answered before is kept: end that program's "+
			"transaction, then run the same command again", err)
	}
	return fmt.Errorf("%w; what was answered before is kept: look at the disk (its health, a quota), then run the same command again", err)
}

// fail keeps what went wrong with a write, so that nothing more is written, and returns it.
func (l *Ledger) fail(err error) error {
	err = unwritten(err)
	if l.failure == nil {
		l.failure = fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return err
}

// mayWrite says why nothing can be written, or nil.
func (l *Ledger) mayWrite() error {
	switch {
	case l.failure != nil:
		return l.failure
	case l.erased:
		return errErased
	case l.lock == nil || l.conn == nil:
		return errReadOnly
	}
	return nil
}
