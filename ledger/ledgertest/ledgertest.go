// Package ledgertest has the tests that every store of the ledger must pass. A store's own tests call [Run] and add what is
// special to it: its files, its server, its faults.
//
// The tests use only what [ledger.Store] offers. They check what package ledger promises, not how a store keeps the promise.
package ledgertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Options say how a store is opened. The zero value opens it for writing.
type Options struct {
	ReadOnly bool
	// ByEmail identifies contacts by their address.
	ByEmail bool
}

// A Backend has one ledger, which is new.
type Backend interface {
	// Open opens the ledger. When it is opened for writing, the open intents of runs that have ended become lost.
	Open(context.Context, Options) (ledger.Store, error)
	// Kill ends a store as kill -9 of its process does. The store must not be used any more.
	Kill(ledger.Store) error
	// Columns returns the names of a view's columns.
	Columns(view string) ([]string, error)
	// RawResults returns what was kept of the results of a job, in the order of commits, as view job_raw has it.
	RawResults(job int64) ([][]byte, error)
}

// Run runs the tests. Each calls newBackend for a ledger of its own, and some call it several times.
func Run(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, func(testing.TB) Backend)
	}{
		{"CommittedOutcomesAreReadBack", testCommit},
		{"CommitClaims", testClaims},
		{"ThisRun", testStateFields},
		{"AnsweredAddresses", testAnsweredAddresses},
		{"AddressesOfARun", testAddressesOfRun},
		{"LookupsAreBatched", testBatches},
		{"OutcomesAreBoundedByBytes", testBounds},
		{"RecordsAreInOrder", testOrder},
		{"OpenIntentsAreLostOnce", testOpenIntents},
		{"LostCallsAreCountedUpTo15", testLostCount},
		{"AReaderChangesNothing", testReader},
		{"JobsSurviveTheirRun", testJobs},
		{"SubmittedJobsAreLostOnce", testLostJobs},
		{"WhatAFinishedRunLeftIsLost", testLeftByFinish},
		{"JobsClaim", testJobClaims},
		{"ImpossibleChangesOfJobsAreRefused", testJobErrors},
		{"RawResultsAreKept", testRawResults},
		{"JobsAreSpent", testSpentByJobs},
		{"SpentSinceADay", testSpent},
		{"AnUnknownChargeIsSpent", testUnknownCharge},
		{"AnsweredFromAURL", testAnsweredFrom},
		{"Stats", testStats},
		{"Verify", testVerify},
		{"Forget", testForget},
		{"AnEmptyFilterForgetsNobody", testForgetNobody},
		{"ForgetNeedsAllFields", testForgetAllFields},
		{"Prune", testPrune},
		{"ForgetInAJob", testForgetInJob},
		{"ForgetRawResults", testForgetRaw},
		{"PruneKeepsOpenJobs", testPruneJobs},
		{"PruneJobsOfOtherRuns", testPruneFetched},
		{"ForgetFetchedByOthers", testForgetFetched},
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
func Begin(t TB, s ledger.Store) int64 {
	t.Helper()
	return begin(t, s, ledger.Run{Started: Noon, URL: URL, Input: "leads.csv", Version: "test"})
}

func begin(t TB, s ledger.Store, r ledger.Run) int64 {
	t.Helper()
	run, err := s.Begin(t.Context(), r)
	check(t, err)
	return run
}

// Commit commits intents and outcomes.
func Commit(t TB, s ledger.Store, run int64, intents []ledger.Intent, outcomes ...contact.Outcome) {
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
func State(t TB, s ledger.Store, k contact.Keys) ledger.State {
	t.Helper()
	var states [1]ledger.State
	check(t, s.States(t.Context(), []contact.Keys{k}, states[:]))
	return states[0]
}

// Valid verifies a store.
func Valid(t TB, s ledger.Store) ledger.Verification {
	t.Helper()
	v, err := s.Verify(t.Context())
	if err != nil || v.Problems > 0 {
		t.Fatalf("verify: %+v, %v", v, err)
	}
	return v
}

func open(t TB, b Backend, o Options) ledger.Store {
	t.Helper()
	s, err := b.Open(t.Context(), o)
	check(t, err)
	return s
}

// finish ends a run and closes its store.
func finish(t TB, s ledger.Store, run int64) {
	t.Helper()
	check(t, s.Finish(t.Context(), run, "", 0))
	check(t, s.Close())
}

func outcomeAt(t TB, s ledger.Store, ref ledger.Ref) contact.Outcome {
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
