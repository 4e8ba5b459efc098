package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// peakOf is the most memory that a process had so far, in bytes, as the system counts it; 0: it is gone.
func peakOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(text, []byte("VmHWM:"))
	if !found {
		return 0 // it has ended
	}
	fields := bytes.Fields(rest)
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// built is the program as `make build` makes it, but for the profile: the test's own binary has 3 to 6 MiB of its own. It is built
// for the first test that needs it, and kept beside the test binary's copy. Tests of memory do not run in parallel.
func built(t *testing.T) string {
	t.Helper()
	own, err := exec.LookPath("enrich")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(filepath.Dir(own), "built", "enrich")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	build := exec.Command("go", "build", "-trimpath", "-pgo=off", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// A run takes at most 64 MiB and 32 bytes for each contact, whatever the input is long: here are six times as many rows
// as contacts that are asked.
func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	const rows, asked = 300_000, 50_000
	s := newStage(t, fakeapi.Options{Uncounted: true})
	s.list("l.csv", rows, "-of-a-list")
	program := built(t)
	c := s.command("run", "--max-calls", fmt.Sprint(asked), "--workers", "64", "--pending", "rest.csv", "l.csv")
	c.Path = program
	peak := c.peak()
	c.ends(exitCapped)
	sum := s.summary("l.summary.json")
	if sum.Rows.Read != rows || sum.Rows.Pending != rows-asked {
		t.Errorf("%+v", sum.Rows)
	}
	keepsPromise(t, "run", peak, asked)
}

// A plan takes no more for a list of a million contacts, of which a part was answered under other fields, than 64 MiB and 32 bytes
// for each contact in the ledger, though it reads the list and the ledger twice.
func TestMemoryOfAPlan(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	const rows, known = 1_000_000, 200_000
	s := newStage(t, fakeapi.Options{})
	s.list("l.csv", rows, "-of-a-list")
	s.answer(known, func(i int) contact.Contact {
		return contact.Contact{Email: fmt.Sprintf("p%d-of-a-list@x.example", i), FirstName: "Ann"}
	})
	c := s.commandWithin(patienceForLarge, "plan", "--json", "--quiet", "l.csv")
	c.Path = built(t)
	peak := c.peak()
	c.ends(exitOK)
	var planned forecast
	if err := json.Unmarshal(c.said.Bytes(), &planned); err != nil || planned.Calls != rows || planned.OtherFields != known || planned.Saved.Calls != known {
		t.Errorf("%v: %s", err, &c.said)
	}
	keepsPromise(t, "plan", peak, known)
}

// answer makes a ledger with answers of n contacts.
func (s *stage) answer(n int, of func(int) contact.Contact) {
	s.t.Helper()
	const group = 5000
	l, err := sqlite.Open(s.t.Context(), s.path("ledger.db"), sqlite.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	identity := contact.NewIdentity(s.api.URL, nil)
	run, err := l.Begin(s.t.Context(), ledger.Run{Started: time.Now(), URL: s.api.URL, Input: "x"})
	for i := 0; i < n && err == nil; i += group {
		outcomes := make([]contact.Outcome, 0, group)
		for k := i; k < min(n, i+group); k++ {
			c := of(k)
			outcomes = append(outcomes, contact.Outcome{Contact: c, Keys: identity.Keys(c), Kind: contact.Matched, At: time.Now(), Status: 200, Body: []byte("{}")})
		}
		_, err = l.Commit(s.t.Context(), run, nil, outcomes)
	}
	if err := errors.Join(err, l.Finish(s.t.Context(), run, "", 0), l.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// peak starts the child and returns the most memory that it had.
func (c *child) peak() (peak int64) {
	if err := c.Start(); err != nil {
		c.t.Fatal(err)
	}
	for {
		now := peakOf(c.Process.Pid) // the child ends, because its context does
		if now == 0 {
			return peak
		}
		peak = max(peak, now)
		time.Sleep(10 * time.Millisecond) // another process has no clock that could be passed in
	}
}

// keepsPromise checks a peak against 64 MiB and 32 bytes for each contact.
func keepsPromise(t *testing.T, what string, peak, contacts int64) {
	t.Helper()
	most := 64<<20 + 32*contacts
	t.Logf("%s: at most %.1f MiB", what, float64(peak)/(1<<20))
	if peak > most || peak == 0 {
		t.Errorf("%s took %.1f MiB, expected at most %.1f", what, float64(peak)/(1<<20), float64(most)/(1<<20))
	}
}

// With 512 workers a run collects garbage as often as its memory needs, not all the time: before the workers' own memory was
// reduced, it collected for each 400 rows, which took a quarter of its processor time.
func TestManyWorkersLeaveRoomForTheCollector(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	const rows, rowsForEach = 20_000, 600
	s := newStage(t, fakeapi.Options{Uncounted: true, Latency: 50 * time.Millisecond})
	s.list("l.csv", rows, "-of-a-list")
	c := s.commandWithin(patienceForLarge, "run", "--quiet", "--workers", "512", "l.csv")
	c.Path = built(t)
	c.Env = append(c.Env, "GODEBUG=gctrace=1")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitOK)
	collections := bytes.Count(c.said.Bytes(), []byte("\ngc "))
	t.Logf("%d collections for %d rows", collections, rows)
	if collections == 0 || collections > rows/rowsForEach {
		t.Errorf("%d collections for %d rows, expected at most one for each %d", collections, rows, rowsForEach)
	}
}
