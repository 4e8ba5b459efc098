package main

import (
	"context"
	"errors"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// storeOptions say how a ledger is opened, wherever it is. The zero value opens it for a run.
type storeOptions struct {
	// readOnly changes nothing, and works beside a run. A ledger that does not exist is then empty.
	readOnly bool
	// mustExist refuses a ledger that does not exist; otherwise a file is created.
	mustExist bool
	// acceptLoss opens a file that lacks its newest commits (`enrich ledger verify`).
	acceptLoss bool
	// lockWait is how long to wait for a file that another run has locked.
	lockWait time.Duration
	// byEmail identifies contacts by their address.
	byEmail bool
	// requireSync refuses a database with standbys of which none is synchronous.
	requireSync bool
	// printer shows warnings of a database and waits for it.
	printer *console.Printer
}

// A lossyStore says what was missing when it was opened with acceptLoss. Only a file can lack what was in it.
type lossyStore interface{ Loss() []string }

// openStore is the one place that knows the kinds of ledgers.
func openStore(ctx context.Context, place settings.LedgerPlace, o storeOptions) (ledger.Store, error) {
	if o.acceptLoss && place.IsShared() {
		return nil, usage(problem.Wrap(errors.New("only the ledger in a file can lack its newest commits"), "invalid_value", "accept-loss", "leave the flag out"))
	}
	if place.IsShared() {
		return nil, usage(problem.Wrap(errors.New("this version keeps the ledger in a file only"), "ledger_unusable", "ledger", "name a file"))
	}
	l, err := sqlite.Open(ctx, place.File, sqlite.Options{
		ReadOnly: o.readOnly, MustExist: o.mustExist, AcceptLoss: o.acceptLoss, LockWait: o.lockWait, ByEmail: o.byEmail,
	})
	if err != nil { // l is then a nil pointer, which a store must not be
		return nil, err
	}
	return l, nil
}
