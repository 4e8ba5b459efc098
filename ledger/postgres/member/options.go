package member

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger/postgres/internal/connect"
)

// Options configure a [Member].
type Options struct {
	// Workers is how many calls of the run are in flight at most. It decides the size of blocks; 0: 1.
	Workers int
	// MaxElapsed is how long the database may be away before the run loses its lease, and how long a pause of the API that another
	// run was told may be before this run stops; 0: two minutes.
	MaxElapsed time.Duration
	// CreditsPerCall are reserved for each contact; 0: 1.
	CreditsPerCall int64
	// MaxCalls and MaxCredits are the caps of a run that works alone. Those of a work are in the ledger; 0: no cap.
	MaxCalls, MaxCredits int64
	// PerDay and PerMonth are the run's budgets of credits; 0: no budget.
	PerDay, PerMonth int64
	// RateCalls in RatePer is the rate that the user set; 0: that of the API.
	RateCalls int
	RatePer   time.Duration
	// Warn is called with a sentence for the user, such as that another run was declared dead; nil: it is not called.
	Warn func(string)
	// Timing is for tests; zero: as documented.
	Timing Timing
	// Now is this machine's clock; nil: [time.Now]. It is for tests.
	Now func() time.Time
}

// Timing has the times of the lease; zero members have the defaults.
type Timing struct {
	// Renew is the time between two leases; 0: 250 ms.
	Renew time.Duration
	// Valid is how long after it was sent a lease allows calls; 0: 2 s.
	Valid time.Duration
	// Patience is how long the beat of another run may be unchanged, besides the timeout of its calls; 0: 30 s.
	Patience time.Duration
}

// Setup is what the store gives.
type Setup struct {
	// Dial makes a connection for writing.
	Dial func(context.Context) (*connect.Conn, error)
	// Run is the number of the run, which has begun.
	Run int64
	// Lose marks a live run as taken over, in a transaction of a connection, if its beat is what it was (ok). It records the open
	// claims of the run as lost, and returns them. It leaves those of open bulk jobs.
	Lose loseFunc
}

type loseFunc = func(ctx context.Context, c *connect.Conn, tx pgx.Tx, run, beat int64) (lost []contact.Outcome, ok bool, err error)

func (o Options) withDefaults() Options {
	o.Workers = max(o.Workers, 1)
	o.MaxElapsed = cmp.Or(o.MaxElapsed, 2*time.Minute)
	o.CreditsPerCall = max(o.CreditsPerCall, 1)
	o.Timing.Renew = cmp.Or(o.Timing.Renew, 250*time.Millisecond)
	o.Timing.Valid = cmp.Or(o.Timing.Valid, 2*time.Second)
	o.Timing.Patience = cmp.Or(o.Timing.Patience, 30*time.Second)
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
