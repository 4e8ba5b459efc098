package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
)

var (
	errReadOnly = errors.New("the ledger is open read-only")
	errErased   = errors.New("reopen the ledger: records were erased from it")
)

// damaged turns SQLite's errors for a broken file into ledger.ErrDamaged; other errors stay as they are. SQLite reports ERROR if
// a table or a column does not exist: the queries are fixed, so the file is not what its version says.
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

// writeError is the error of a write that failed, with what to do about it.
func writeError(err error) error {
	err = fmt.Errorf("write the ledger: %w", damaged(err))
	switch {
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("%w; earlier answers are kept: free some space and run the same command again", err)
	case errors.Is(err, ledger.ErrChanged):
		return fmt.Errorf("%w; nothing was published: see what is left with `enrich ledger verify`", err)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("%w: another program has a transaction open on it; earlier answers are kept: end that program's "+
			"transaction, then run the same command again", err)
	}
	return fmt.Errorf("%w; earlier answers are kept: check the disk (its health, a quota), then run the same command again", err)
}

// fail records that a write failed, so that nothing more is written, and returns the error.
func (l *Ledger) fail(err error) error {
	err = writeError(err)
	if l.failure == nil {
		l.failure = fmt.Errorf("%w: %w", ledger.ErrFailed, err)
	}
	return err
}

// writable returns why nothing can be written, or nil.
func (l *Ledger) writable() error {
	switch {
	case l.failure != nil:
		return l.failure
	case l.mustReopen:
		return errErased
	case l.lock == nil || l.conn == nil:
		return errReadOnly
	}
	return nil
}
