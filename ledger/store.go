package ledger

import (
	"context"
	"time"

	"enrich/contact"
)

// A Store keeps the ledger. Its methods may be called from any goroutine. How it is opened is its own.
type Store interface {
	// Begin records a new run durably and returns its number, from 1.
	Begin(context.Context, Run) (int64, error)
	// Commit makes intents and outcomes of a run durable, together. The outcome of an intent is in a later commit. claimed[i]
	// reports whether intents[i] may be sent; it is valid until the next Commit.
	Commit(ctx context.Context, run int64, intents []Intent, outcomes []contact.Outcome) (claimed []bool, err error)
	// Finish records how a run ended, and that none of its intents is open.
	Finish(ctx context.Context, run int64, stopped string, exitCode int) error

	// States looks contacts up: states[i] is the state of keys[i].
	States(ctx context.Context, keys []contact.Keys, states []State) error
	// Outcomes reads outcomes by their references. If the answers are large it may leave some with Kind 0, but never a single
	// one. Contact and Keys are not filled.
	Outcomes(ctx context.Context, refs []Ref, out []contact.Outcome) error
	// Each calls do with every outcome in the order of commits.
	Each(ctx context.Context, do func(*Record) error) error
	// Answers returns how many contacts have an answer.
	Answers() int64
	// InterruptedCalls returns the calls of earlier runs that were open when the store was opened, as lost outcomes.
	InterruptedCalls() []contact.Outcome

	// AnsweredFrom reports whether there is an answer with a 2xx status from a base URL.
	AnsweredFrom(ctx context.Context, url string) (bool, error)
	// SpentSince returns what was spent since the beginning of a day of UTC.
	SpentSince(ctx context.Context, since time.Time) (Spent, error)
	Stats(context.Context) (Stats, error)
	Verify(context.Context) (Verification, error)
	// CheckUnchanged returns ErrChanged if the ledger is not what was opened any more.
	CheckUnchanged(context.Context) error

	// Forget and Prune remove outcomes and intents. After them the store accepts nothing more until it is opened again.
	Forget(ctx context.Context, who contact.Contact) (Erased, error)
	Prune(ctx context.Context, before time.Time) (Erased, error)
	// LastErased returns when something was last removed, or the zero time.
	LastErased() time.Time

	// Close releases the store. The intents of a run that was not finished stay open.
	Close() error
}
