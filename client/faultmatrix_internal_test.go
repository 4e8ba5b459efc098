package client

import (
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
)

// matrixRows is how many rows a run of the matrix has; matrixRuns is how many runs there are at once, nearly all waiting.
const (
	matrixRows = 90
	matrixRuns = 96
)

// giveUpTimeout is how long a run may take to give up on a slow machine, with the race detector and all other runs.
const giveUpTimeout = 4 * time.Minute

// maxExhausted is how many rows may use up their attempts before the breaker opens: each needs at least two failures, and the
// breaker opens at the tenth. Jitter and the machine's speed decide how many do.
const maxExhausted = (breakerFailures - 1) / 2

// everyCallPosition means that the fault happens to all calls.
const everyCallPosition = -1

// faultPositions are how many calls come before a fault.
var faultPositions = map[string]int64{"first": 0, "middle": matrixRows / 2, "last": matrixRows - 1, "all": everyCallPosition}

// allFaults is "all" if each fault happens at each position in each transport.
const allFaults = "TEST_ENRICH_FAULTS"

// A transport is how many workers send, and by which version of HTTP.
type transport struct {
	workers int
	h2      bool
}

func transports() []transport { return []transport{{1, false}, {8, false}, {64, false}, {8, true}} }

// Each fault of the stand-in happens to the first call, one in the middle, the last and all calls, with one worker, some and
// many, over HTTP/1.1 and HTTP/2. Each fault has all four positions and all four transports; which come together is random, unless all
// sixteen pairs are asked for. The server's own count decides what was paid.
func TestFaults(t *testing.T) {
	runs := pool.New().WithMaxGoroutines(matrixRuns)
	n, shift := 0, rand.IntN(len(transports()))
	t.Logf("the transports are shifted by %d; all: %s=all", shift, allFaults)
	for name, want := range faultTable {
		if testing.Short() && isLarge(name) {
			continue
		}
		for p, where := range slices.Sorted(maps.Keys(faultPositions)) {
			after := faultPositions[where]
			for i, via := range transports() {
				if !isChosen(via, p+i+shift) {
					continue
				}
				via.h2 = via.h2 && name != "nothttp" // which is a fault of HTTP/1.1
				n++
				runs.Go(func() {
					t.Run(fmt.Sprintf("%s %s, %d workers, HTTP/2 %v", where, name, via.workers, via.h2), func(t *testing.T) {
						if after == everyCallPosition {
							checkAllFaults(t, name, want, via.workers, via.h2)
						} else {
							checkOneFault(t, name, want, after, via.workers, via.h2)
						}
					})
				})
			}
		}
	}
	runs.Wait()
	t.Logf("%d runs", n)
}

// isChosen reports whether a run of the matrix is made, whose position, transport and shift have this sum. -short leaves out one
// worker, who shares nothing, and 64, who share what eight do: then each fault has two of the positions.
func isChosen(via transport, sum int) bool {
	if os.Getenv(allFaults) == "all" {
		return true
	}
	return sum%len(transports()) == 0 && (!testing.Short() || via.workers == 8)
}

// isLarge reports whether a fault is a body of hundreds of megabytes. -short leaves them out: with the race detector, in make race, each
// takes a minute of one goroutine.
func isLarge(name string) bool {
	return strings.HasPrefix(name, "huge") || strings.HasPrefix(name, "bomb")
}

// checkOneFault: a fault happens once, and every other row must be answered by one call.
func checkOneFault(t *testing.T, name string, want expectation, after int64, workers int, h2 bool) {
	ordered := fakeapi.Options{TLS: h2, Faults: []fakeapi.Fault{{Kinds: []string{name}, After: after, First: 1}}}
	if want.stop != "" {
		ordered.Latency = 50 * time.Millisecond // else a busy machine has others make many calls before the stop is read
	}
	api, o := startFakeAPI(t, ordered)
	if want.timesOut {
		o.Timeout = 10 * time.Second // far above what an answer takes on a busy machine
	}
	h := newHarness(t, workers, o)
	h.run(matrixRows)
	s := api.Stats()
	checkCounts(t, h, &s)
	if h.stopped != want.stop {
		t.Fatalf("stop %q (%s), expected %q", h.stopped, h.detail, want.stop)
	}
	if want.stop != "" {
		// Before the client has read the answer, other calls may have been answered and followed by more. The tests in fake time
		// check the exact bound.
		if most := after + 1 + 2*int64(workers); after == 0 && s.Calls != 1 || s.Calls > most {
			t.Errorf("%d calls, expected at most %d", s.Calls, most)
		}
		return
	}
	if want.races {
		checkRace(t, h, s.Calls)
		return
	}
	calls := int64(matrixRows)
	if want.again {
		calls++
	}
	if s.Calls != calls {
		t.Errorf("%d calls, expected %d", s.Calls, calls)
	}
	met, lost := 0, 0
	for row := range h.results {
		lost += h.lost(row)
		if o := h.last(row); o.Kind != contact.Matched || o.Attempts > 1 {
			met++
			if o.Kind != want.kind {
				t.Errorf("row %d ended as %v (%d %s), expected %v", row, o.Kind, o.Status, o.Message, want.kind)
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

// checkAllFaults: a fault happens to all calls. The run must stop soon, after few calls, and not fail rows for it.
func checkAllFaults(t *testing.T, name string, want expectation, workers int, h2 bool) {
	api, o := startFakeAPI(t, fakeapi.Options{TLS: h2, Faults: []fakeapi.Fault{{Kinds: []string{name}}}})
	if want.stopIfAll == contact.StopAPIDown {
		o.MaxElapsed = 2 * time.Second
	}
	if want.timesOut {
		o.Timeout = 500 * time.Millisecond
	}
	h := newHarness(t, workers, o)
	began := time.Now()
	h.run(matrixRows)
	s := api.Stats()
	checkCounts(t, h, &s)
	if h.stopped != want.stopIfAll {
		t.Fatalf("stop %q (%s), expected %q", h.stopped, h.detail, want.stopIfAll)
	}
	kinds := h.kinds()
	if want.races {
		checkRace(t, h, s.Calls)
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
		t.Errorf("the run took %v", took)
	}
	if want == transient && kinds[contact.Refused] > maxExhausted || want.kind.Answered() && kinds[contact.Refused] > maxExhausted || kinds[contact.Matched]+kinds[contact.NoMatch] > 0 {
		t.Errorf("ended as %v", kinds)
	}
	if !want.lost && kinds[contact.Lost] > 0 {
		t.Errorf("%d lost", kinds[contact.Lost])
	}
}

// checkRace: a server closes connections without notice. What was written at that moment is lost and reported, and is never
// sent twice by the client itself.
func checkRace(t *testing.T, h *harness, calls int64) {
	t.Helper()
	lost := 0
	for row := range h.results {
		lost += h.lost(row)
	}
	if calls > matrixRows+int64(lost) {
		t.Errorf("%d calls of %d rows, of which %d were lost", calls, matrixRows, lost)
	}
	if k := h.kinds(); k[contact.Refused] > 0 || h.stopped != "" {
		t.Errorf("ended as %v, stop %q", k, h.stopped)
	}
}
