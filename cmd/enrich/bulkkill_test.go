package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// TestBulkKilledAtAnyInstant is the half of TestKilledAtAnyInstant for jobs: after a kill at most one submission is in doubt, and the
// contacts of a job whose id is in the ledger are neither lost nor sent again.
func TestBulkKilledAtAnyInstant(t *testing.T) {
	t.Parallel()
	kills, seed := number64(t, soakKills, 18), number64(t, killSeed, time.Now().UnixNano())
	t.Logf("%d kills; to have these again: %s=%d %s=%d", kills, soakKills, kills, killSeed, seed)
	lives := []bulkKills{
		{name: "jobs that are done at once", size: 50, rows: 120},
		{name: "slow jobs and calls", size: 50, rows: 300, latency: 20 * time.Millisecond, jobTime: 400 * time.Millisecond},
		{name: "submissions that are halved", size: 40, rows: 150, latency: 5 * time.Millisecond, jobTime: 100 * time.Millisecond, limit: 15},
	}
	for i := range lives {
		l := &lives[i]
		l.kills = int(kills+int64(len(lives))-1) / len(lives)
		random := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			l.live(t, random)
			t.Logf("%d kills, %d runs, %d contacts in doubt at most (bound %d), %d in all, %d in open jobs", l.kills, l.runs, l.most, l.size, l.doubts, l.open)
		})
	}
}

// bulkKills are runs with --bulk of one kind, most of them killed.
type bulkKills struct {
	name             string
	size, rows       int
	latency, jobTime time.Duration
	limit            int // contacts that the API accepts in a submission; 0: as many as come

	kills, runs, doubts, most, open int
}

func (l *bulkKills) options(seed int64) fakeapi.Options {
	return fakeapi.Options{
		Latency: l.latency, LatencyJitter: l.latency, Seed: seed,
		Bulk: fakeapi.Bulk{JobTime: l.jobTime, Limit: l.limit, RetryAfter: "1"},
	}
}

// live kills the same command so many times, then lets it end, and compares what it did with the stand-in's count.
func (l *bulkKills) live(t *testing.T, random *rand.Rand) {
	t.Helper()
	seed := random.Int64()
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", l.options(seed))
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	v := &bulkVictim{
		victim: victim{
			dir: t.TempDir(), api: api, workers: 8, args: []string{"--bulk", "--bulk-size", strconv.Itoa(l.size)}, answered: map[string]int64{},
		},
		open: map[string]sentAndLost{}, seed: seed,
	}
	v.list(t, l.rows, random)
	longest := 3 * time.Second
	for k := 0; k < l.kills && !t.Failed(); {
		l.runs++
		after := time.Duration(random.Int64N(int64(longest)))
		if v.calls = random.Int64N(4); v.calls > 0 { // while a call is on its way, or a little later
			after = time.Duration(random.Int64N(int64(2*l.latency + 20*time.Millisecond)))
		}
		killed, took := v.run(t, after)
		if killed {
			k++
			l.count(t, v)
			continue
		}
		if v.calls == 0 {
			longest = took + took/4
		}
		v.judge(t)
		v.list(t, l.rows, random) // all is answered: on with new rows
	}
	l.runs++
	v.calls = 0
	if killed, _ := v.run(t, time.Hour); killed {
		t.Fatal("killed, though it was not")
	}
	v.judge(t)
}

// count adds what a kill left in doubt and in open jobs.
func (l *bulkKills) count(t *testing.T, v *bulkVictim) {
	t.Helper()
	doubts := v.afterKill(t)
	l.doubts += doubts
	l.most = max(l.most, doubts)
	l.open = max(l.open, len(v.open))
	if doubts > l.size {
		t.Errorf("%d contacts are in doubt after a kill with submissions of %d", doubts, l.size)
	}
}

// A bulkVictim is a command with --bulk that is killed.
type bulkVictim struct {
	victim
	open map[string]sentAndLost // contacts in an open job after a kill
	seed int64                  // of the stand-in
}

// sentAndLost is how often a contact was sent, and how often it was named lost.
type sentAndLost struct{ sent, lost int64 }

// list writes another file of new contacts, some of them twice.
func (v *bulkVictim) list(t *testing.T, rows int, random *rand.Rand) {
	t.Helper()
	v.inputs++
	v.rows = v.rows[:0]
	var text strings.Builder
	text.WriteString("id,email\n")
	for n := range rows {
		address := fmt.Sprintf("p%d.%d@kill.example", v.inputs, n)
		if n%20 == 19 {
			address = v.rows[random.IntN(n)]
		}
		v.rows = append(v.rows, address)
		fmt.Fprintf(&text, "%d,%s\n", n, address)
	}
	if err := os.WriteFile(v.path("leads.csv"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// afterKill counts the contacts that the killed run left in doubt, and notes those that are answered or in an open job.
func (v *bulkVictim) afterKill(t *testing.T) (doubts int) {
	t.Helper()
	doubts = v.inDoubt(t)
	lost, _ := v.lost(t)
	sent := v.quiet(t)
	states, _ := v.recorded(t)
	for address, s := range states {
		if _, known := v.open[address]; s.InJob && !known {
			v.open[address] = sentAndLost{sent[address], lost[address]}
		}
	}
	return doubts
}

// judge compares a run that ended with the stand-in's count and with the results of single calls.
func (v *bulkVictim) judge(t *testing.T) {
	t.Helper()
	sent := v.quiet(t)
	lost, _ := v.lost(t)
	charges := v.api.Stats().ContactCharges
	for address, n := range v.answered {
		if sent[address] != n {
			t.Errorf("%s had its answer in the ledger when it was sent %d times, and was sent %d times", address, n, sent[address])
		}
	}
	for address, before := range v.open {
		if after := (sentAndLost{sent[address], lost[address]}); after != before {
			t.Errorf("%s was in an open job: sent and lost %+v then, %+v now", address, before, after)
		}
	}
	clear(v.answered)
	clear(v.open)
	for _, address := range v.rows {
		if charges[address] > 1+lost[address] || sent[address] == 0 {
			t.Errorf("%s was sent %d times, charged %d times and named lost %d times", address, sent[address], charges[address], lost[address])
		}
	}
	if results := v.ids(t, "leads.results.csv"); len(results) != len(v.rows) {
		t.Errorf("%d rows have a result, of %d", len(results), len(v.rows))
	}
	v.judgeSummary(t)
	if got, want := resultsOf(t, v.path("leads.results.csv")), v.single(t); got != want {
		t.Errorf("the results differ from those of single calls: %s", firstDifference(got, want))
	}
	if s := v.api.Stats(); s.StraysWithKey+s.Downloads != 0 {
		t.Errorf("the key went to other paths: %+v", s)
	}
}

// single returns the results of single calls that nothing disturbs.
func (v *bulkVictim) single(t *testing.T) string {
	t.Helper()
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{Seed: v.seed})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	other := victim{dir: t.TempDir(), api: api, workers: 8}
	text, err := os.ReadFile(v.path("leads.csv"))
	if err == nil {
		err = os.WriteFile(other.path("leads.csv"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if killed, _ := other.run(t, time.Hour); killed {
		t.Fatal("killed, though it was not")
	}
	return resultsOf(t, other.path("leads.results.csv"))
}
