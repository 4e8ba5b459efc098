package ledger

import (
	"context"
	"time"

	"enrich/contact"
)

// An Exporter is a store whose records can be copied into another one.
type Exporter interface {
	// Export calls do with every record: first the runs in the order of their numbers; then the jobs, each followed by its intents,
	// the other intents and the outcomes, the intents of a run before their outcomes, and the outcomes in the order of their
	// numbers; then raw results, costs, and one Last. An entry and what it refers to are valid until do returns; do must not
	// use the store. All entries are of one moment.
	Export(ctx context.Context, do func(*Entry) error) error
}

// An Importer is a store that can take over all records of another one.
type Importer interface {
	// Import makes all records of another store durable in one step: after an error nothing was imported. It returns
	// [ErrNotEmpty] if the store has records. Numbers and times stay. Intents that are open in the other store become lost
	// calls when this one is opened the next time. Until then it accepts nothing more.
	Import(ctx context.Context, from Exporter) error
}

// An Entry is one record of an export: exactly one of its members is set.
type Entry struct {
	Run     *RunEntry
	Job     *JobEntry
	Intents *IntentsEntry
	Outcome *OutcomeEntry
	Raw     *RawEntry
	Cost    *CostEntry
	Last    *LastEntry
}

// A RunEntry is a run. The numbers of runs have no gaps.
type RunEntry struct {
	ID int64
	Run
	// Closed reports whether none of its intents is open.
	Closed bool
	// Finished is when it ended; zero: it was killed. Stopped and ExitCode are those of [Store.Finish].
	Finished time.Time
	Stopped  string
	ExitCode int
}

// A JobEntry is a bulk job. The numbers of jobs have no gaps.
type JobEntry struct {
	ID, Run int64
	State   JobState
	// APIID is the API's name of the job; "": it has none.
	APIID string
	// Expires and Ended are zero if they are not known.
	Submitted, Expires, Ended time.Time
	// Contacts is how many were submitted, Pending how many of them have no outcome of the job, and Raw the number of its
	// raw results.
	Contacts, Pending, Raw int64
	// IDs are the request keys under which the contacts of a job that has not ended were submitted, if a migration has changed
	// them since; otherwise empty.
	IDs []contact.Key
}

// An IntentsEntry is intents that were committed together.
type IntentsEntry struct {
	Run, Job int64 // Job 0: none
	// Intents that were erased are zero.
	Intents []Intent
}

// An OutcomeEntry is an outcome with its number. Numbers ascend; one that is left out was erased, or never assigned.
type OutcomeEntry struct {
	ID, Job int64 // Job 0: none
	contact.Outcome
}

// A RawEntry is a piece of a job's results that could not be understood.
type RawEntry struct {
	ID, Job int64
	Content []byte
}

// A CostEntry is what erased outcomes had cost on a day of UTC.
type CostEntry struct {
	Day time.Time
	Spent
}

// A LastEntry ends an export.
type LastEntry struct {
	// Outcome is the highest number that was assigned to an outcome.
	Outcome int64
	// Erased is when something was last erased; zero: never.
	Erased time.Time
}
