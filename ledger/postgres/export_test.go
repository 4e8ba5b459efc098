package postgres

import (
	"fmt"
	"time"

	"enrich/ledger/postgres/member"
)

// LockRuns takes the lock that keeps new runs away, as an erasure does.
var LockRuns = fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(runLock))

// Drop ends the connections of a store as the end of its process does.
func (l *Ledger) Drop() {
	l.writer.Drop()
	l.reader.Drop()
}

// Run returns the number of the run that was begun last; 0: none.
func (l *Ledger) Run() int64 {
	id, _ := l.ownRun()
	return id
}

// PresumeDead makes a store that is opened take the runs for dead of which dead says so.
func (o Options) PresumeDead(dead func(run int64) bool) Options {
	o.presumeDead = dead
	return o
}

// WithTiming sets how long a run is observed before it is declared dead.
func (o Options) WithTiming(timing member.Timing) Options {
	o.timing = timing
	return o
}

// SetMaxElapsed changes how long calls wait for the database.
func (l *Ledger) SetMaxElapsed(d time.Duration) { l.policy.MaxElapsed = d }
