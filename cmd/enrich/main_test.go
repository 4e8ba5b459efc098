package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"enrich/client/fakeapi"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{databases.Around(m)}, map[string]func(){"enrich": keepStatus})
}

// leakless fails a package whose tests leave goroutines behind.
type leakless struct{ tests interface{ Run() int } }

func (m leakless) Run() int {
	// A shell has what it starts in the background ignore the one, nohup the other, and so would every enrich of a test.
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	races, err := os.MkdirTemp("", "enrich-races-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(races) }()
	_ = os.Setenv(raceOptions, os.Getenv(raceOptions)+" log_path="+filepath.Join(races, "race"))
	code := m.tests.Run()
	if reportRaces(races) {
		code = 1
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// raceOptions is where the race detector of a process that the tests start reads where to write what it finds. A process that ends
// with an exit code of its own, as an enrich that is expected to fail, tells it in no other way.
const raceOptions = "GORACE"

// reportRaces reports what the race detectors of the processes that the tests started have written to a folder, and whether there is
// anything.
func reportRaces(folder string) (found bool) {
	reports, _ := filepath.Glob(filepath.Join(folder, "*"))
	for _, report := range reports {
		text, _ := os.ReadFile(report)
		fmt.Fprintf(os.Stderr, "a process of the tests has a data race:\n%s\n", text)
	}
	return len(reports) > 0
}

// statusFile names the file in which an enrich of a script leaves its exit code, which testscript does not tell.
const statusFile = "STATUS_FILE"

// patience is how long the beat of a run is unchanged, besides the timeout of its calls, before another run declares it dead.
const patience = "TEST_ENRICH_PATIENCE"

// keepStatus is main, but for that file and the patience.
func keepStatus() {
	exit := func(code int) {
		if err := os.WriteFile(os.Getenv(statusFile), []byte(strconv.Itoa(code)), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}
	w := process(exit)
	w.timing.Patience, _ = time.ParseDuration(os.Getenv(patience)) // 0, as documented, if it is not set
	exit(execute(os.Args[1:], w))
}

// TestScripts runs the command line as users do: exit code, both streams, files there and not there. The stand-in
// API runs in this process; its own count of calls is the judge.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", e.WorkDir+"/state")
			e.Setenv("LEDGER", e.WorkDir+"/state/enrich/ledger.db")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TMPDIR", e.WorkDir+"/tmp")
			e.Setenv(statusFile, e.WorkDir+"/.status")
			e.Setenv(raceOptions, os.Getenv(raceOptions))
			e.Values[apis{}] = new(apis)
			return os.Mkdir(e.WorkDir+"/tmp", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"api": startAPI, "calls": checkCalls, "charged": checkCharged, "status": checkStatus,
			"wait-for-calls": waitForCalls, "oldledger": makeOldLedger,
		},
	})
}

// apis has the stand-in that a script started last.
type apis struct{ last *fakeapi.Server }

// startAPI starts the stand-in API with the flags of `enrich fakeapi`, and names it $API. Started again, it is another.
func startAPI(ts *testscript.TestScript, _ bool, args []string) {
	var s apiSettings
	ts.Check(fakeapiFlags(&s).ParseFlags(args))
	o, err := s.options()
	ts.Check(err)
	api, err := fakeapi.Listen(context.Background(), s.addr, o)
	ts.Check(err)
	ts.Defer(api.Close)
	if s.tls != "" {
		ts.Check(os.WriteFile(ts.MkAbs(s.tls), api.CA(), 0o600))
	}
	ts.Value(apis{}).(*apis).last = api
	ts.Setenv("API", api.URL)
}

// checkCalls compares the stand-in's count of calls: `calls 4` all of them, `calls 2 ann@x.example` one contact's.
func checkCalls(ts *testscript.TestScript, neg bool, args []string) {
	stats := statsOf(ts)
	got := stats.Calls
	if len(args) > 1 {
		got = stats.Contacts[strings.ToLower(strings.Join(args[1:], " "))]
	}
	compare(ts, neg, args, got, stats)
}

// waitForCalls waits until the stand-in has heard so many calls.
func waitForCalls(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseInt(strings.Join(args, " "), 10, 64)
	ts.Check(err)
	api := ts.Value(apis{}).(*apis).last
	const most = time.Minute
	for began := time.Now(); api.Stats().Calls < want; {
		if time.Since(began) > most {
			ts.Fatalf("only %d calls came within %s", api.Stats().Calls, most)
		}
		time.Sleep(2 * time.Millisecond) // another process has no clock that could be passed in
	}
}

// checkCharged compares the stand-in's count of credits.
func checkCharged(ts *testscript.TestScript, neg bool, args []string) {
	stats := statsOf(ts)
	compare(ts, neg, args, stats.Charged, stats)
}

func statsOf(ts *testscript.TestScript) fakeapi.Stats {
	api := ts.Value(apis{}).(*apis).last
	if api == nil {
		ts.Fatalf("no stand-in API was started: expected api first")
	}
	return api.Stats()
}

func compare(ts *testscript.TestScript, neg bool, args []string, got int64, stats fakeapi.Stats) {
	if len(args) == 0 {
		ts.Fatalf("expected a number")
	}
	want, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	if (got == want) == neg {
		ts.Fatalf("counted %d, expected %s%d: %+v", got, map[bool]string{true: "not "}[neg], want, stats)
	}
}

// checkStatus compares the exit code of the enrich that ended last. It takes the code away, so that one that was killed
// is not taken for the one before it.
func checkStatus(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: status N")
	}
	got, err := os.ReadFile(ts.Getenv(statusFile))
	if err != nil {
		ts.Fatalf("no enrich has ended: %v", err)
	}
	ts.Check(os.Remove(ts.Getenv(statusFile)))
	if (string(got) == args[0]) == neg {
		ts.Fatalf("exit code %s, expected %s%s", got, map[bool]string{true: "not "}[neg], args[0])
	}
}
