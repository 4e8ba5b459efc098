package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/ledger"
	"enrich/ledger/postgres"
	"enrich/ledger/sqlite"
)

// storeOptions say how a ledger is opened, wherever it is. The zero value opens it for a run.
type storeOptions struct {
	// readOnly changes nothing, and works beside a run. A file that does not exist is then an empty ledger.
	readOnly bool
	// mustExist refuses a ledger that does not exist; otherwise a file is created. A database always needs one.
	mustExist bool
	// acceptLoss opens a file that lacks its newest commits (`enrich ledger verify`).
	acceptLoss bool
	// lockWait is how long to wait for a file that another run has locked.
	lockWait time.Duration
	// byEmail identifies contacts by their address.
	byEmail bool
	// requireSync refuses a database with standbys of which none is synchronous.
	requireSync bool
	// maxElapsed is how long a database may be away; 0: two minutes.
	maxElapsed time.Duration
	// uncommitted is the folder for answers that a database did not take; "": the working directory.
	uncommitted string
	// printer shows the warnings of a database, and waits for it.
	printer *console.Printer
}

// A lossyStore says what was missing when it was opened with acceptLoss. Only a file can lack what was in it.
type lossyStore interface{ Loss() []string }

// openStore is the one place that knows the kinds of ledgers.
func openStore(ctx context.Context, place settings.LedgerPlace, o storeOptions) (ledger.Store, error) {
	if place.IsShared() {
		return openDatabase(ctx, place, o)
	}
	l, err := sqlite.Open(ctx, place.File, sqlite.Options{
		ReadOnly: o.readOnly, MustExist: o.mustExist, AcceptLoss: o.acceptLoss, LockWait: o.lockWait, ByEmail: o.byEmail, Waiting: o.sayLocked,
	})
	if err != nil { // l is then a nil pointer, which a store must not be
		return nil, err
	}
	return l, nil
}

// sayLocked says that the command waits for the run that has locked a file.
func (o *storeOptions) sayLocked(owner string) {
	o.printer.Info(fmt.Sprintf("waiting for the ledger, which another run has locked: %s; at most %s (--lock-wait)", owner, console.Duration(o.lockWait)),
		"event", "wait", "waiting_for", "ledger", "until", time.Now().Add(o.lockWait))
}

func openDatabase(ctx context.Context, place settings.LedgerPlace, o storeOptions) (ledger.Store, error) {
	if o.acceptLoss {
		return nil, usage(problem.Wrap(errors.New("only the ledger in a file can lack its newest commits"), "invalid_value", "accept-loss", "leave the flag out"))
	}
	l, err := postgres.Open(ctx, o.database(place))
	if err != nil {
		return nil, databaseError(err)
	}
	return l, nil
}

// defaultMaxElapsed is how long a database may be away if no flag says it.
const defaultMaxElapsed = 2 * time.Minute

// database returns the options of a database.
func (o *storeOptions) database(place settings.LedgerPlace) postgres.Options {
	if o.maxElapsed == 0 {
		o.maxElapsed = defaultMaxElapsed
	}
	wait := databaseWait{printer: o.printer}
	return postgres.Options{
		URL: place.URL.String(), ReadOnly: o.readOnly, MustExist: true, ByEmail: o.byEmail, RequireSync: o.requireSync,
		Uncommitted: o.uncommitted, MaxElapsed: o.maxElapsed, Warn: func(text string) { o.printer.Warn(text, "event", "database") }, Waiting: wait.say,
	}
}

// A databaseWait says that a database is waited for, but not at each of many short waits.
type databaseWait struct {
	printer *console.Printer
	mu      sync.Mutex
	said    time.Time
}

// say is told why a wait begins and how long it is at most, and nil when it is over.
func (d *databaseWait) say(err error, most time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil || time.Since(d.said) < lineEvery {
		return
	}
	d.said = time.Now()
	until := d.said.Add(most)
	d.printer.Warn("waiting for the database of the ledger, at most "+console.Duration(most)+": "+console.Quote(err.Error(), maxDatabaseError),
		"event", "wait", "waiting_for", "database", "until", until)
}

// maxDatabaseError bounds an error of a database in a message, in characters.
const maxDatabaseError = 300

// databaseError makes the errors usage errors for which the database, or how it is reached, must be changed before a command can begin.
// Those of a database that is refused or does not let the user in are usage errors by themselves: see exitCodeOf.
func databaseError(err error) error {
	if errors.Is(err, ledger.ErrMissing) || errors.Is(err, postgres.ErrSettings) {
		return usage(err)
	}
	return err
}
