package main

import (
	"bytes"
	"encoding/json"
	"os"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/pipeline"
)

// TestEachSignalHasItsCode: no call is made, answers are published, the rest is pending.
func TestEachSignalHasItsCode(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Chdir(t.TempDir())
			api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{Match: 1, Latency: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			if err := os.WriteFile("leads.csv", []byte("email\na@x.example\nb@x.example\nc@x.example\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			signals := make(chan os.Signal, 1)
			arrived := make(chan struct{})
			go func() { // ends when the first call has arrived, or with the test's patience
				defer close(arrived)
				for began := time.Now(); api.Stats().Calls == 0 && time.Since(began) < time.Minute; {
					time.Sleep(time.Millisecond) // the stand-in has no clock that could be passed in
				}
				signals <- sig
			}()
			env := map[string]string{"SELLING_API_KEY": "signal-test-key", "ENRICH_URL": api.URL, "ENRICH_LEDGER": "ledger.db", "ENRICH_WORKERS": "1"}
			var said bytes.Buffer
			got := execute([]string{"run", "leads.csv"}, world{
				stdin: os.Stdin, stdout: &said, stderr: &said, signals: signals, exit: func(int) { t.Error("it left at the first signal") },
				lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
			})
			<-arrived
			if got != want {
				t.Errorf("exit code %d, expected %d: %s", got, want, &said)
			}
			text, err := os.ReadFile("leads.summary.json")
			if err != nil {
				t.Fatal(err)
			}
			var s pipeline.Summary
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			if r := s.Rows; r.Read != 3 || r.Matched+r.Pending != 3 || r.Matched != api.Stats().Calls || s.ExitCode != want || s.Stopped == nil || *s.Stopped != contact.StopInterrupted {
				t.Errorf("%d calls, summary %s", api.Stats().Calls, text)
			}
		})
	}
}

// TestASignalWhileTheAPIHangs: calls that hang are ended before the grace is over, so that the outputs are published within it.
func TestASignalWhileTheAPIHangs(t *testing.T) {
	t.Parallel()
	const answered, workers = 20, 4
	hang := []fakeapi.Fault{{Kinds: []string{"hang"}}}
	for name, tt := range map[string]struct {
		options       fakeapi.Options
		hangs         func(s fakeapi.Stats) bool
		args          []string
		matched, lost int64
	}{
		"calls": {
			fakeapi.Options{Faults: []fakeapi.Fault{{Kinds: []string{"hang", "stall"}, After: answered}}},
			func(s fakeapi.Stats) bool { return s.Calls == answered+workers }, nil, answered, workers,
		},
		"a submission": {
			fakeapi.Options{Bulk: fakeapi.Bulk{SubmitFaults: hang}},
			func(s fakeapi.Stats) bool { return s.Submissions == 1 },
			[]string{"--bulk"},
			0, 10,
		},
		"the results of a job": {
			fakeapi.Options{Bulk: fakeapi.Bulk{JobFaults: hang}},
			func(s fakeapi.Stats) bool { return s.Fetches == 1 },
			[]string{"--bulk"},
			0, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.options.Match = 1
			s := newStage(t, tt.options)
			s.list("l.csv", 50, "")
			c := s.start(append([]string{"run", "--workers", "4", "--grace", "4s", "l.csv"}, tt.args...)...)
			for began := time.Now(); !tt.hangs(s.api.Stats()); time.Sleep(2 * time.Millisecond) { // another process has no clock that could be passed in
				if time.Since(began) > patienceForChild {
					t.Fatalf("it does not come to hang: %+v", s.api.Stats())
				}
			}
			c.signal(syscall.SIGTERM)
			c.ends(exitSIGTERM)
			sum := s.summary("l.summary.json")
			if r := sum.Rows; r.Read != 50 || r.Matched != tt.matched || r.Failed != tt.lost || sum.Calls.Lost != tt.lost {
				t.Errorf("%+v, %+v: %s", r, sum.Calls, &c.said)
			}
		})
	}
}
