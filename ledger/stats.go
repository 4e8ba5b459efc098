package ledger

import "time"

// Stats counts what is in a ledger. Its JSON is what `enrich ledger stats --json` prints.
type Stats struct {
	// Answers is the number of contacts that have an answer.
	Answers int64 `json:"answers"`
	// Matched to Released count outcomes; a contact may have several.
	Matched  int64 `json:"matched"`
	NoMatch  int64 `json:"no_match"`
	Refused  int64 `json:"refused"`
	Lost     int64 `json:"lost"`
	Released int64 `json:"released"`
	// Credits is the number of answers that say that a credit was charged.
	Credits int64 `json:"credits_charged"`
	Runs    int64 `json:"runs"`
	// Jobs is the number of bulk jobs; JobsOpen of those that have not ended, and ContactsInOpenJobs of the contacts that wait
	// for their results.
	Jobs               int64 `json:"jobs"`
	JobsOpen           int64 `json:"jobs_open"`
	ContactsInOpenJobs int64 `json:"contacts_in_open_jobs"`
	// RawResults is the number of pieces of results that could not be understood and are kept as they were received.
	RawResults int64 `json:"raw_results"`
	// First and Last are the times of the oldest and the newest outcome; nil if there is none.
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`
	// Bytes is the size of the ledger on the disk.
	Bytes   int64 `json:"bytes"`
	Version int   `json:"schema_version"`
}

// Spent is the cost of outcomes, in calls.
type Spent struct {
	// Charged is the number of answers that were charged.
	Charged int64
	// MaybeCharged is the number of outcomes that may have been charged: lost calls, no-match answers that do not say whether
	// they were charged, and contacts of open jobs.
	MaybeCharged int64
}

// Add adds other to s.
func (s *Spent) Add(other Spent) {
	s.Charged += other.Charged
	s.MaybeCharged += other.MaybeCharged
}

// Erased counts what a Forget or a Prune removed.
type Erased struct {
	Answers int64
	// Others is the number of outcomes that are not answers: refused, lost and released calls.
	Others  int64
	Intents int64
	// InJobs is the number of contacts that were taken out of open jobs: their results will be dropped.
	InJobs int64
	// Raw is the number of pieces of results that could not be understood.
	Raw int64
}

// A Verification is the result of checking a whole ledger.
type Verification struct {
	// Outcomes, Intents and Jobs are how many were checked.
	Outcomes, Intents, Jobs int64
	// Problems is how many were found; Messages describes the first of them.
	Problems int64
	Messages []string
}
