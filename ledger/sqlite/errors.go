package sqlite

import (
	"errors"
	"fmt"

	"enrich/ledger"

	"github.com/ncruces/go-sqlite3"
)

// errReadOnly is what a ledger that was opened to be read says to those who write.
var errReadOnly = errors.New("write the ledger: it is open for reading only")

// errErased is what a ledger says after something was erased from it.
var errErased = errors.New("write the ledger: something was erased from it: open it again")

// damaged turns SQLite's words for a broken file into [ledger.ErrDamaged]; other errors stay as they are. ERROR is what SQLite
// says when a table or column of ours is not there: our queries are fixed, so that the file is not what it says it is.
func damaged(err error) error {
	switch {
	case err == nil, errors.Is(err, ledger.ErrDamaged), errors.Is(err, ledger.ErrForeign):
		return err
	case errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("%w: %w", ledger.ErrForeign, err)
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.ERROR):
		return fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	}
	return err
}

// unwritten is the error of a write that failed, with what to do about it.
func unwritten(err error) error {
	err = fmt.Errorf("write the ledger: %w", damaged(err))
	switch {
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("%w; what was answered before is kept: make room and run the same command again", err)
	case errors.Is(err, ledger.ErrChanged):
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
		l.failure = fmt.Errorf("%w: %w", ledger.ErrFailed, err)
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
