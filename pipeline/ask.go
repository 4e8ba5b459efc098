package pipeline

import (
	"context"
	"time"

	"enrich/contact"
	"enrich/ledger"
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
	// Account tells the runs that share the API account of one another; nil: there are no others.
	Account Account
	// Work divides the input among the runs that work on it together; nil: there are no others.
	Work Work
	// Reopen returns the input again, from its first row, for what other runs have left; nil: that stays unsent. With a Work it must
	// be set. A Source that is an io.Closer is closed.
	Reopen func() (Source, error)
	// TakeoverTime is not 0 if other live runs use the ledger. Contacts that they have in flight are waited for at the end, until
	// none of them has ended for so long. It should be longer than it takes until a dead run's claims are recorded as lost.
	TakeoverTime time.Duration
	// JobTakeover is the same for contacts in bulk jobs of other live runs.
	JobTakeover time.Duration
	// Run is the ledger's number of this run.
	Run int64
	// Workers is how many calls are in flight at most.
	Workers int
	// Limit sends contacts of the first rows only; 0: of all rows.
	Limit int64
	// MaxDuration is after how long no new call is made; 0: never.
	MaxDuration time.Duration
	// Grace is how long calls in flight may take after a stop; 0 ends them at once. After a signal they leave a tenth of it to the
	// write pass.
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
	// Unsent: contacts were not sent, because of --limit, of a cap, or because another run has them for too long.
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
	p := &askPass{
		Ask: a, stop: stop, hard: hard, uncancelled: context.WithoutCancel(hard), first: newFirstCalls(a, stop),
		reserveCall: func() string { return a.Budget.Calls(1) },
	}
	defer p.first.end()
	p.pass(a.Source, scope{share: newShare(p)})
	for p.finishAwaited(); p.nextRound(); p.finishAwaited() {
		p.awaited.reset()
		p.passAgain(scope{share: newShare(p), again: true})
	}
	p.checkOverdue()

	result := AskResult{Unsent: p.unsent, ReadErr: p.readErr}
	var err error
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
	hard        context.Context // of Do
	uncancelled context.Context // never done: an answer that came is committed, even when the run ends at once
	first       *firstCalls
	reserveCall func() (reached string) // reserves one call, such as a retry
	unfinished  inFlightContacts
	awaited     awaitedContacts

	// The rest belongs to Do and, while a pass goes on, to its job dispatcher.
	jobs      *jobDispatcher // of the last pass
	orphans   []contact.Job  // adopted, and not polled yet
	knownJobs map[int64]bool // by number: this run has submitted or adopted them
	// lostBefore are contacts that are lost because the results of an earlier run's job did not have them. They are sent again.
	lostBefore map[contact.Key]bool
	unsent     bool  // see AskResult
	readErr    error // likewise
}

// isDone reports whether a contact was sent in this run and is not to be sent again.
func (p *askPass) isDone(k contact.Key, s *ledger.State) bool {
	if s.DoneThisRun {
		return !p.lostBefore[k]
	}
	return p.isRefused(s)
}

// isRefused reports whether the API has refused a contact since this run began. A refusal to another run counts too: or else two
// runs with many rows of one contact would send it in turn.
func (p *askPass) isRefused(s *ledger.State) bool {
	return s.Kind == contact.Refused && (s.DoneThisRun || p.isShared() && !s.At.Before(p.Started))
}

// markFinished records that this run does not have a contact in flight any more: its outcome is in the ledger, or another run has
// the contact.
func (p *askPass) markFinished(keys contact.Keys) { p.unfinished.finish(keys.By(p.ByEmail)) }

// markUnclaimed remembers, to wait for it, a contact that another run has claimed.
func (p *askPass) markUnclaimed(keys contact.Keys) {
	p.awaited.add(keys.By(p.ByEmail), awaitedContact{keys: keys})
	p.markFinished(keys)
}

// observe passes the balance of a response on; nil: the response did not state it.
func (p *askPass) observe(remaining *int64) {
	if remaining != nil {
		p.Budget.Observe(*remaining)
	}
}

// applyStop does what a response demands of the whole run: to stop or, for a cap, to note the cause and finish what is in flight.
// "": nothing.
func (p *askPass) applyStop(cause contact.Stop, detail string) {
	switch cause {
	case "":
	case contact.StopCap:
		p.stop.note(cause, detail)
	default:
		p.stop.stop(cause, detail)
		if p.Account != nil && cause.OfAccount() {
			p.Account.Stop(cause, detail)
		}
	}
}
