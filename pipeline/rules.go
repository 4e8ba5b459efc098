package pipeline

import (
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// Rules decide what a row is and what the ledger's state means for it. Both passes and the plan use the same,
// so that they cannot disagree.
type Rules struct {
	Identity contact.Identity
	// Started is the moment the run began: ages are counted from it.
	Started time.Time
	// MaxAge and NoMatchAge are how old a reused answer may be; negative: any age.
	MaxAge, NoMatchAge time.Duration
	// LostRetries is how often a contact may be asked again after a lost call, over all runs.
	LostRetries int
}

// A refusal is why a row cannot be asked.
type refusal struct {
	kind    contact.Failure
	message string
}

// judge says whether a row can be asked; nil: it can.
func judge(row *reader.Row) *refusal {
	if row.Refused != nil {
		return &refusal{row.Refused.Kind, row.Refused.Message}
	}
	if err := row.Contact.Check(); err != nil {
		return &refusal{contact.Invalid, err.Error()}
	}
	return nil
}

// fresh says whether the state holds an answer that need not be asked again.
func (r *Rules) fresh(s ledger.State) bool { return s.Kind.Answered() && !r.stale(s) }

// stale says whether the state holds an answer that is too old.
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

// held says whether a contact was lost too often to be asked again.
func (r *Rules) held(s ledger.State) bool { return s.Lost > r.LostRetries }
