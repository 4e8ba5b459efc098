// Package ledgertest has the tests that every store of the ledger must pass. A store's own tests call [Run] and add what is
// special to it: its files, its server, its faults.
//
// The tests use only what [Store] offers. They check what package ledger promises, not how a store keeps the promise.
package ledgertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// A Store is what a store offers. Its methods may be called from any goroutine.
type Store interface {
	// Begin records a new run durably and returns its number, from 1.
	Begin(context.Context, ledger.Run) (int64, error)
	// Commit makes intents and outcomes of a run durable, together. The outcome of an intent is in a later commit. claimed[i]
	// reports whether intents[i] may be sent; it is valid until the next Commit.
	Commit(ctx context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) (claimed []bool, err error)
	// Finish records how a run ended, and that none of its intents is open.
	Finish(ctx context.Context, run int64, stopped string, exitCode int) error

	// States looks contacts up: states[i] is the state of keys[i].
	States(ctx context.Context, keys []contact.Keys, states []ledger.State) error
	// Outcomes reads outcomes by their references. If the answers are large it may leave some with Kind 0, but never a single
	// one. Contact and Keys are not filled.
	Outcomes(ctx context.Context, refs []ledger.Ref, out []contact.Outcome) error
	// Each calls do with every outcome in the order of commits.
	Each(ctx context.Context, do func(*ledger.Record) error) error
	// Answers returns how many contacts have an answer.
	Answers() int64
	// Found returns the calls of earlier runs that were open when the store was opened, as lost outcomes.
	Found() []contact.Outcome

	// AnsweredFrom reports whether there is an answer with a 2xx status from a base URL.
	AnsweredFrom(ctx context.Context, url string) (bool, error)
	// SpentSince returns what was spent since the beginning of a day of UTC.
	SpentSince(ctx context.Context, since time.Time) (ledger.Spent, error)
	Stats(context.Context) (ledger.Stats, error)
	Verify(context.Context) (ledger.Verification, error)
	// Intact returns ledger.ErrChanged if the ledger is not what was opened any more.
	Intact(context.Context) error

	// Forget and Prune remove outcomes and intents. After them the store accepts nothing more until it is opened again.
	Forget(ctx context.Context, who contact.Contact) (ledger.Erased, error)
	Prune(ctx context.Context, before time.Time) (ledger.Erased, error)
	// Removed returns when something was last removed, or the zero time.
	Removed() time.Time

	// Close releases the store. The intents of a run that was not finished stay open.
	Close() error
}

// Options say how a store is opened. The zero value opens it for writing.
type Options struct {
	ReadOnly bool
	// ByEmail identifies contacts by their address.
	ByEmail bool
	// Addresses makes States fill AddressAnswered.
	Addresses bool
}

// A Backend has one ledger, which is new.
type Backend interface {
	// Open opens the ledger. When it is opened for writing, the open intents of runs that have ended become lost.
	Open(context.Context, Options) (Store, error)
	// Kill ends a store as kill -9 of its process does. The store must not be used any more.
	Kill(Store) error
	// Columns returns the names of a view's columns.
	Columns(view string) ([]string, error)
}

// Run runs the tests. Each calls newBackend for a ledger of its own, and some do so many times.
func Run(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, func(testing.TB) Backend)
	}{
		{"CommittedOutcomesAreReadBack", testCommit},
		{"CommitClaims", testClaims},
		{"ThisRunAndAddresses", testStateFields},
		{"LookupsAreBatched", testBatches},
		{"OutcomesAreBoundedByBytes", testBounds},
		{"RecordsAreInOrder", testOrder},
		{"OpenIntentsAreLostOnce", testOpenIntents},
		{"LostCallsAreCountedUpTo15", testLostCount},
		{"AReaderChangesNothing", testReader},
		{"SpentSinceADay", testSpent},
		{"AnUnknownChargeIsSpent", testUnknownCharge},
		{"AnsweredFromAURL", testAnsweredFrom},
		{"Stats", testStats},
		{"Verify", testVerify},
		{"Forget", testForget},
		{"AnEmptyFilterForgetsNobody", testForgetNobody},
		{"Prune", testPrune},
		{"ErasureDuringARunIsRefused", testEraseDuringRun},
		{"RemovedIsRecorded", testRemoved},
		{"Cancellation", testCancellation},
		{"Views", testViews},
		{"AgreesWithAList", testModel},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newBackend) })
	}
}

// The API and the time of the tests' runs.
var (
	Identity = contact.NewIdentity(URL, nil)
	Noon     = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

// URL is the API of the tests' runs.
const URL = "https://api.example"

// Body is an answer of an ordinary size.
const Body = `{"contact":{"credit_charged":true,"first_name":"Ann","last_name":"Smith","email":"ann.smith@example.com","office_phone":"+18005551234","mobile_phone":"","location":{"country":"United States","state":"CA","zip_code":"94016"},"title":"VP Sales","job_level":"VP","department":"Sales","linkedin":"https://linkedin.com/in/ann","company":{"name":"Example","description":"Makes examples","website":"example.com"}},"remaining_credits":10}`

// Person returns the intent of the n-th contact.
func Person(n int) ledger.Intent {
	c := contact.Contact{Email: fmt.Sprintf("ann.smith.%d@northwind.example", n), FirstName: "Ann", LastName: "Smith"}
	return ledger.Intent{Contact: c, Keys: Identity.Keys(c)}
}

// Outcome returns an outcome of the n-th contact, n seconds after noon.
func Outcome(n int, kind contact.Kind) contact.Outcome {
	p := Person(n)
	o := contact.Outcome{Contact: p.Contact, Keys: p.Keys, Kind: kind, At: Noon.Add(time.Duration(n) * time.Second), Status: 200, Attempts: 1}
	switch kind {
	case contact.Matched, contact.NoMatch:
		o.Body, o.Charged = []byte(Body), kind == contact.Matched
	case contact.Refused:
		o.Failure, o.Status, o.Message = contact.Rejected, 400, "no"
	case contact.Lost:
		o.Failure, o.Status, o.Message = contact.Exhausted, 0, "cut"
	}
	return o
}

// TB is a test, or one of rapid's.
type TB interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Context() context.Context
}

// Begin begins a run.
func Begin(t TB, s Store) int64 {
	t.Helper()
	return begin(t, s, ledger.Run{Started: Noon, URL: URL, Input: "leads.csv", Version: "test"})
}

func begin(t TB, s Store, r ledger.Run) int64 {
	t.Helper()
	run, err := s.Begin(t.Context(), r)
	check(t, err)
	return run
}

// Commit commits intents and outcomes.
func Commit(t TB, s Store, run int64, intents []ledger.Intent, outcomes ...contact.Outcome) {
	t.Helper()
	claimed, err := s.Commit(t.Context(), run, intents, outcomes)
	check(t, err)
	if len(claimed) != len(intents) {
		t.Fatalf("%d claims for %d intents", len(claimed), len(intents))
	}
	for i := range claimed {
		if !claimed[i] {
			t.Fatalf("intent %d was not claimed", i)
		}
	}
}

// State looks one contact up.
func State(t TB, s Store, k contact.Keys) ledger.State {
	t.Helper()
	var states [1]ledger.State
	check(t, s.States(t.Context(), []contact.Keys{k}, states[:]))
	return states[0]
}

// Valid verifies a store.
func Valid(t TB, s Store) ledger.Verification {
	t.Helper()
	v, err := s.Verify(t.Context())
	if err != nil || v.Problems > 0 {
		t.Fatalf("verify: %+v, %v", v, err)
	}
	return v
}

func open(t TB, b Backend, o Options) Store {
	t.Helper()
	s, err := b.Open(t.Context(), o)
	check(t, err)
	return s
}

// finish ends a run and closes its store.
func finish(t TB, s Store, run int64) {
	t.Helper()
	check(t, s.Finish(t.Context(), run, "", 0))
	check(t, s.Close())
}

func outcomeAt(t TB, s Store, ref ledger.Ref) contact.Outcome {
	t.Helper()
	var out [1]contact.Outcome
	check(t, s.Outcomes(t.Context(), []ledger.Ref{ref}, out[:]))
	return out[0]
}

func check(t TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
