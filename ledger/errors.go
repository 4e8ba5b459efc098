package ledger

import (
	"errors"
	"fmt"
)

// The errors of a store. It wraps them with what to do next.
var (
	// ErrLocked: another process is writing to the ledger.
	ErrLocked = errors.New("another run has locked the ledger")
	// ErrDamaged: the content of the ledger is not what the store wrote. The store does not change it.
	ErrDamaged = errors.New("the ledger is damaged")
	// ErrIncomplete: something is missing that was durable in the ledger. It is an ErrDamaged.
	ErrIncomplete = fmt.Errorf("%w: it is not complete", ErrDamaged)
	// ErrChanged: the ledger was removed, replaced or cut off while it was open.
	ErrChanged = errors.New("the ledger was changed from outside while it was open")
	// ErrLinked: the ledger's file has several names (hard links).
	ErrLinked = errors.New("the ledger has several hard links")
	// ErrForeign: it is not a ledger of enrich.
	ErrForeign = errors.New("this file is not a ledger of enrich")
	// ErrNewer: a later version of enrich wrote the ledger.
	ErrNewer = errors.New("the ledger was written by a later version of enrich")
	// ErrNetwork: the ledger's file is on a network file system, where neither locks nor syncs are reliable.
	ErrNetwork = errors.New("a ledger cannot be kept on a network file system")
	// ErrMissing: there is no ledger, and one was required.
	ErrMissing = errors.New("there is no such ledger")
	// ErrRefused: the database cannot keep the promises of a ledger.
	ErrRefused = errors.New("this database cannot keep the ledger")
	// ErrDenied: the database does not let the user in, or the user lacks a right.
	ErrDenied = errors.New("the database does not permit it")
	// ErrUnreachable: no connection to the database could be made, or it was lost for too long. What was committed is durable.
	ErrUnreachable = errors.New("the database of the ledger cannot be reached")
	// ErrFenced: another run declared this one dead, or the database lost commits of it. It sends nothing more.
	ErrFenced = errors.New("the ledger does not accept this run any more")
	// ErrNoJob: there is no bulk job with the number, or it has ended.
	ErrNoJob = errors.New("there is no such open job")
	// ErrNotEmpty: records cannot be copied into a ledger that has some.
	ErrNotEmpty = errors.New("the ledger is not empty")
	// ErrFailed: an earlier write or sync failed, and nothing more is accepted.
	ErrFailed = errors.New("the ledger failed")
)
