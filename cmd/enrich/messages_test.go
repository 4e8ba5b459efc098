package main

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/format"
	"enrich/reader"
)

// TestASignalIsReportedWhileCallsAreInFlight: the message comes before the calls end, and says how many there are. A user who sees
// nothing presses Ctrl-C again, and loses them.
func TestASignalIsReportedWhileCallsAreInFlight(t *testing.T) {
	t.Chdir(t.TempDir())
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{Match: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	if err := os.WriteFile("leads.csv", []byte("email\nann+hang@x.example\nbo@x.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	signals := make(chan os.Signal, 1)
	go func() { // ends when the first call has arrived, or with the test's patience
		for began := time.Now(); api.Stats().Calls == 0 && time.Since(began) < time.Minute; {
			time.Sleep(time.Millisecond) // the stand-in has no clock that could be passed in
		}
		signals <- syscall.SIGINT
	}()
	env := map[string]string{"SELLING_API_KEY": "signal-test-key", "ENRICH_URL": api.URL, "ENRICH_LEDGER": "ledger.db", "ENRICH_GRACE": "100ms"}
	var said bytes.Buffer
	code := execute([]string{"run", "leads.csv"}, world{
		stdin: os.Stdin, stdout: &said, stderr: &said, signals: signals, exit: func(int) {},
		lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	const want = "enrich: interrupted: finishing 1 call in flight, then writing the results (Ctrl-C again to quit now)\n"
	if !strings.Contains(said.String(), want) || code != exitSIGINT {
		t.Errorf("exit code %d, expected %q in\n%s", code, want, &said)
	}
}

// TestStoppingText: the numbers and the way to quit fit the situation.
func TestStoppingText(t *testing.T) {
	for _, tt := range []struct {
		inFlight int64
		ctrlC    bool
		want     string
	}{
		{0, true, "interrupted: writing the results (Ctrl-C again to quit now)"},
		{1, false, "interrupted: finishing 1 call in flight, then writing the results (a second signal quits at once)"},
		{32, true, "interrupted: finishing 32 calls in flight, then writing the results (Ctrl-C again to quit now)"},
	} {
		if got := stoppingText(tt.inFlight, tt.ctrlC); got != tt.want {
			t.Errorf("stoppingText(%d, %v) = %q, expected %q", tt.inFlight, tt.ctrlC, got, tt.want)
		}
	}
}

// What is skipped in a sheet are rows, elsewhere lines.
func TestWhatIsSkippedHasAPlace(t *testing.T) {
	for _, test := range []struct {
		lines    reader.Lines
		format   format.Format
		expected string
	}{
		{reader.Lines{First: 3, Last: 3, Count: 1}, format.CSV, "line 3"},
		{reader.Lines{First: 1, Last: 3, Count: 2}, format.CSV, "lines 1 to 3"},
		{reader.Lines{First: 1, Last: 3, Count: 2}, format.XLSX, "rows 1 to 3"},
	} {
		if got := placesText(test.lines, placeIn(test.format)); got != test.expected {
			t.Errorf("%+v of %s: %q, expected %q", test.lines, test.format, got, test.expected)
		}
	}
}
