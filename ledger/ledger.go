package ledger

import (
	"time"

	"enrich/contact"
)

// State is what is known of a contact: its latest answer, or where there is none its latest outcome.
type State struct {
	// Kind is 0 where nothing is known.
	Kind contact.Kind
	// Ref is what [Ledger.Outcomes] reads it by.
	Ref int64
	// At is when it ended, to the millisecond.
	At time.Time
	// Lost is how many calls were lost since the last answer, 15 at most.
	Lost int
	// Asked: [Ledger.MarkAsked] was called for it.
	Asked bool
}

// An Intent is a contact that is about to be asked.
type Intent struct {
	Contact contact.Contact
	Keys    contact.Keys
}

// RunInfo is what the ledger keeps of a run.
type RunInfo struct {
	// Started is when it began.
	Started time.Time
	// URL is the API's normalised base URL, Constants the constant fields of every request as JSON, or empty: with a
	// contact they make its key.
	URL       string
	Constants []byte
	// Input is the input's name, as the user wrote it; Version that of the program.
	Input, Version string
}

// Identity makes the keys of the run's requests.
func (i *RunInfo) Identity() contact.Identity { return contact.NewIdentity(i.URL, i.Constants) }

// A Record is an outcome as the file holds it, for those who read all of it.
type Record struct {
	// ID is its number in the file, from 1, in the order of commits.
	ID int64
	// URL is the API that was asked.
	URL string
	contact.Outcome
}
