// Package pipeline is the two passes over an input. [Ask] sends each contact that has no answer to the API; [Write] joins
// each row with what the ledger knows of its contact. The passes share only the ledger. [Plan] is the first half of Ask.
//
// It guarantees the order that protects money: an intent is durable before its contact is sent, an outcome is durable before
// it is counted and before its permit is returned, and nothing is written to an output that is not in the ledger. At most
// 2 × workers intents are durable without an outcome at any instant, which bounds the calls that a crash leaves in doubt.
// Calls and credits are reserved before a contact is sent, so no number of workers exceeds a cap.
//
// Several runs may share a ledger, and then the work on one input ([Work]), an account ([Account]) and what it may spend
// ([Budget]). The claim that Commit returns is what keeps a contact from being paid twice: chunks only save work. A contact that
// another run has in flight is neither sent nor failed. The run waits for its outcome at the end of a round, and sends the
// contact itself if the other run has died or released it.
//
// Contacts are sent by single calls, or in bulk jobs ([Jobs]). At most one job of a crashed run is in doubt, with all of its
// contacts; a job whose name is durable survives the run, and every later run fetches its results.
//
// A pass ends in two steps, here and in package client: when the context soft is done, nothing more is sent; when hard is
// done, calls in flight are ended too.
//
// It does not know HTTP, SQL or file formats. It calls them through the interfaces of this file, which anybody can implement.
package pipeline

import (
	"context"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// A Source reads the rows of an input in order; reader.Reader is one.
type Source interface {
	// Read fills rows and returns their number; 0 and io.EOF at the end, or an error that wraps reader.ErrBroken if the input
	// ended early. The rows and their strings are valid until the next Read.
	Read(rows []reader.Row) (int, error)
}

// A Sink takes rows of the write pass in input order. A row is valid until Write returns.
type Sink[T any] interface{ Write(*T) error }

// An API answers questions; client.Client is one.
type API interface {
	// Queue announces a question. It is called once for each question, in input order and before its first Ask: if an API
	// makes its first calls one at a time, it makes them in this order.
	Queue(*contact.Question)
	// Ask sends the question, and retries, until it has a result. To wait before a retry it returns the time to wait and no
	// result instead: Ask must be called again after that time, or when soft is done if that is earlier. When soft is done
	// Ask makes no new call. When hard is done, which is not before soft, it also ends the call in flight. It is called by
	// many goroutines, but for one question by one at a time.
	Ask(soft, hard context.Context, q *contact.Question) (r contact.Result, wait time.Duration)
	// Answered reports whether this run has received a usable answer. Until then a 404 may mean that the URL is wrong.
	Answered() bool
}

// A Ledger is the durable record of intents and outcomes; sqlite.Ledger is one.
type Ledger interface {
	// States looks up a batch of contacts: states[i] is the state of keys[i]. It includes each commit that has returned.
	States(ctx context.Context, keys []contact.Keys, states []ledger.State) error
	// Commit makes intents and outcomes durable together. claimed[i] reports whether this run may send intents[i]; if not,
	// another run has the contact, or its state is not that of [ledger.Intent.Seen] any more, and the intent was not recorded. It is
	// valid until the next Commit. After an error nothing may be sent.
	Commit(ctx context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) (claimed []bool, err error)
	// Outcomes reads outcomes by their references. To bound memory it may leave some with Kind 0, but not if there is only one.
	Outcomes(ctx context.Context, refs []ledger.Ref, outcomes []contact.Outcome) error
}

// A JobAPI sends contacts in bulk jobs; client.Client is one. It is called by one goroutine at a time, beside the calls of an API.
type JobAPI interface {
	// Submit sends contacts as one job, and retries what was certainly not accepted. Before each request after the first it
	// calls retry, which reserves one more call: "" if the call may be made, or else which cap is reached. When soft is done it
	// makes no new request. When hard is done it also ends the request in flight.
	Submit(soft, hard context.Context, contacts []*contact.Question, retry func() (reached string)) contact.Acceptance
	// Poll asks for the results of a job once. It retries transient failures itself.
	Poll(soft, hard context.Context, job *contact.Job, retry func() (reached string)) contact.JobPoll
}

// A JobLedger is the durable record of bulk jobs; sqlite.Ledger is one. Its contexts are as those of a [Ledger].
type JobLedger interface {
	// CommitJob makes the intents of a job durable together with the job. claimed is as in [Ledger.Commit]; if nothing is
	// claimed there is no job, and its number is 0.
	CommitJob(ctx context.Context, run int64, intents []ledger.Intent) (job int64, claimed []bool, err error)
	// OpenJob makes the API's name of a job durable. From then on a crash loses nothing: any run can fetch the results.
	OpenJob(ctx context.Context, job int64, id string, expires time.Time) error
	// CommitResults makes outcomes of contacts of a job durable, and what could not be understood of its results. end is the
	// state in which the job ends with this commit, when each of its contacts has an outcome; "": it does not end.
	CommitResults(ctx context.Context, run, job int64, outcomes []contact.Outcome, raw [][]byte, end ledger.JobState) error
	// OpenJobs returns the open jobs of a base URL that no other live run polls, the oldest first.
	OpenJobs(ctx context.Context, url string) ([]contact.Job, error)
	// AdoptJob makes this run the one that polls an open job of a run that has ended. It returns false if another live run polls
	// it, or the job has ended.
	AdoptJob(ctx context.Context, run, job int64) (adopted bool, err error)
	// LeaveJob says that this run does not poll a job any more, so that another may adopt it.
	LeaveJob(ctx context.Context, run, job int64) error
	// JobContacts calls do with each contact of a job. do must not use the ledger.
	JobContacts(ctx context.Context, job int64, do func(ledger.JobContact) error) error
}

// A Budget reserves what a run may spend before it is spent. [NewBudget] returns that of a run that shares it with no other.
type Budget interface {
	// Reserve takes the credits of one contact, and calls. If none are left, but contacts in flight may return theirs, it waits
	// for them. It returns "" if it made the reservation, or else which cap is reached. When ctx is done it does not wait.
	Reserve(ctx context.Context, calls int64) (reached string)
	// Calls takes calls alone: for a retry, or for the requests of a job. It returns "" if they may be made, or else which cap is
	// reached, and then takes none.
	Calls(n int64) (reached string)
	// Return gives back calls that were not made.
	Return(calls int64)
	// Observe takes the account's balance from a response. It is called before the reservation of that response is settled.
	Observe(remaining int64)
	// Settle closes a reservation with the outcome of its contact. It returns the calls that were not made (unused), and the
	// credits, unless the outcome may have been charged.
	Settle(o *contact.Outcome, unused int64)
}

// An Account is what the runs that share an API account tell one another.
type Account interface {
	// Stop tells the other runs that this run stopped for a cause that concerns the account.
	Stop(cause contact.Stop, detail string)
	// Stopped waits until another run has stopped, and returns why; "" when ctx is done. A stop that is known already is returned
	// even if ctx is done.
	Stopped(ctx context.Context) (cause contact.Stop, detail string)
	// Alone waits until no other run makes its first calls, so that a bad key costs one call over all runs. When it returns,
	// Stopped knows every stop that was recorded before. release lets the next run go; proved says that the API has accepted the
	// key, so those who wait need not be alone. If ctx is done first, Alone returns its error.
	Alone(ctx context.Context) (release func(proved bool), err error)
}

// A Work divides the rows of an input among the runs that work on it together, in rounds: a forward pass of all runs over the
// chunks. What a run leaves in one round, because it stops or dies, is another's in the next.
type Work interface {
	// Take returns the next chunk that is this run's: the rows [chunk × ChunkRows, (chunk + 1) × ChunkRows) of the input, counted
	// from 0. Over all runs the chunks of a round ascend, and go on beyond the end of the input.
	Take(ctx context.Context) (chunk int64, err error)
	// EndRound records that this run has reached the end of the round, with nothing in flight. left: it leaves rows of its chunks,
	// because it stops. done: it takes part in no further round. A run that ends or dies without EndRound has left rows.
	EndRound(ctx context.Context, left, done bool) error
	// Again waits until every other live run has ended the round, and until the open claims of dead ones are recorded as lost. It
	// reports whether there is another round: a run has left rows or died, and a run that is not done remains. If ctx is done
	// first, it returns its error. A run that begins later joins the round that goes on, or the last one.
	Again(ctx context.Context) (again bool, err error)
}

// ChunkRows is how many rows of an input a [Work] hands out at once.
const ChunkRows = 1000

// batchRows is how many rows a pass reads, and looks up in the ledger, at once.
const batchRows = 256
