package contact

import "time"

// A Kind says how one asking of a contact ended (DESIGN.md, "Intents end").
type Kind uint8

// The kinds are stored in the ledger: their numbers never change.
const (
	// Matched is an answer with something in it.
	Matched Kind = 1
	// NoMatch is an answer with nothing in it.
	NoMatch Kind = 2
	// Refused was certainly not charged: a 4xx, 500, 501, 503, or never sent.
	Refused Kind = 3
	// Lost may have been charged and we do not know.
	Lost Kind = 4
	// Released was not charged, and the run was stopped before its retries were over: as if never asked.
	Released Kind = 5
)

// Answered says whether the kind is an answer: paid for, kept, never asked again while it is fresh.
func (k Kind) Answered() bool { return k == Matched || k == NoMatch }

func (k Kind) String() string {
	switch k {
	case Matched:
		return "matched"
	case NoMatch:
		return "no_match"
	case Refused:
		return "refused"
	case Lost:
		return "lost"
	case Released:
		return "released"
	}
	return "unknown"
}

// A Failure says why a row has no answer; it is the enrich_error_kind of the failures file.
type Failure string

const (
	// Invalid cannot be asked: nothing to ask by, or a value that cannot be right.
	Invalid Failure = "invalid"
	// Ragged has more or fewer cells than the header.
	Ragged Failure = "ragged"
	// Rejected was refused by the API, for what is in this row.
	Rejected Failure = "rejected"
	// Exhausted ran out of retries.
	Exhausted Failure = "exhausted"
	// Malformed was answered by a 2xx that is not an answer of the API (API.md, "What counts as an answer").
	Malformed Failure = "malformed"
	// Uncertain was lost too often to be asked again (--lost-retries): it is held.
	Uncertain Failure = "uncertain"
)

// An Outcome is how one asking of a contact ended. It is data: a row's failure is no error of the program.
type Outcome struct {
	// Contact is what was asked, trimmed.
	Contact Contact
	// Keys identify it.
	Keys Keys
	Kind Kind
	// At is when the asking ended, in UTC, to the millisecond.
	At time.Time
	// Status is the HTTP status of the last answer; 0 where none came.
	Status int
	// Attempts is how many requests were on the wire for it.
	Attempts int
	// Charged: the answer counts as charged.
	Charged bool
	// ChargeUnknown: the answer does not say whether it was charged. A no match then keeps its reservation. The ledger
	// does not store it: it follows from Body.
	ChargeUnknown bool
	// Failure is why, for Refused and Lost; otherwise empty.
	Failure Failure
	// Message is for people: the API's own words or ours, bounded and without the key. For an answer it is contact.error.
	Message string
	// Body is the API's answer as it came, compacted, the key redacted; only for answers.
	Body []byte
	// Run is the ledger's number of the run that asked; the ledger sets it.
	Run int64
}
