package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// A script is a small life of a ledger; it says after each step what is acknowledged.
type script struct {
	path    string
	healthy string               // a disk that does not fail
	acked   map[int]contact.Kind // by person
	tried   map[int]contact.Kind
	// opened are the persons in a job whose name at the API is acknowledged.
	opened map[int]bool
}

// live opens, begins, commits and closes, with answers so large that the log is brought into the file in between. It
// stops at the first error and returns it, with the ledger, which is open where opening worked.
func (s *script) live(o sqlite.Options) (*sqlite.Ledger, error) {
	l, err := sqlite.Open(context.Background(), s.path, o)
	if err != nil {
		return nil, err
	}
	run, err := l.Begin(context.Background(), ledger.Run{Started: noon, URL: "https://api.example", Input: "leads.csv", Version: "test"})
	if err != nil {
		return l, err
	}
	for n := 0; n < 24; n += 4 {
		if err := s.ask(l, run, n); err != nil {
			return l, err
		}
	}
	if err := s.askJob(l, run, 24); err != nil {
		return l, err
	}
	return l, l.Finish(context.Background(), run, "", 0)
}

// ask commits four intents, then their outcomes.
func (s *script) ask(l *sqlite.Ledger, run int64, n int) error {
	kinds := []contact.Kind{contact.Matched, contact.NoMatch, contact.Refused, contact.Lost}
	var intents []ledger.Intent
	var outcomes []contact.Outcome
	for i, kind := range kinds {
		intents = append(intents, person(n+i))
		o := outcome(n+i, kind)
		if kind == contact.Matched {
			o.Body = large(n)
		}
		outcomes = append(outcomes, o)
		s.tried[n+i] = kind
	}
	if err := tryCommit(l, run, intents, nil); err != nil {
		return err
	}
	if err := tryCommit(l, run, nil, outcomes); err != nil {
		return err
	}
	for i, kind := range kinds {
		s.acked[n+i] = kind
	}
	return nil
}

// askJob submits a job of four contacts and records the results of three. Until its name is recorded, the contacts may be lost.
func (s *script) askJob(l *sqlite.Ledger, run int64, n int) error {
	results := []contact.Outcome{outcome(n, contact.Matched), outcome(n+1, contact.NoMatch), outcome(n+2, contact.Refused)}
	results[0].Body = large(n)
	for i, kind := range []contact.Kind{contact.Matched, contact.NoMatch, contact.Refused, contact.Lost} {
		s.tried[n+i] = kind
	}
	job, _, err := l.CommitJob(context.Background(), run, people(n, n+4))
	if err != nil {
		return err
	}
	if err := l.OpenJob(context.Background(), job, "a", noon); err != nil {
		return err
	}
	for i := range 4 {
		s.opened[n+i] = true
	}
	for i := range results {
		if err := l.CommitResults(context.Background(), run, job, results[i:i+1], [][]byte{large(n)}, ""); err != nil {
			return err
		}
		s.acked[n+i] = results[i].Kind
	}
	return nil
}

// large is an answer of some pages: a few of them fill the log of these tests.
func large(n int) []byte {
	b := fmt.Appendf(nil, `{"contact":{"credit_charged":true,"n":%d,"text":"`, n)
	for len(b) < 10_000 {
		b = append(b, "all work and no play "...)
	}
	return append(b, `"}}`...)
}

// check opens the ledger on a healthy disk: all that was acknowledged is there, what is there was tried, all of it is
// valid, and it can continue.
func (s *script) check(t *testing.T) {
	t.Helper()
	l, err := sqlite.Open(context.Background(), s.path, sqlite.Options{}.OnDisk(s.healthy))
	if err != nil {
		t.Fatalf("it does not open again: %v", err)
	}
	defer func() { _ = l.Close() }()
	for n, kind := range s.acked {
		if st := stateOf(l, person(n).Keys); st.Kind != kind {
			t.Errorf("person %d was acknowledged as %s, and is %+v", n, kind, st)
		}
	}
	for n := range s.opened {
		if st := stateOf(l, person(n).Keys); !st.InJob && st.Kind != s.tried[n] || n%4 == 3 && !st.InJob {
			t.Errorf("person %d was in an open job, and is %+v", n, st)
		}
	}
	for n, kind := range s.tried {
		st := stateOf(l, person(n).Keys)
		if st.Kind == 0 {
			continue
		}
		out := make([]contact.Outcome, 1)
		if err := l.Outcomes(context.Background(), []ledger.Ref{st.Ref}, out); err != nil {
			t.Errorf("person %d: %v", n, err)
		}
		if st.Kind != kind && st.Kind != contact.Lost {
			t.Errorf("person %d was %s, and is %s", n, kind, st.Kind)
		}
		if st.Kind == contact.Matched && string(out[0].Body) != string(large(n)) {
			t.Errorf("person %d has another answer", n)
		}
	}
	v, err := l.Verify(context.Background())
	if err != nil || v.Problems > 0 {
		t.Errorf("verify: %+v, %v", v, err)
	}
	run := begin(t, l)
	commit(t, l, run, []ledger.Intent{person(1000)})
	commit(t, l, run, nil, outcome(1000, contact.Matched))
}

// TestEachDiskOperationFailsInTurn: a failure is reported, then nothing is accepted and nothing is written; what was
// acknowledged before is there on a healthy disk. Each operation fails in one of three ways in turn, or in each in a soak.
func TestEachDiskOperationFailsInTurn(t *testing.T) {
	ways := []struct {
		name  string
		fault error
	}{{"EIO", syscall.EIO}, {"ENOSPC", syscall.ENOSPC}, {"short", errShort}}
	shift := rand.IntN(len(ways))
	t.Logf("the operations are shifted by %d", shift)
	for i, way := range ways {
		fault := way.fault
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			disk := unsynced(t)
			healthy := faulty{at: -1, disk: disk}
			healthy.run(t)
			for n := range healthy.operations {
				if (n+i+shift)%len(ways) != 0 && os.Getenv(soakDisk) == "" {
					continue
				}
				f := faulty{at: n, fault: fault, disk: disk}
				f.run(t)
				if t.Failed() {
					t.Fatalf("operation %d of %d failed: %v", n, healthy.operations, f.failed)
				}
			}
			t.Logf("%d operations, each failed once: %v", healthy.operations, healthy.kinds)
			for _, kind := range []string{"write ledger.db", "sync ledger.db", "write ledger.db-wal", "sync ledger.db-wal", "open ledger.db-wal", "delete ledger.db-wal"} {
				if healthy.kinds[kind] == 0 {
					t.Errorf("there was no %s", kind)
				}
			}
			if healthy.kinds["sync ledger.db"] < 4 {
				t.Error("the log was not brought into the file under way")
			}
		})
	}
}

// soakDisk makes each operation fail in each way.
const soakDisk = "TEST_ENRICH_SOAK_DISK"

var errShort = errors.New("short write")

// A faulty disk fails once.
type faulty struct {
	at         int // which operation; -1: none
	fault      error
	disk       string // one that does not fail
	operations int
	kinds      map[string]int
	failed     *op
	reported   bool
	after      []op // what was done to the disk after the failure was reported
}

func (f *faulty) change(o op) (int, error) {
	if o.kind == "size" { // a hint
		return 0, nil
	}
	f.operations++
	f.kinds[o.kind+" "+filepath.Base(o.file)]++
	switch {
	case f.operations-1 == f.at:
		f.failed = &op{kind: o.kind, file: o.file, at: o.at}
		if errors.Is(f.fault, errShort) {
			return len(o.data) / 3, f.fault
		}
		return 0, f.fault
	case f.reported && o.kind != "open" && o.kind != "sync":
		f.after = append(f.after, op{kind: o.kind, file: o.file, at: o.at})
	}
	return 0, nil
}

// run lives the script on the disk, and checks what is left.
func (f *faulty) run(t *testing.T) {
	t.Helper()
	f.kinds = map[string]int{}
	s := script{path: filepath.Join(t.TempDir(), "ledger.db"), healthy: f.disk, acked: map[int]contact.Kind{}, tried: map[int]contact.Kind{}, opened: map[int]bool{}}
	d := newDisk(t, f.change).quick()
	l, err := s.live(sqlite.Options{}.OnDisk(d.name).Tiny())
	switch {
	case f.failed == nil && err != nil:
		t.Fatal(err)
	case f.failed != nil && err == nil:
		t.Errorf("%v failed, and no error was returned", f.failed)
	case f.failed != nil && l != nil:
		f.reported = true
		refuses(t, l, f.failed)
	}
	if l != nil {
		if err := l.Close(); err != nil && f.failed == nil {
			t.Error(err)
		}
	}
	if len(f.after) > 0 {
		t.Errorf("%v failed, and then there was %v", f.failed, f.after)
	}
	s.check(t)
}

// refuses checks that a ledger that failed takes nothing.
func refuses(t *testing.T, l *sqlite.Ledger, failed *op) {
	t.Helper()
	_, begun := l.Begin(context.Background(), ledger.Run{Started: noon})
	_, forgot := l.Forget(context.Background(), person(0).Contact)
	_, pruned := l.Prune(context.Background(), noon)
	for what, err := range map[string]error{
		"commit": tryCommit(l, 1, []ledger.Intent{person(2000)}, nil), "finish": l.Finish(context.Background(), 1, "", 0), "begin": begun, "forget": forgot, "prune": pruned,
	} {
		if !errors.Is(err, ledger.ErrFailed) {
			t.Errorf("%v failed, and then %s returned %v", failed, what, err)
		}
	}
}
