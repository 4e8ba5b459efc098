package contact

import "time"

// A Kind is how an intent ended.
type Kind uint8

// The kinds are stored in the ledger: their numbers never change.
const (
	// Matched is an answer with a filled field.
	Matched Kind = 1
	// NoMatch is an answer without a filled field.
	NoMatch Kind = 2
	// Refused: certainly not charged (a 4xx, 500, 501, 503, or never sent).
	Refused Kind = 3
	// Lost: possibly charged, but there is no usable answer.
	Lost Kind = 4
	// Released: not charged, because the run stopped before the retries ended. The contact is pending.
	Released Kind = 5
)

// Answered reports whether the kind is an answer. A contact with a fresh answer is not sent again.
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

// A Failure is why a row has no answer: enrich_error_kind in the failures.
type Failure string

const (
	// Invalid is a row that cannot be sent because it has too few fields or an invalid value.
	Invalid Failure = "invalid"
	// Ragged is a row with more or fewer cells than the header.
	Ragged Failure = "ragged"
	// Rejected is a row that the API refused.
	Rejected Failure = "rejected"
	// Exhausted is a row whose retries ran out.
	Exhausted Failure = "exhausted"
	// Malformed is a 2xx that is not an answer of the API: see [Answer.FromAPI].
	Malformed Failure = "malformed"
	// Uncertain is a contact that is not sent again because too many calls were lost (--lost-retries).
	Uncertain Failure = "uncertain"
)

// An Outcome is the result of an intent. A row's failure is a value, not an error.
type Outcome struct {
	// Contact is the contact as it was sent.
	Contact Contact
	// Keys identify the contact.
	Keys Keys
	Kind Kind
	// At is when the intent ended, in UTC, in whole milliseconds.
	At time.Time
	// Status is the HTTP status of the last response; 0 if there was none.
	Status int
	// Attempts is how many requests were sent.
	Attempts int
	// Charged: the answer counts as charged.
	Charged bool
	// ChargeUnknown: the answer does not say whether it was charged. A no-match answer then keeps its reserved credit. The ledger does not
	// store it: it follows from Body.
	ChargeUnknown bool
	// Failure is why, for Refused and Lost; otherwise empty.
	Failure Failure
	// Message is for people, bounded and without the key. For an answer it is contact.error.
	Message string
	// Body is the API's answer, compacted, with the key redacted; only for answers.
	Body []byte
	// Run is the ledger's number of the run that sent the contact. The ledger sets it.
	Run int64
}
