package pipeline

import (
	"context"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// Ask is the first pass: it sends each contact that has no fresh answer. Source, API, Ledger, Budget, Counters and Workers must
// be set; the zero value of every other field has a meaning.
type Ask struct {
	Rules
	Source Source
	API    API
	Ledger Ledger
	Budget Budget
	// Account broadcasts stops among the runs that share the API account; nil: there are no others.
	Account Account
	// Run is the ledger's number of this run.
	Run int64
	// Workers is how many calls are in flight at most.
	Workers int
	// Limit sends contacts of the first rows only; 0: of all rows.
	Limit int64
	// MaxDuration is after how long no new call is made; 0: never.
	MaxDuration time.Duration
	// Grace is how long calls in flight may take after a stop; 0 ends them at once.
	Grace    time.Duration
	Counters *Counters
}

// AskResult is how the pass ended. A stop is not an error.
type AskResult struct {
	// Stop is the cause of a stop, or "" if every row was read and nothing stopped the run.
	Stop contact.Stop
	// Detail is a sentence for the user.
	Detail string
	// Unreachable: no connection to the API can be made, and a retry does not help. Only the client knows; Do leaves it false.
	Unreachable bool
	// Unsent: contacts were not sent, because of --limit, of a cap, or because another run has them.
	Unsent bool
	// ReadErr is the error by which the input ended early, or nil.
	ReadErr error
}

// Do runs the pass to its end. When soft is done (a signal) no new call is made, calls in flight are allowed to finish, and
// the rest of the input is read without sending anything, so that its hash is known. When hard is done everything ends
// at once with its cause: the answers are in the ledger, and nothing can be published. Any other error is internal (the
// disk, the ledger, a bug) and has the same consequence. If it came from reading the rows, calls in flight are allowed to
// finish first.
func (a *Ask) Do(soft, hard context.Context) (AskResult, error) {
	stop := newStopper(soft, hard, a.Grace, a.MaxDuration)
	defer stop.close()
	stop.follow(a.Account)
	d := newDispatcher(a, stop)
	var tasks conc.WaitGroup
	tasks.Go(d.callAll)
	tasks.Go(func() { stop.guard(d.commitAll) })

	admit := admission{dispatcher: d, lookup: lookup{rules: &a.Rules, source: a.Source, ledger: a.Ledger}}
	err := admit.run(hard)
	d.queue.close()
	if err != nil {
		stop.abandon(err)
	}
	tasks.Wait()
	d.delayed.Wait()

	result := AskResult{Unsent: admit.unsent || d.elsewhere, ReadErr: admit.readErr}
	result.Stop, result.Detail, err = stop.result()
	if result.Stop == "" && result.ReadErr != nil {
		result.Stop = contact.StopInput
	}
	return result, err
}
