package ledger

import (
	"context"
	"time"

	"enrich/contact"
)

// A Store keeps the ledger. Its methods may be called from any goroutine. How it is opened is its own.
type Store interface {
	// Begin records a new run durably and returns its number, from 1.
	Begin(context.Context, Run) (int64, error)
	// Commit makes intents and outcomes of a run durable, together. The outcome of an intent is in a later commit. claimed[i]
	// reports whether intents[i] may be sent: not a contact that another process sends, whose state is not [Intent.Seen] any more, or
	// that is in an open job. It is valid until the next Commit or CommitJob.
	Commit(ctx context.Context, run int64, intents []Intent, outcomes []contact.Outcome) (claimed []bool, err error)
	// Finish records how a run ended, and that none of its intents is open.
	Finish(ctx context.Context, run int64, stopped string, exitCode int) error

	// CommitJob makes the intents of a bulk job durable, together with the job, in the state submitted. Only claimed contacts
	// belong to the job, and none belongs to two open jobs. If no contact is claimed, there is no job, and its number is 0.
	CommitJob(ctx context.Context, run int64, intents []Intent) (job int64, claimed []bool, err error)
	// OpenJob makes the API's name of a submitted job durable, and when the results expire (zero: not known). From then on the
	// job survives its run.
	OpenJob(ctx context.Context, job int64, id string, expires time.Time) error
	// CommitResults makes outcomes of contacts of a job durable, and what could not be understood of its results. They are
	// outcomes of the run that fetched them, which has the job's base URL. end is the state in which the job ends with this
	// commit; "": it does not end. It is an error, and nothing is recorded, if a contact is not in the job, or has an outcome of
	// it, or has none when the job ends. Nothing raw is kept of a job after one of its contacts was forgotten.
	CommitResults(ctx context.Context, run, job int64, outcomes []contact.Outcome, raw [][]byte, end JobState) error
	// OpenJobs returns the jobs in the state open that were submitted to a base URL and that no other live run polls, the oldest
	// first. A run polls the jobs that it has submitted or adopted.
	OpenJobs(ctx context.Context, url string) ([]contact.Job, error)
	// AdoptJob makes a run the one that polls an open job of a run that has ended or died. It returns false, and changes nothing, if
	// another live run polls the job, or if it has ended.
	AdoptJob(ctx context.Context, run, job int64) (adopted bool, err error)
	// LeaveJob says that a run does not poll a job any more, so that another may adopt it. A run that ends or dies leaves all.
	LeaveJob(ctx context.Context, run, job int64) error
	// JobContacts calls do with each contact of a job that has not ended, in the order of submission. do must not use the store.
	// [ErrNoJob] means that the job has ended: another run may have done that since OpenJobs.
	JobContacts(ctx context.Context, job int64, do func(JobContact) error) error

	// States looks contacts up: states[i] is the state of keys[i].
	States(ctx context.Context, keys []contact.Keys, states []State) error
	// AnsweredAddresses returns how many of some addresses ([contact.Keys].Email) have a latest answer that is fresh, under whatever
	// other fields: --same-by email reuses it. An address that is there twice counts twice.
	AnsweredAddresses(ctx context.Context, addresses []contact.Key, fresh Fresh) (int64, error)
	// AnsweredAddressesOf returns how many different addresses, of the contacts that a run has sent, had such an answer when the
	// run began. The contacts in its open jobs count; those in jobs of other runs, and those that were released, do not.
	// A store may leave out the earlier answer of a contact that the run has answered again: it was too old to be reused.
	AnsweredAddressesOf(ctx context.Context, run int64, fresh Fresh) (int64, error)
	// Outcomes reads outcomes by their references. If the answers are large it may leave some with Kind 0, but never a single
	// one. Contact and Keys are not filled.
	Outcomes(ctx context.Context, refs []Ref, out []contact.Outcome) error
	// Each calls do with every outcome in the order of commits.
	Each(ctx context.Context, do func(*Record) error) error
	// Answers returns how many contacts have an answer.
	Answers() int64
	// InterruptedCalls returns the calls of earlier runs that were open when the store was opened, as lost outcomes.
	InterruptedCalls() []contact.Outcome

	// AnsweredFrom reports whether there is an answer with a 2xx status from a base URL.
	AnsweredFrom(ctx context.Context, url string) (bool, error)
	// SpentSince returns what was spent since the beginning of a day of UTC. Each contact of an open job counts as one that may
	// have been charged, until it has its outcome.
	SpentSince(ctx context.Context, since time.Time) (Spent, error)
	Stats(context.Context) (Stats, error)
	Verify(context.Context) (Verification, error)
	// CheckUnchanged returns ErrChanged if the ledger is not what was opened any more.
	CheckUnchanged(context.Context) error

	// Forget and Prune remove outcomes and intents. After them the store accepts nothing more until it is opened again. Forget
	// also takes the person out of open jobs; Prune leaves open jobs as they are.
	Forget(ctx context.Context, who contact.Contact) (Erased, error)
	Prune(ctx context.Context, before time.Time) (Erased, error)
	// LastErased returns when something was last removed, or the zero time.
	LastErased() time.Time

	// Close releases the store. The intents of a run that was not finished stay open.
	Close() error
}
