package pipeline

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"enrich/contact"
)

// Counters count what the pass has done so far. Any goroutine may read them at any time.
type Counters struct {
	// Read counts rows that the first pass has read.
	Read atomic.Int64
	// Admitted counts contacts whose intent is durable; a contact that is sent again counts again.
	Admitted atomic.Int64
	// Matched, NoMatch, FailedOutcomes (refused and lost) and Released count durable outcomes of this run. A contact that is sent
	// again after a lost call has several.
	Matched, NoMatch, FailedOutcomes, Released atomic.Int64
	// Lost counts calls that may have been charged, without an answer.
	Lost atomic.Int64
	// Charged counts answers that say that a credit was charged.
	Charged atomic.Int64
	// ChargeUnknown counts no-match answers that do not say whether they were charged.
	ChargeUnknown atomic.Int64

	// JobsSubmitted counts bulk jobs that the API accepted, JobsResumed open jobs of earlier runs, and JobsExpired jobs whose results
	// the API had deleted.
	JobsSubmitted, JobsResumed, JobsExpired atomic.Int64
	// JobSize is how many contacts fit into a job, if the API refused larger ones; 0: it did not.
	JobSize atomic.Int64
	// JobWait is what the run waits for if it only waits because of jobs; nil: it does not.
	JobWait atomic.Pointer[JobWait]
	// OthersWait is what the run waits for if it only waits for other runs; nil: it does not.
	OthersWait atomic.Pointer[OthersWait]
	// Passes is how many passes over the input have begun. Those after the first look for what other runs have left.
	Passes atomic.Int64

	first    atomic.Pointer[firstBalance] // nil: the first answer did not state the balance
	mu       sync.Mutex                   // for add
	answered bool                         // an answer came
}

// A JobWait is a wait for the results of bulk jobs, or a pause after a submission that was lost.
type JobWait struct {
	// Jobs is the number of jobs, and Contacts of the contacts in them. 0: the wait is a pause before the next submission.
	Jobs, Contacts int
	// Next is when the results are asked for next, and End until when at the latest. Both are the end of a pause.
	Next, End time.Time
	// Failure is why the last request for the results that are asked for next failed; "": it did not.
	Failure string
}

// An OthersReason says what a run waits for.
type OthersReason string

// The reasons of an OthersWait.
const (
	// WaitClaims: other runs have contacts of the input in flight.
	WaitClaims OthersReason = "claims"
	// WaitJobs: contacts of the input are in bulk jobs of other runs.
	WaitJobs OthersReason = "jobs"
	// WaitRound: other runs still work on the same input.
	WaitRound OthersReason = "round"
	// WaitAlone: another run makes the first calls, which prove the key.
	WaitAlone OthersReason = "first calls"
)

// An OthersWait is a wait for runs that share the ledger or the account.
type OthersWait struct {
	Reason OthersReason
	// Contacts is how many contacts are waited for; 0: it is not known.
	Contacts int
	// Next is when the ledger is looked at next; End is when the wait ends if none of the contacts ends before. Zero: not known.
	Next, End time.Time
}

// A firstBalance is the account's credits after the first answer, and how many answers had been charged by then.
type firstBalance struct{ remaining, charged int64 }

// add counts a durable outcome.
func (c *Counters) add(o *contact.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch o.Kind {
	case contact.Matched:
		c.Matched.Add(1)
	case contact.NoMatch:
		c.NoMatch.Add(1)
	case contact.Lost:
		c.Lost.Add(1)
		c.FailedOutcomes.Add(1)
	case contact.Refused:
		c.FailedOutcomes.Add(1)
	case contact.Released:
		c.Released.Add(1)
	}
	switch {
	case o.Charged:
		c.Charged.Add(1)
	case o.ChargeUnknown:
		c.ChargeUnknown.Add(1)
	}
	// The first answer is enough: its call was alone, so nothing else of this run is between the two figures.
	if o.Kind.Answered() && !c.answered && o.Status != http.StatusNotFound {
		c.answered = true
		if a, err := contact.ParseAnswer(o.Body); err == nil && a.Remaining != nil {
			c.first.Store(&firstBalance{*a.Remaining, c.Charged.Load()})
		}
	}
}

// Unexplained returns how far the balance fell beyond the charges that this run knows of, at most perCall for each call that
// may have been charged. remaining is the balance now. It returns 0 if all is explained, or a balance is
// not known.
func (c *Counters) Unexplained(remaining *int64, perCall int64) int64 {
	first := c.first.Load()
	if first == nil || remaining == nil {
		return 0
	}
	counted := perCall * (c.Charged.Load() - first.charged + c.ChargeUnknown.Load() + c.Lost.Load())
	return max(first.remaining-*remaining-counted, 0)
}
