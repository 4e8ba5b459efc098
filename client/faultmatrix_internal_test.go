package client

import (
	"fmt"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"enrich/client/fakeapi"
	"enrich/contact"
)

// matrixRows is how many rows a run of the matrix has, matrixRuns how many runs go on at once: nearly all of them wait.
const (
	matrixRows = 90
	matrixRuns = 96
)

// giveUpTimeout is when a run that must give up has done so, on a slow machine with the race detector and all other runs beside it.
const giveUpTimeout = 4 * time.Minute

// maxExhausted is how many rows may run out of patience before the breaker opens: each needs two failures at least, and it
// opens at the tenth. How many do depends on jitter and on how slow the machine is.
const maxExhausted = (breakerFailures - 1) / 2

// everyCallPosition is all calls, as a place.
const everyCallPosition = -1

// faultPositions are where a fault happens: before so many calls.
var faultPositions = map[string]int64{"first": 0, "middle": matrixRows / 2, "last": matrixRows - 1, "all": everyCallPosition}

// TestFaults is the matrix: each fault of the stand-in, at the first call, one in the middle, the last, and all of them, with
// one worker, some and many, over HTTP/1.1 and HTTP/2. The server's own count is the judge.
func TestFaults(t *testing.T) {
	runs := pool.New().WithMaxGoroutines(matrixRuns)
	n := 0
	for name, want := range faultTable {
		for where, after := range faultPositions {
			for _, workers := range []int{1, 8, 64} {
				for _, h2 := range []bool{false, true} {
					if h2 && (name == "nothttp" || workers != 8) {
						continue
					}
					n++
					runs.Go(func() {
						t.Run(fmt.Sprintf("%s %s, %d workers, HTTP/2 %v", where, name, workers, h2), func(t *testing.T) {
							if after == everyCallPosition {
								checkAllFaults(t, name, want, workers, h2)
							} else {
								checkOneFault(t, name, want, after, workers, h2)
							}
						})
					})
				}
			}
		}
	}
	runs.Wait()
	t.Logf("%d runs", n)
}

// oneCall has a fault happen once: every other row must be answered as if nothing had been, by one call.
func checkOneFault(t *testing.T, name string, want expectation, after int64, workers int, h2 bool) {
	ordered := fakeapi.Options{TLS: h2, Faults: []fakeapi.Fault{{Kinds: []string{name}, After: after, First: 1}}}
	if want.stop != "" {
		ordered.Latency = 50 * time.Millisecond // else a busy machine has others make many calls before the stop is read
	}
	api, o := startFakeAPI(t, ordered)
	if want.timesOut {
		o.Timeout = 10 * time.Second // far above what an answer takes on a busy machine
	}
	c := newHarness(t, workers, o)
	c.run(matrixRows)
	s := api.Stats()
	checkCounts(t, c, &s)
	if c.stopped != want.stop {
		t.Fatalf("stop %q (%s), want %q", c.stopped, c.detail, want.stop)
	}
	if want.stop != "" {
		// Between the server's answer and our reading of it others may have had theirs, and sent their next: the exact bound
		// is proved in fake time.
		if most := after + 1 + 2*int64(workers); after == 0 && s.Calls != 1 || s.Calls > most {
			t.Errorf("%d calls, want at most %d", s.Calls, most)
		}
		return
	}
	if want.races {
		checkRace(t, c, s.Calls)
		return
	}
	calls := int64(matrixRows)
	if want.again {
		calls++
	}
	if s.Calls != calls {
		t.Errorf("%d calls, want %d", s.Calls, calls)
	}
	met, lost := 0, 0
	for row := range c.results {
		lost += c.lost(row)
		if o := c.last(row); o.Kind != contact.Matched || o.Attempts > 1 {
			met++
			if o.Kind != want.kind {
				t.Errorf("row %d ended as %v (%d %s), want %v", row, o.Kind, o.Status, o.Message, want.kind)
			}
		}
	}
	if lost > 1 || (lost == 1) != want.lost {
		t.Errorf("%d lost", lost)
	}
	if met > 1 || met == 0 && want != answered {
		t.Errorf("%d rows met the fault", met)
	}
}

// everyCall has a fault happen to all calls: the run must end by itself, soon, after few calls, and put no blame on rows.
func checkAllFaults(t *testing.T, name string, want expectation, workers int, h2 bool) {
	api, o := startFakeAPI(t, fakeapi.Options{TLS: h2, Faults: []fakeapi.Fault{{Kinds: []string{name}}}})
	if want.stopIfAll == contact.StopAPIDown {
		o.MaxElapsed = 2 * time.Second
	}
	if want.timesOut {
		o.Timeout = 500 * time.Millisecond
	}
	c := newHarness(t, workers, o)
	began := time.Now()
	c.run(matrixRows)
	s := api.Stats()
	checkCounts(t, c, &s)
	if c.stopped != want.stopIfAll {
		t.Fatalf("stop %q (%s), want %q", c.stopped, c.detail, want.stopIfAll)
	}
	kinds := c.kinds()
	if want.races {
		checkRace(t, c, s.Calls)
		return
	}
	if want.stopIfAll == "" {
		if s.Calls != matrixRows || kinds[want.kind] != matrixRows {
			t.Errorf("%d calls, ended as %v", s.Calls, kinds)
		}
		return
	}
	if s.Calls > 40 || want.stop != "" && s.Calls != 1 {
		t.Errorf("%d calls", s.Calls)
	}
	if took := time.Since(began); took > giveUpTimeout {
		t.Errorf("it took %v", took)
	}
	if want == transient && kinds[contact.Refused] > maxExhausted || want.kind.Answered() && kinds[contact.Refused] > maxExhausted || kinds[contact.Matched]+kinds[contact.NoMatch] > 0 {
		t.Errorf("ended as %v", kinds)
	}
	if !want.lost && kinds[contact.Lost] > 0 {
		t.Errorf("%d lost", kinds[contact.Lost])
	}
}

// checkRace is for a server that closes connections without a word: what was written at that moment is lost and told, and
// never sent twice by itself.
func checkRace(t *testing.T, c *harness, calls int64) {
	t.Helper()
	lost := 0
	for row := range c.results {
		lost += c.lost(row)
	}
	if calls > matrixRows+int64(lost) {
		t.Errorf("%d calls of %d rows, of which %d were lost", calls, matrixRows, lost)
	}
	if k := c.kinds(); k[contact.Refused] > 0 || c.stopped != "" {
		t.Errorf("ended as %v, stop %q", k, c.stopped)
	}
}
