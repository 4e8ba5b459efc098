package ledger

import "enrich/contact"

// A JobContact is a contact of a bulk job.
type JobContact struct {
	Intent
	// ID is the request key that the contact had when it was submitted. A migration may have changed Keys since.
	ID contact.Key
	// Done reports whether the contact has an outcome of the job.
	Done bool
}

// A JobState is the state of a bulk job. A store keeps its text.
type JobState string

// The first two are the states of a job that has not ended.
const (
	// JobSubmitted: its intents are durable, but the result of its submission is not. If its run dies, all its contacts are lost.
	JobSubmitted JobState = "submitted"
	// JobOpen: the API's name of the job is durable. Any run may fetch its results.
	JobOpen JobState = "open"
	// JobDone: its results were fetched.
	JobDone JobState = "done"
	// JobRefused: the API rejected the request.
	JobRefused JobState = "refused"
	// JobReleased: the API did not accept it, and the run stopped.
	JobReleased JobState = "released"
	// JobLost: the API may have accepted it, and it cannot be polled.
	JobLost JobState = "lost"
	// JobExpired: the API deleted its results before they were fetched.
	JobExpired JobState = "expired"
	// JobUnreadable: its results are not in the API's format.
	JobUnreadable JobState = "unreadable"
)

// IsEnd reports whether a job in this state has ended.
func (s JobState) IsEnd() bool {
	switch s {
	case JobDone, JobRefused, JobReleased, JobLost, JobExpired, JobUnreadable:
		return true
	}
	return false
}
