// Package pipeline is the two passes over an input: [Ask] asks the API about each contact that has no answer,
// [Write] joins each row with what the ledger holds for it. The ledger is the only thing that they share.
//
// It guarantees the order that protects money: an intent is synced before its request is written, an outcome
// is synced before its permit is given back or, in the same transaction, handed to another intent, and nothing is
// written to an output that is not in the ledger. At most 2 × workers contacts are between the two at any instant,
// which bounds what a crash leaves in doubt.
// Caps are kept by reservation before a call, so that no number of workers overshoots them.
//
// It does not know HTTP, SQLite, dialects or formats: those are the rooms below it, behind the small
// interfaces of this package.
package pipeline

import (
	"context"

	"enrich/client"
	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// Rows is an input that is read in order; reader.Reader is one.
type Rows interface {
	// Read fills rows and returns how many; 0 and io.EOF at the end. What it returns is valid until the next Read,
	// as are its strings.
	Read(rows []reader.Row) (int, error)
}

// A Queue takes contacts to be asked, in input order; client.Client is one.
type Queue interface {
	Queue(client.Ticket) *client.Asking
	// Proved says whether this run has seen a usable answer: until then a 404 may be a wrong URL.
	Proved() bool
}

// A Ledger is what both passes need of the durable record; sqlite.Ledger is one.
type Ledger interface {
	// States looks contacts up by their keys: states[i] is the state of keys[i].
	States(ctx context.Context, keys []contact.Keys, states []ledger.State) error
	// Answers is how many contacts have an answer.
	Answers() int64
	// MarkAsked says whether this is the first asking of a contact in this run.
	MarkAsked(contact.Keys) (first bool)
	// MarkSeen says whether this is the first row of a contact in the write pass.
	MarkSeen(contact.Keys) (first bool)
	// Commit makes intents and outcomes durable, together. Only an intent that is claimed may be sent: claimed[i] is that of
	// intents[i], until the next Commit.
	Commit(ctx context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) (claimed []bool, err error)
	// Outcomes reads outcomes by their references. To bound memory it may leave some with Kind 0, but not a single one.
	Outcomes(ctx context.Context, refs []ledger.Ref, out []contact.Outcome) error
}

// stateOf looks one contact up.
func stateOf(ctx context.Context, l Ledger, k contact.Keys) (ledger.State, error) {
	var s [1]ledger.State
	err := l.States(ctx, []contact.Keys{k}, s[:])
	return s[0], err
}

// batch is how many rows a pass takes from the reader, and how many outcomes from the ledger, at once.
const batch = 256
