package contact

import (
	"errors"
	"io"
	"time"
)

// A Job is a bulk job of the API: contacts that were submitted together, and whose results are fetched together.
type Job struct {
	// Number is the ledger's number of the job, and Run that of the run that submitted it.
	Number, Run int64
	// ID is the API's name for the job. It is never empty: a job without one cannot be polled, and is not open.
	ID string
	// Contacts is how many contacts were submitted.
	Contacts int
	// Forgotten is how many of them were forgotten since (a deletion request): their results are not to be kept.
	Forgotten int
	// Submitted is when the intents of the job became durable.
	Submitted time.Time
	// Expires is when the API deletes the results; zero: the API did not say.
	Expires time.Time
}

// An Acceptance is how the submission of a job ended.
type Acceptance struct {
	// ID and Expires are the API's, if the job was accepted.
	ID      string
	Expires time.Time
	// Outcome is what the submission means for each of the contacts, without Contact and Keys. Its Kind is
	//
	//	0         the job was accepted: Attempts is set, nothing else
	//	Refused   the API rejects the request as a whole (400, 413, 422, …): fewer contacts may be accepted
	//	Lost      the job may have been accepted, and cannot be polled
	//	Released  the job was not accepted, and the run must stop (Stop) or was stopped (soft)
	Outcome Outcome
	// Stop is why the run must stop; "": it need not. StopCap: retry allowed no more calls.
	Stop Stop
	// StopDetail is a sentence for the user. For a refused job it is advice, in case the run stops for this reason.
	StopDetail string
	// Remaining is the account's credits as the response stated them; nil: it did not.
	Remaining *int64
}

// A PollState is what one request for the results of a job found.
type PollState uint8

const (
	// PollStopped means that no response says what the state of the job is, so it stays open: the run was stopped (soft), or
	// must stop (JobPoll.Stop).
	PollStopped PollState = iota
	// PollRunning is a 202: the job is not done.
	PollRunning
	// PollReady means that the results were read.
	PollReady
	// PollGone is a 404: the API does not know the job, or has deleted its results.
	PollGone
	// PollFailed means that the requests failed until the attempts were used up. The job stays open; the API may answer others.
	PollFailed
)

// A JobPoll is how a request for the results of a job ended.
type JobPoll struct {
	State PollState
	// Retry is the time to wait before the next request, if the job is running or the requests failed, and the last response stated
	// it; 0: it did not.
	Retry time.Duration
	// Results are not nil if State is PollReady. The caller closes them.
	Results JobResults
	// Status and Message are of the last response, for people; Message is bounded and without the key.
	Status  int
	Message string
	// Sent is how many requests were on the wire.
	Sent int
	// Stop is why the run must stop; "": it need not. StopCap: retry allowed no more calls.
	Stop Stop
	// StopDetail is a sentence for the user.
	StopDetail string
	// Err is not nil if the run must end, because the results could not be stored (a full disk). The job stays open.
	Err error
}

// ErrResults is wrapped by the errors of JobResults.Next that mean that the results are not in the API's format: cut off, of
// wrong types, or too large.
var ErrResults = errors.New("the results of the job cannot be read")

// JobResults are the results of a job, stored outside memory.
type JobResults interface {
	// Next returns the next element. It returns io.EOF after the last one, an error that wraps ErrResults if the rest cannot be
	// understood, and any other error if the storage failed.
	Next() (JobResult, error)
	// Rewind starts again before the first element.
	Rewind() error
	// Raw reads all bytes of the results as they were received, decoded and without the key. It does not move Next.
	Raw() io.Reader
	// Remaining returns the account's credits if the results stated them as far as they were read; nil: they did not.
	Remaining() *int64
	// Close frees the storage.
	Close() error
}

// A JobResult is one element of the results of a job. It is valid until the next Next.
type JobResult struct {
	// Key is the contact's request key, which was submitted as custom_fields.enrich_id. Identified: the element has one.
	Key        Key
	Identified bool
	// Outcome is an answer (Matched or NoMatch), without Contact and Keys. Its Body is {"contact": the element without
	// custom_fields}, compacted and without the key. It is Released, without a Body, if the element says that the contact was not
	// looked up because no credits are left; that is known once all elements were read, so it may be an answer before. Kind 0: the
	// element is not an object.
	Outcome Outcome
	// OutOfCredits: the element, or the results so far, say that the account has no credits left.
	OutOfCredits bool
	// Raw is the element as it was received, decoded and without the API's key.
	Raw []byte
}
