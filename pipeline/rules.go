package pipeline

import (
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// Rules decide what a row is and what the ledger's state means for it. All passes use the same rules, so they cannot disagree.
type Rules struct {
	Identity contact.Identity
	// ByEmail identifies a contact by its address instead of by all its fields, as the ledger does.
	ByEmail bool
	// Started is when the run began: ages are counted from it.
	Started time.Time
	// MaxAge and NoMatchAge are the maximum age of a reused answer; negative: any age.
	MaxAge, NoMatchAge time.Duration
	// LostRetries is how often a contact may be sent again after a lost call, over all runs.
	LostRetries int
}

// A defect is why a row cannot be sent.
type defect struct {
	kind    contact.Failure
	message string
}

// check returns why a row cannot be sent, or nil.
func check(row *reader.Row) *defect {
	if row.Refused != nil {
		return &defect{row.Refused.Kind, row.Refused.Message}
	}
	if err := row.Contact.Check(); err != nil {
		return &defect{contact.Invalid, err.Error()}
	}
	return nil
}

// fresh reports whether the state is an answer that can be reused.
func (r *Rules) fresh(s ledger.State) bool { return s.Kind.Answered() && !r.stale(s) }

// stale reports whether the state is an answer that is too old.
func (r *Rules) stale(s ledger.State) bool {
	age := r.MaxAge
	switch {
	case !s.Kind.Answered():
		return false
	case s.Kind == contact.NoMatch && r.NoMatchAge >= 0 && (age < 0 || r.NoMatchAge < age):
		age = r.NoMatchAge
	}
	return age >= 0 && r.Started.Sub(s.At) > age
}

// uncertain reports whether a contact with so many lost calls must not be sent again.
func (r *Rules) uncertain(lost int) bool { return lost > r.LostRetries }
