package postgres

import (
	"time"

	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member"
)

// defaultMaxElapsed is how long a call waits for the database, unless the options say otherwise.
const defaultMaxElapsed = 2 * time.Minute

// Options say how a ledger is opened. The zero value, with a URL, opens it for writing.
type Options struct {
	// URL names the database: postgres://user@host/database. It has no password: that comes from PGPASSFILE, PGSERVICE or
	// PGPASSWORD.
	URL string
	// ReadOnly shows the ledger as of one moment and changes nothing. If the database has no ledger it is empty.
	ReadOnly bool
	// MustExist makes Open return [ledger.ErrMissing] if the database has no ledger. A ledger opened for writing must exist:
	// only Init creates one.
	MustExist bool
	// ByEmail identifies contacts by their address instead of by the whole request (--same-by email).
	ByEmail bool
	// RequireSync refuses a server with standbys none of which is synchronous (--require-sync); otherwise that is a warning.
	RequireSync bool
	// MaxElapsed is how long a call waits for a database that is away; 0: 2 minutes.
	MaxElapsed time.Duration
	// Uncommitted is the folder in which outcomes are stored in a file if they cannot be committed; "": the working directory.
	Uncommitted string
	// Warn is called with what the user should know, from any goroutine. It may be nil.
	Warn func(string)
	// Waiting is called with the reason when a call begins to wait for the database, and how long it waits at most, and with nil
	// when the wait is over, from any goroutine. It may be nil.
	Waiting func(err error, most time.Duration)

	// presumeDead, for tests, says of a run that is recorded as live that its process is dead.
	presumeDead func(run int64) bool
	// timing, for tests, says how long a run is observed before it is declared dead.
	timing member.Timing
}

func (o *Options) policy() connect.Policy {
	p := connect.Policy{MaxElapsed: o.MaxElapsed, Waiting: o.Waiting}
	if p.MaxElapsed == 0 {
		p.MaxElapsed = defaultMaxElapsed
	}
	return p
}

func (o *Options) warn(text string) {
	if o.Warn != nil {
		o.Warn(text)
	}
}
