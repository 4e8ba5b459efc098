package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"enrich/client/fakeapi"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"enrich": main})
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
			e.Setenv("TMPDIR", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"api": startAPI, "calls": checkCalls, "status": checkStatus,
		},
	})
}

type apiKey struct{}

// startAPI starts the stand-in API with the flags of `enrich fakeapi`, and names it $API. Started again, it is another.
func startAPI(ts *testscript.TestScript, neg bool, args []string) {
	var s apiSettings
	cmd := fakeapiFlags(&s)
	ts.Check(cmd.ParseFlags(args))
	o, err := s.options()
	ts.Check(err)
	api, err := fakeapi.Listen(ts.Context(), "127.0.0.1:0", o)
	ts.Check(err)
	ts.Defer(api.Close)
	ts.Setenv("API", api.URL)
	apis.Store(ts.Getenv("WORK"), api)
}
