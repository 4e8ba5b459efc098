package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gocarina/gocsv"

	"enrich/client/fakeapi"
	"enrich/pipeline"
)

// soakFor is how long the soak goes on, such as 2m; without it one short round is run.
const soakFor = "TEST_ENRICH_SOAK"

// TestSoak runs on an API where any fault may come at any time, until the time is over: every row is in exactly one
// of the files, and the server's count is never above what the runs say that they sent.
func TestSoak(t *testing.T) {
	var last time.Duration
	if text := os.Getenv(soakFor); text != "" {
		var err error
		if last, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", soakFor, err)
		}
	}
	seed := number64(t, killSeed, time.Now().UnixNano())
	t.Logf("to have it again: %s=%d", killSeed, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	t.Chdir(t.TempDir())
	rounds, calls := 0, int64(0)
	for began := time.Now(); rounds == 0 || time.Since(began) < last; rounds++ {
		calls += soakRound(t, rounds, last > 0, random)
		if t.Failed() {
			break
		}
	}
	t.Logf("%d rounds, %d calls", rounds, calls)
}

// soakFaults are those that pass, and those that spoil an answer; those that stop a run have tests of their own.
var soakFaults = []string{
	"500", "503", "504", "429", "408", "202", "reset", "truncate", "garbage", "empty", "html", "array", "400", "404", "slow20ms",
	"502", "html404", "bare", "list", "claims400", "claims404", "claims502", "claims503", "chargemissing", "missmissing", "latin1", "utf16", "bom", "echo500",
}

// soakRound is a new list, asked about by three runs (one, where it is not long), and a last one without faults.
func soakRound(t *testing.T, round int, long bool, random *rand.Rand) (calls int64) {
	faulty := 1
	if long {
		faulty = 3
	}
	const rows = 300
	var list bytes.Buffer
	list.WriteString("id,email\n")
	for i := range rows {
		fmt.Fprintf(&list, "%d,p%d.%d@x.example\n", i, round, random.IntN(rows))
	}
	if err := os.WriteFile("soak.csv", list.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for run := range faulty + 1 {
		o := fakeapi.Options{Latency: 2 * time.Millisecond, Seed: random.Int64()}
		if run < faulty {
			kinds := slices.Clone(soakFaults)
			random.Shuffle(len(kinds), func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
			o.Faults = []fakeapi.Fault{{Kinds: kinds[:1+random.IntN(len(kinds))], Share: random.Float64() / 3}}
		}
		calls += soakRun(t, o, 1<<random.IntN(7), rows)
	}
	return calls
}

// soakRun is one run, on a ledger of its own, because each stand-in is another API.
func soakRun(t *testing.T, o fakeapi.Options, workers, rows int) int64 {
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	env := map[string]string{"SELLING_API_KEY": "soak-test-key-1", "ENRICH_URL": api.URL, "ENRICH_LEDGER": "ledger.db"}
	var said bytes.Buffer
	code := execute([]string{
		"run", "--replace", "--workers", strconv.Itoa(workers), "--timeout", "2s", "--max-elapsed", "10s", "--pending", "soak.pending.csv", "soak.csv",
	}, world{
		stdin: os.Stdin, stdout: &said, stderr: &said, exit: os.Exit,
		lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	if !slices.Contains([]int{exitOK, exitFailedRows, exitAPIDown}, code) {
		t.Errorf("exit code %d: %s", code, &said)
		return 0
	}
	var s pipeline.Summary
	text, err := os.ReadFile("soak.summary.json")
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Error(err)
		return 0
	}
	if r := s.Rows; r.Matched+r.NoMatch+r.Failed+r.Pending != r.Read || r.Read != int64(rows) {
		t.Errorf("rows are not accounted for: %s", text)
	}
	seen := make([]int, rows)
	for _, name := range []string{"soak.results.csv", "soak.failures.csv", "soak.pending.csv"} {
		countRows(t, name, seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("row %d is in the files %d times", id, n)
		}
	}
	if got := api.Stats(); got.Calls > s.Calls.Sent {
		t.Errorf("%d calls arrived, %d were sent", got.Calls, s.Calls.Sent)
	}
	return s.Calls.Sent
}

func countRows(t *testing.T, name string, seen []int) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is not there", name)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var rows []struct {
		ID int `csv:"id"`
	}
	if err := gocsv.UnmarshalFile(f, &rows); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for _, row := range rows {
		seen[row.ID]++
	}
}
