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

// A defect is why a row cannot be sent. Its message may be a view of the row, as that of a row of a failures file.
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

// Fresh returns which answers can be reused. A no match must not be older than either age.
func (r *Rules) Fresh() ledger.Fresh {
	since := func(age time.Duration) time.Time {
		if age < 0 {
			return time.Time{}
		}
		return r.Started.Add(-age)
	}
	f := ledger.Fresh{Match: since(r.MaxAge), NoMatch: since(r.NoMatchAge)}
	if f.NoMatch.Before(f.Match) {
		f.NoMatch = f.Match
	}
	return f
}

// isFresh reports whether the state is an answer that can be reused.
func (r *Rules) isFresh(s ledger.State) bool { return s.Kind.Answered() && !r.isStale(s) }

// isStale reports whether the state is an answer that is too old.
func (r *Rules) isStale(s ledger.State) bool {
	return s.Kind.Answered() && !r.Fresh().Includes(s.Kind, s.At)
}

// isUncertain reports whether a contact with this number of lost calls must not be sent again.
func (r *Rules) isUncertain(lost int) bool { return lost > r.LostRetries }
