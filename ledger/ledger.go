package ledger

import (
	"time"

	"enrich/contact"
)

// A Ref names an outcome. Only the store that returned it can read the outcome; 0 names none. Two states with the same Ref
// have the same outcome. The refs of a store are dense, so that a set of them can be a bitmap; negative ones are few.
type Ref int64

// A State is what a store knows of a contact: its latest answer or, if there is none, its latest outcome. The zero value
// means that nothing is known.
type State struct {
	// Kind is the kind of that outcome; 0: none.
	Kind contact.Kind
	// Ref is the reference of that outcome.
	Ref Ref
	// At is when that outcome ended, to the millisecond.
	At time.Time
	// Lost is the number of calls that were lost since the last answer, at most 15.
	Lost int
	// DoneThisRun reports whether the run that was begun on this store has committed an outcome of the contact. If several runs
	// share the work on one input, an answer or a refusal counts that any of them has committed. A contact that another run has
	// released, or whose call it has lost, is left to this one.
	DoneThisRun bool
	// ClaimedElsewhere reports whether another process has an open claim on the contact: it must be neither sent nor failed. It
	// is always false if only one process at a time can write to the store.
	ClaimedElsewhere bool
	// InJob reports whether the contact was submitted in a bulk job, of any run, and has no outcome of it yet: it must be neither
	// sent nor failed. The other fields are those of its earlier outcomes.
	InJob bool
}

// Fresh says which answers are fresh: those that ended at a time or later. The zero time means any answer.
type Fresh struct{ Match, NoMatch time.Time }

// Includes reports whether an answer of a kind that ended at a time is fresh.
func (f Fresh) Includes(kind contact.Kind, at time.Time) bool {
	if kind == contact.NoMatch {
		return !at.Before(f.NoMatch)
	}
	return kind == contact.Matched && !at.Before(f.Match)
}

// A Version tells the states of a contact apart, as far as they decide whether it is sent: each outcome that changes them makes
// another version. The zero Version is none of them.
type Version int64

// Version returns the version of a state.
func (s *State) Version() Version { return Version(s.Ref)<<4 | Version(s.Lost) + 1 }

// An Intent is a contact that is about to be sent.
type Intent struct {
	Contact contact.Contact
	Keys    contact.Keys
	// Seen is the version of the state because of which it is sent: if another process has changed the state since, the contact is
	// not claimed. 0: it is claimed whatever its state is. A store that only one process at a time can write to ignores it.
	Seen Version
}

// InterruptedMessage is the message of a lost call whose run ended before its outcome was recorded.
const InterruptedMessage = "the run ended before the answer was recorded; the call may have been charged"

// A Run is what the ledger records when a run begins.
type Run struct {
	// Started is when it began.
	Started time.Time
	// URL is the API's normalised base URL, and Constants the constant fields of every request, as JSON or empty. With a
	// contact they make its key.
	URL       string
	Constants []byte
	// Input is the input's name as the user typed it; Version is the program's.
	Input, Version string

	// The other members matter to a ledger that many machines share. A file ignores them.

	// Host names the machine, for messages.
	Host string
	// Timeout is how long one call may take: until then, and some time after it, the calls of a run that is not seen any more may
	// still be answered.
	Timeout time.Duration
	// KeyTag tells the keys of an API apart: a stop of one concerns all runs that use it. The key cannot be found from it.
	KeyTag []byte
	// Work is the input that several machines work on together; zero: the run works alone.
	Work Work
	// MaxCalls and MaxCredits are what all runs of the work may spend together; 0: no cap.
	MaxCalls, MaxCredits int64
}

// A Work identifies an input on which the same command works on several machines.
type Work struct {
	// Input is the SHA-256 of the input's bytes, and Rules of everything else that decides which contacts are sent.
	Input, Rules [32]byte
}

// Identity returns what makes the keys of the run's requests.
func (r *Run) Identity() contact.Identity { return contact.NewIdentity(r.URL, r.Constants) }

// A Record is an outcome as the ledger has it, for reading all of them.
type Record struct {
	// ID is the outcome's number, from 1, in the order of commits.
	ID int64
	// URL is the API that was called.
	URL string
	contact.Outcome
}
