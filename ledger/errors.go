package ledger

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// Errors of [Open] and of the ledger's methods. All are wrapped with what to do next.
var (
	// ErrHeld: another process writes to the ledger.
	ErrHeld = errors.New("another run holds the ledger")
	// ErrDamaged: the file is not what was written to it. It is not touched.
	ErrDamaged = errors.New("the ledger is damaged")
	// ErrForeign: the file is none of ours.
	ErrForeign = errors.New("this file is no ledger of enrich")
	// ErrNewer: a later version of enrich wrote the ledger.
	ErrNewer = errors.New("the ledger was written by a later version of enrich")
	// ErrNetwork: the file is on a network file system, where neither locks nor syncs can be relied on.
	ErrNetwork = errors.New("a ledger cannot be kept on a network file system")
	// ErrFailed: an earlier write or sync failed, and nothing more is taken.
	ErrFailed = errors.New("the ledger failed")
)

// damaged turns SQLite's words for a broken file into ErrDamaged; other errors stay as they are.
func damaged(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrDamaged):
		return err
	case errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case errors.Is(err, sqlite3.CORRUPT):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
