package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// bulkFaults is "all" if each fault of a job is tested at each position. Otherwise the seed of the kill test chooses a third of the
// faults, and a position for each: the tests of client and pipeline have them all.
const bulkFaults = "TEST_ENRICH_FAULTS"

const (
	// bulkContacts is how many contacts the input has, bulkRows how many rows. With jobs of bulkSize they are four submissions.
	bulkContacts, bulkRows, bulkSize, bulkJobs = 64, 70, 20, 4
	// bulkThirds is into how many parts the faults are divided, of which one is tested.
	bulkThirds = 3
	// bulkRuns is how many runs there are at once: nearly all of them wait.
	bulkRuns = 24
	// bulkLife bounds one run: several jobs whose polls fail until the run gives up.
	bulkLife = 5 * time.Minute
)

// bulkPositions are how many submissions, polls or jobs come before a fault; -1: it happens to all of them.
func bulkPositions() map[string]int64 {
	return map[string]int64{"first": 0, "middle": bulkJobs / 2, "last": bulkJobs - 1, "all": -1}
}

// Each fault of a submission, a poll and a finished job happens to the first, one in the middle, the last and all. Whatever happens,
// the stand-in's count decides what was paid, and when the faults end, the same command gives the outputs of an undisturbed run.
func TestBulkFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the faults through the binary: the tests of client and pipeline have them too")
	}
	t.Parallel()
	seed := number64(t, killSeed, time.Now().UnixNano())
	t.Logf("to repeat: %s=%d; all positions: %s=all", killSeed, seed, bulkFaults)
	random := rand.New(rand.NewPCG(uint64(seed), 2))
	want := undisturbed(t)
	runs := pool.New().WithMaxGoroutines(bulkRuns)
	for _, at := range []string{"submit", "poll", "job"} {
		table := bulkTable()[at]
		third := random.IntN(bulkThirds)
		for i, name := range slices.Sorted(maps.Keys(table)) {
			positions := slices.Sorted(maps.Keys(bulkPositions()))
			if os.Getenv(bulkFaults) != "all" {
				if i%bulkThirds != third {
					continue
				}
				positions = positions[random.IntN(len(positions)):][:1]
			}
			for _, where := range positions {
				runs.Go(func() {
					t.Run(fmt.Sprintf("%s/%s/%s", at, name, where), func(t *testing.T) {
						f := bulkFault{at: at, name: name, after: bulkPositions()[where], effect: table[name]}
						f.test(t, want)
					})
				})
			}
		}
	}
	runs.Wait()
}

// A bulkFault is a fault, and what it does.
type bulkFault struct {
	at, name string
	after    int64 // -1: all
	effect   effect
}

func (f *bulkFault) options() fakeapi.Options {
	fault := fakeapi.Fault{Kinds: []string{f.name}}
	if f.after >= 0 {
		fault.After, fault.First = f.after, 1
	}
	var o fakeapi.Options
	switch faults := []fakeapi.Fault{fault}; f.at {
	case "submit":
		o.Bulk.SubmitFaults = faults
	case "poll":
		o.Bulk.PollFaults = faults
	default:
		o.Bulk.JobFaults = faults
	}
	return o
}

// test runs the command with the fault, and again without it.
func (f *bulkFault) test(t *testing.T, want string) {
	b := newBulkStage(t, f.options())
	code, first := b.run(t)
	f.effect.check(t, b, f.after, code)
	if t.Failed() {
		t.Logf("exit code %d:\n%s", code, first)
	}
	b.api.EndFaults()
	code, second := b.run(t)
	if f.effect.stays && f.after < 0 {
		return
	}
	if code != exitOK {
		t.Errorf("without the fault: exit code %d:\n%s", code, second)
	}
	if got := b.results(t); got != want && !f.effect.differs {
		t.Errorf("the results differ from those of an undisturbed run:\n%s", firstDifference(got, want))
	}
	if t.Failed() {
		t.Logf("with the fault:\n%s\nwithout it:\n%s", first, second)
	}
}

// undisturbed returns the results of a run without faults.
func undisturbed(t *testing.T) string {
	t.Helper()
	b := newBulkStage(t, fakeapi.Options{})
	code, said := b.run(t)
	s := b.api.Stats()
	if code != exitOK || s.Jobs != bulkJobs || s.JobContacts != bulkContacts || s.Submissions != bulkJobs || len(s.ContactCharges) < bulkContacts/2 {
		t.Fatalf("exit code %d, %+v:\n%s", code, s, said)
	}
	b.lost(t, 0)
	return b.results(t)
}

// A bulkStage is a stage with an input for jobs.
type bulkStage struct {
	*stage
	sent int64 // calls that all runs say that they sent
}

func newBulkStage(t *testing.T, o fakeapi.Options) *bulkStage {
	t.Helper()
	b := &bulkStage{stage: newStage(t, o)}
	var text strings.Builder
	text.WriteString("id,email\n")
	for i := range bulkRows {
		fmt.Fprintf(&text, "%d,p%d@bulk.example\n", i, i%bulkContacts)
	}
	b.write("l.csv", text.String())
	return b
}

// run runs the command and checks what must be true after every run.
func (b *bulkStage) run(t *testing.T) (code int, said string) {
	t.Helper()
	c := b.commandWithin(bulkLife, "run", "--bulk", "--bulk-size", fmt.Sprint(bulkSize), "--bulk-wait", "8s", "--timeout", "2s", "--max-elapsed", "6s",
		"--lost-retries", fmt.Sprint(mostLost), "--replace", "--pending", "rest.csv", "l.csv")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // the exit code says more
	b.check(t)
	if strings.Contains(c.said.String(), "key-of-a-process-7") {
		t.Error("the key is in the messages")
	}
	return c.ProcessState.ExitCode(), c.said.String()
}

// check compares the summary, the files, the ledger and the server's count.
func (b *bulkStage) check(t *testing.T) {
	t.Helper()
	var sum struct {
		Rows  map[string]int64 `json:"rows"`
		Calls struct {
			Sent int64 `json:"sent"`
		} `json:"calls"`
	}
	text, err := os.ReadFile(b.path("l.summary.json"))
	if err == nil {
		err = json.Unmarshal(text, &sum)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := sum.Rows
	if r["read"] != bulkRows || r["matched"]+r["no_match"]+r["failed"]+r["pending"] != r["read"] {
		t.Errorf("rows are not accounted for: %s", text)
	}
	seen := make([]int, bulkRows)
	for _, name := range []string{"l.results.csv", "l.failures.csv", "rest.csv"} {
		countRows(t, b.path(name), seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("row %d is in the files %d times", id, n)
		}
	}
	b.sent += sum.Calls.Sent
	b.checkCounts(t)
}

// checkCounts compares the server's count with the ledger.
func (b *bulkStage) checkCounts(t *testing.T) {
	t.Helper()
	s := b.api.Stats()
	if s.Calls > b.sent {
		t.Errorf("%d calls arrived, %d were sent", s.Calls, b.sent)
	}
	if s.StraysWithKey+s.Downloads+s.Redirected != 0 {
		t.Errorf("the key went to other paths: %+v", s)
	}
	lost, _ := b.outcomes(t)
	for address, n := range s.ContactCharges {
		if n > 1+lost[address] {
			t.Errorf("%s was charged %d times, and is named lost %d times", address, n, lost[address])
		}
	}
	for id, n := range s.IDCharges {
		if len(id) != 32 || n < 1 {
			t.Errorf("enrich_id %q was charged %d times", id, n)
		}
	}
}

// outcomes counts how often each contact is lost, and which are answered. It checks the ledger.
func (b *bulkStage) outcomes(t *testing.T) (lost map[string]int64, answered int) {
	t.Helper()
	l, err := sqlite.Open(context.Background(), b.path("ledger.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only read
	lost = map[string]int64{}
	err = l.Each(context.Background(), func(r *ledger.Record) error {
		if r.Kind == contact.Lost {
			lost[r.Contact.Email]++
		}
		if r.Kind.Answered() {
			answered++
		}
		return nil
	})
	verified, verr := l.Verify(context.Background())
	if err := errors.Join(err, verr); err != nil || verified.Problems > 0 {
		t.Errorf("the ledger: %v, %+v", err, verified)
	}
	return lost, answered
}

// lost compares the number of lost calls.
func (b *bulkStage) lost(t *testing.T, want int64) {
	t.Helper()
	lost, _ := b.outcomes(t)
	if got := sum(lost); got != want {
		t.Errorf("%d contacts are lost, expected %d", got, want)
	}
}

func sum(counts map[string]int64) (all int64) {
	for _, n := range counts {
		all += n
	}
	return all
}

// results returns the results of the last run.
func (b *bulkStage) results(t *testing.T) string { return resultsOf(t, b.path("l.results.csv")) }

// resultsOf returns results without the columns that say when and why.
func resultsOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var out strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if name := rows[0][i]; name != "enrich_at" && name != "enrich_message" && name != "enrich_extra" {
				out.WriteString(cell + "|")
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\nexpected\n" + b[i]
		}
	}
	return fmt.Sprintf("%d rows, expected %d", len(a), len(b))
}
