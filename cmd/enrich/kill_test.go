package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
	"enrich/pipeline"
)

// Settings of the kill test, from the environment: how many kills (default 54, or 18 with -short), and the seed of their instants.
const (
	soakKills = "TEST_ENRICH_SOAK_KILLS"
	killSeed  = "TEST_ENRICH_KILL_SEED"
)

// mostLost is the highest --lost-retries: a contact that a loaded machine loses even more often is held, and fails.
const mostLost = 14

// TestKilledAtAnyInstant: a real run is killed with SIGKILL at random instants, again and again, and the same command is
// given again. The stand-in's own count and the outputs say whether each promise of a kill is kept.
func TestKilledAtAnyInstant(t *testing.T) {
	t.Parallel()
	most := int64(54)
	if testing.Short() {
		most = 18
	}
	kills, seed := number64(t, soakKills, most), number64(t, killSeed, time.Now().UnixNano())
	t.Logf("%d kills; to have these again: %s=%d %s=%d", kills, soakKills, kills, killSeed, seed)
	lives := []life{
		{workers: 1, rows: 120},
		{workers: 1, rows: 60, latency: 3 * time.Millisecond},
		{workers: 8, rows: 900},
		{workers: 8, rows: 500, latency: 5 * time.Millisecond, jitter: 10 * time.Millisecond},
		{workers: 64, rows: 3000},
		{workers: 64, rows: 3000, latency: 20 * time.Millisecond, jitter: 30 * time.Millisecond},
	}
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	for n := int64(0); n < kills; {
		for i := range lives {
			share := min((kills+int64(len(lives))-1)/int64(len(lives)), 25, kills-n)
			if share <= 0 {
				break
			}
			n += share
			lives[i].live(t, int(share), random)
			if t.Failed() {
				return
			}
		}
	}
	for _, l := range lives {
		t.Logf("%2d workers, latency %s to %s: %d kills, %d runs, %d contacts in doubt at most (bound %d), %d in all",
			l.workers, l.latency, l.latency+l.jitter, l.kills, l.runs, l.most, 2*l.workers, l.doubts)
	}
}

func number64(t *testing.T, variable string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// A life is runs of one kind, most of them killed.
type life struct {
	workers, rows   int
	latency, jitter time.Duration

	kills, runs, doubts, most int
}

// live kills the same command so many times, then lets it end, and looks at what it did.
func (l *life) live(t *testing.T, kills int, random *rand.Rand) {
	t.Helper()
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{Latency: l.latency, LatencyJitter: l.jitter, Seed: random.Int64()})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	v := victim{dir: t.TempDir(), api: api, workers: l.workers, exit: exitFailedRows, answered: map[string]int64{}}
	v.makeInput(t, l.rows, random)
	ended, longest := 0, 600*time.Millisecond
	for k := 0; k < kills; {
		l.runs++
		killed, took := v.run(t, time.Duration(random.Int64N(int64(longest))))
		if !killed { // all is answered: on with new rows
			ended++
			longest = took + took/4
			v.judge(t)
			v.makeInput(t, l.rows, random)
			continue
		}
		k++
		doubts := v.inDoubt(t)
		l.doubts += doubts
		l.most = max(l.most, doubts)
		if doubts > 2*l.workers {
			t.Errorf("%d contacts are in doubt after a kill with %d workers", doubts, l.workers)
		}
	}
	l.kills += kills
	l.runs++
	if killed, _ := v.run(t, time.Hour); killed {
		t.Fatal("killed, though it was not")
	}
	v.judge(t)
}

// A victim is a command that is killed, its input and its stand-in.
type victim struct {
	dir      string
	api      *fakeapi.Server
	workers  int
	calls    int64    // it is killed a time after so many calls
	args     []string // more flags of the command
	exit     int      // its exit code if it is not killed
	inputs   int
	rows     []string         // the addresses of the input's rows
	answered map[string]int64 // contacts with a committed answer, and how often they had been called by then
}

func (v *victim) path(name string) string { return filepath.Join(v.dir, name) }

// makeInput writes another file of new contacts, some of them twice, some that the API refuses.
func (v *victim) makeInput(t *testing.T, rows int, random *rand.Rand) {
	t.Helper()
	v.inputs++
	v.rows = v.rows[:0]
	text := "id,email\n"
	for n := range rows {
		address := fmt.Sprintf("p%d.%d@kill.example", v.inputs, n)
		switch {
		case n%250 == 49: // never so many that a run takes the API to refuse all
			address = fmt.Sprintf("p%d.%d+400@kill.example", v.inputs, n)
		case n%20 == 19:
			address = v.rows[random.IntN(n)]
		}
		v.rows = append(v.rows, address)
		text += fmt.Sprintf("%d,%s\n", n, address)
	}
	if err := os.WriteFile(v.path("leads.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts the command and kills it after a time, unless it has ended by itself.
func (v *victim) run(t *testing.T, after time.Duration) (killed bool, took time.Duration) {
	t.Helper()
	cmd := v.command(slices.Concat([]string{
		"run", "--url", v.api.URL, "--workers", strconv.Itoa(v.workers), "--lost-retries", strconv.Itoa(mostLost), "--quiet", "--ledger", v.path("ledger.db"), "--out", v.dir,
	}, v.args, []string{v.path("leads.csv")})...)
	var said strings.Builder
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { v.kill(cmd.Process, after, ended) })
	err := cmd.Wait()
	close(ended)
	killer.Wait()
	if !cmd.ProcessState.Exited() {
		return true, 0
	}
	if code := cmd.ProcessState.ExitCode(); code != v.exit {
		t.Fatalf("exit code %d, %v\n%s", code, err, said.String())
	}
	return false, time.Since(start)
}

// kill kills the process after a time, which begins when the stand-in has heard as many more calls as calls says.
func (v *victim) kill(process *os.Process, after time.Duration, ended <-chan struct{}) {
	tick := time.NewTicker(time.Millisecond) // another process's calls
	defer tick.Stop()
	for before := v.api.Stats().Calls; v.calls > 0 && v.api.Stats().Calls < before+v.calls; {
		select {
		case <-tick.C:
		case <-ended:
			return
		}
	}
	death := time.NewTimer(after)
	defer death.Stop()
	select {
	case <-death.C:
		_ = process.Kill() // it may have ended
	case <-ended:
	}
}

func (v *victim) command(args ...string) *exec.Cmd {
	cmd := exec.Command("enrich", args...)
	cmd.Env = append(os.Environ(), "SELLING_API_KEY=secret", statusFile+"="+v.path("status"))
	return cmd
}

// inDoubt counts the contacts that the killed run had in flight, and notes which have an answer.
func (v *victim) inDoubt(t *testing.T) int {
	t.Helper()
	calls := v.quiet(t)
	states, interrupted := v.recorded(t)
	for address, s := range states {
		if _, known := v.answered[address]; s.Kind.Answered() && !known {
			v.answered[address] = calls[address]
		}
	}
	return interrupted
}

// recorded returns the ledger's state of each address of the input, and the number of calls that the killed run left in doubt.
func (v *victim) recorded(t *testing.T) (states map[string]ledger.State, interrupted int) {
	t.Helper()
	l, err := sqlite.Open(context.Background(), v.path("ledger.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only read
	states = map[string]ledger.State{}
	for _, address := range v.rows {
		var s [1]ledger.State
		if err := l.States(context.Background(), []contact.Keys{v.keys(address)}, s[:]); err != nil {
			t.Fatal(err)
		}
		states[address] = s[0]
	}
	return states, len(l.InterruptedCalls())
}

func (v *victim) keys(address string) contact.Keys {
	return contact.NewIdentity(v.api.URL, nil).Keys(contact.Contact{Email: address})
}

// quiet waits until the stand-in has heard all that was sent, and returns its count by contact.
func (v *victim) quiet(t *testing.T) map[string]int64 {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) { // another process's calls
		if s := v.api.Stats(); s.InFlight == 0 {
			return s.Contacts
		}
		if time.Now().After(deadline) {
			t.Fatal("the stand-in does not come to rest")
		}
	}
}

// judge looks at a run that ended: every row once, in order; nothing paid for twice but what was named as lost.
func (v *victim) judge(t *testing.T) {
	t.Helper()
	calls := v.quiet(t)
	for address, n := range v.answered {
		if calls[address] != n {
			t.Errorf("%s had its answer in the ledger after %d calls, and was called %d times", address, n, calls[address])
		}
	}
	clear(v.answered)
	lost, doubts := v.lost(t)
	for _, address := range v.rows {
		switch n := calls[address]; {
		case n == 0:
			t.Errorf("%s was never called", address)
		case strings.Contains(address, "+400"): // refused is asked again by every run
		case n > 1+lost[address]:
			t.Errorf("%s was called %d times, and named lost %d times", address, n, lost[address])
		}
	}
	results, failures := v.ids(t, "leads.results.csv"), v.ids(t, "leads.failures.csv")
	for n, address := range v.rows {
		fails := strings.Contains(address, "+400") || lost[address] > mostLost
		if got, other := results[n], failures[n]; got+other != 1 || (other == 1) != fails {
			t.Errorf("row %d, %s, is %d times in the results and %d times in the failures", n, address, got, other)
		}
	}
	if len(results)+len(failures) != len(v.rows) {
		t.Errorf("%d and %d rows came out of %d", len(results), len(failures), len(v.rows))
	}
	v.judgeSummary(t)
	if t.Failed() {
		t.Logf("%d lost in all", doubts)
	}
}

// lost counts how often each contact was named lost, and checks the ledger.
func (v *victim) lost(t *testing.T) (by map[string]int64, all int) {
	t.Helper()
	l, err := sqlite.Open(context.Background(), v.path("ledger.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only read
	by = map[string]int64{}
	err = l.Each(context.Background(), func(r *ledger.Record) error {
		if r.Kind == contact.Lost {
			by[r.Contact.Email]++
			all++
		}
		return nil
	})
	verified, verr := l.Verify(context.Background())
	if err := errors.Join(err, verr); err != nil || verified.Problems > 0 {
		t.Errorf("the ledger: %v, %+v", err, verified)
	}
	return by, all
}

// ids counts the rows of an output by their column id, and looks that they are in the input's order.
func (v *victim) ids(t *testing.T, name string) map[int]int {
	t.Helper()
	f, err := os.Open(v.path(name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	counts, last := map[int]int{}, -1
	for _, r := range records[1:] {
		id, err := strconv.Atoi(r[0])
		if err != nil || id <= last || id >= len(v.rows) || r[1] != v.rows[id] {
			t.Errorf("%s: row %v after row %d", name, r[:2], last)
		}
		counts[id], last = counts[id]+1, id
	}
	return counts
}

func (v *victim) judgeSummary(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(v.path("leads.summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s pipeline.Summary
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	r := s.Rows
	if r.Read != int64(len(v.rows)) || r.Matched+r.NoMatch+r.Failed+r.Pending != r.Read || r.Pending != 0 || !s.Complete {
		t.Errorf("the summary: %+v", s)
	}
}
