package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

// --max-calls is kept to the call by 64 workers among faults, run after run, by the server's count: never one more, and
// none less while there is something left to ask.
func TestCapsAreExactAmongFaults(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	var b strings.Builder
	b.WriteString("email\n")
	for i := range 120 {
		fmt.Fprintf(&b, "p%d%s@x.example\n", i, [...]string{"+match", "+500x2+match", "+nomatch", "+truncatex1+match", "+503x1+nomatch", "+slow20ms+match"}[i%6])
	}
	s.write("l.csv", b.String())
	const most = 47
	var charged int64
	for run := 1; ; run++ {
		before := s.api.Stats()
		c := s.start("run", "--max-calls", strconv.Itoa(most), "--workers", "64", "--lost-retries", "14", "l.csv")
		_ = c.Wait() // its code is looked at below
		code, calls := c.ProcessState.ExitCode(), s.api.Stats().Calls-before.Calls
		sum := s.summary("l.summary.json")
		if calls > most || sum.Calls.Sent != calls || code == exitCapped && calls < most {
			t.Errorf("run %d: exit code %d after %d calls, the cap is %d: %+v", run, code, calls, most, sum.Calls)
		}
		charged += sum.Credits.Charged
		if code == exitOK {
			break
		}
		if run > 30 || code != exitCapped {
			t.Fatalf("run %d: exit code %d: %s", run, code, &c.said)
		}
	}
	for name, n := range s.api.Stats().Contacts {
		want := int64(1)
		switch {
		case strings.Contains(name, "x2"):
			want = 3
		case strings.Contains(name, "x1"):
			want = 2
		}
		if n != want {
			t.Errorf("%s was asked %d times, expected %d", name, n, want)
		}
	}
	// What was lost was charged too: 20 cut answers beside the 80 that came.
	if got := s.api.Stats().Charged; charged != 80 || got != 100 {
		t.Errorf("%d credits are counted, and %d were charged", charged, got)
	}
}

// --max-credits bounds what the server charges, the lost calls with it.
func TestCreditsAreBoundedAmongFaults(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("email\n")
	for i := range 90 {
		fmt.Fprintf(&b, "p%d%s@x.example\n", i, [...]string{"+match", "+500x1+match", "+nomatch", "+truncatex1+match", "+reset", "+400"}[i%6])
	}
	for _, workers := range []string{"1", "8", "64"} {
		t.Run(workers+" workers", func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.write("l.csv", b.String())
			s.run(exitCapped, "run", "--max-credits", "17", "--workers", workers, "l.csv")
			if got := s.api.Stats().Charged; got != 17 {
				t.Errorf("%d credits were charged, expected 17", got)
			}
			s.summary("l.summary.json")
		})
	}
}
