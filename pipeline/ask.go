package pipeline

import (
	"context"
	"sync/atomic"
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
	// Jobs are the bulk jobs: those of earlier runs that are still open, and with Jobs.Size those that this run submits.
	Jobs Jobs
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
	p := &askPass{Ask: a, stop: stop, uncancelled: context.WithoutCancel(hard)}
	jobs := newJobDispatcher(p)
	var tasks conc.WaitGroup
	tasks.Go(func() { stop.guard(jobs.run) })
	admit := admission{askPass: p, lookup: lookup{rules: &a.Rules, source: a.Source, ledger: a.Ledger}, to: jobs}
	if a.Jobs.Size == 0 {
		calls := newCallDispatcher(p)
		tasks.Go(calls.run)
		admit.to = calls
	}
	admit.lostBefore = jobs.awaitFirstPolls()
	err := admit.run(hard)
	admit.to.close()
	jobs.end(admit.awaited)
	if err != nil {
		stop.abandon(err)
	}
	tasks.Wait()

	result := AskResult{Unsent: admit.unsent || p.elsewhere.Load(), ReadErr: admit.readErr}
	result.Stop, result.Detail, err = stop.result()
	if result.Stop == "" && result.ReadErr != nil {
		result.Stop = contact.StopInput
	}
	return result, err
}

// An askPass is what admission and both dispatchers share.
type askPass struct {
	*Ask
	stop        *stopper
	unfinished  inFlightContacts
	uncancelled context.Context // never done: an answer that came is committed, even when the run ends at once
	elsewhere   atomic.Bool     // a claim was refused: another run has the contact
}

// finished marks a contact whose outcome is in the ledger, or that another run has.
func (p *askPass) finished(keys contact.Keys) { p.unfinished.finish(keys.By(p.ByEmail)) }

// observe passes the balance of a response on; nil: the response did not state it.
func (p *askPass) observe(remaining *int64) {
	if remaining != nil {
		p.Budget.Observe(*remaining)
	}
}

// heed does what a response asks of the whole run; "": nothing.
func (p *askPass) heed(cause contact.Stop, detail string) {
	switch cause {
	case "":
	case contact.StopCap: // no more calls: what is in flight goes on
		p.stop.note(cause, detail)
	default:
		p.stop.stop(cause, detail)
		if p.Account != nil && cause.OfAccount() {
			p.Account.Stop(cause, detail)
		}
	}
}
