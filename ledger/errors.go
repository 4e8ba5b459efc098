package ledger

import (
	"errors"
	"fmt"
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
